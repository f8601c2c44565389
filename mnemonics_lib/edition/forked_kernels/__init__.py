"""Kernels that need not import PyTorch: a server has imported it, and each kernel is a fork of the server.

Every notebook of the book begins with the same imports, four seconds of each kernel and a fifth of the work of a build.
:func:`~mnemonics_lib.edition.forked_kernels.offer.offer` starts the server, and puts a kernel specification of Python's
name before the one there is; so whoever starts a kernel, papermill or another, gets a fork, and knows nothing of it.
The kernel is asked for by :mod:`~mnemonics_lib.edition.forked_kernels.request`, which imports next to nothing. The
server ends with the process that offered it, and a kernel with the one that asked for it.
"""
