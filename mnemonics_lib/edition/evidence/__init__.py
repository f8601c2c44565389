"""What the records come to, in counts and sentences: the answer of the front page and of the pages of evidence.

``pairs`` has the differences, setting by setting; ``meta_loss`` what training does to the loss of Eq. 7 and to
exemplars; ``regimes`` where that helps; ``asked`` the questions that were written down before their runs, and the
answers that pages open with. Each imports those before it alone. ``paper_tables`` has the paper's Tables 1 and 2 at
small size, and ``boundary`` its Figures 1 and 5 in numbers.
"""
