"""Finished work of a study, which a notebook takes where it would train for minutes.

``loops`` says which loop is which, and ``minimised`` which loss. ``store`` is the file of finished loops. ``present``
tells records of other runs. ``take`` is what a notebook uses, ``make`` the command that makes all of it. All that a
notebook calls is :func:`runs_of`::

    runs = runs_of(study, config)  # mnemonics_lib.runs, where no study is named
    walk = runs.driver_for(experiment)
"""

from mnemonics_lib.edition.finished.take import runs_of as runs_of
