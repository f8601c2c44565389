"""Studies: many runs as data.

``study`` is the file, ``plan`` the runs it asks for, ``jobs`` what makes those missing, ``progress`` what a person sees
meanwhile, ``outcome`` what came out.
"""
