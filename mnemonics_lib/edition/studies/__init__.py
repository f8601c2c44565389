"""Studies: many runs as data.

``study`` is the file, ``plan`` the runs it asks for, ``jobs`` and ``copy_record`` what makes those missing, and
``progress`` what a person sees meanwhile. ``outcome`` is what came out, ``paired_runs`` the pairs of runs behind it,
and ``by_phase`` how far apart they are after each phase; ``page`` and ``shown_in`` say it on a page.
"""
