"""Finished work of a study, which a notebook takes where it would train for minutes.

``loops`` says which loop is which, ``store`` is the file of finished ones, ``take`` what a notebook uses, ``make`` the
command that makes all of it. :func:`runs_of` is all that a notebook calls::

    runs = runs_of(study, config)  # mnemonics_lib.runs, where no study is named
    walk = runs.driver_for(experiment)
"""

from mnemonics_lib.edition.finished.take import runs_of as runs_of
