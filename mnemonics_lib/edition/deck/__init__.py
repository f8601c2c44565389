"""A lecture made from tagged cells of the notebooks: slides, a notebook to step through, and the instructor's tables.

``book/lecture.yaml`` says which slides there are, how long each takes and what is said (:mod:`.plan`). What a slide
shows is in the notebooks: the cells tagged ``slide-NAME`` (:mod:`.chapters`). :mod:`.lecture` puts both together into
one notebook, :mod:`.page` makes slides of it, :mod:`.rehearsal` runs it and measures, and :mod:`.teaching` has the
tables of the instructor's page. ``python -m mnemonics_lib.edition.deck`` is the command.
"""
