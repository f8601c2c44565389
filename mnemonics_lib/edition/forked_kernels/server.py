"""The server: imports what notebooks import, waits, and forks a kernel for each request."""

from __future__ import annotations

import gc
import json
import os
import runpy
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from select import select
from socketserver import BaseRequestHandler, ForkingMixIn, UnixStreamServer
from threading import Thread

from mnemonics_lib.edition.forked_kernels.request import INTERRUPT

MODULES = ("ipykernel.kernelapp", "matplotlib.pyplot", "pandas", "scipy.stats", "seaborn", "torch", "torchvision")
"""What notebooks import of others. The library itself is left to the kernels, which read it as it is then."""

BACKEND = "module://matplotlib_inline.backend_inline"
"""Where figures go in a kernel."""


class Kernel(BaseRequestHandler):
    """One request: the process it is handled in becomes the kernel."""

    server: Server

    def handle(self) -> None:
        """Take the standard streams, folder, environment and arguments from whoever asked, and be a kernel."""
        self.server.socket.close()  # else requests would wait for the server as long as this kernel lives
        _, streams, _, _ = socket.recv_fds(self.request, 1, 3)
        given = json.loads(self.request.makefile().readline())
        for mine, stream in enumerate(streams):
            os.dup2(stream, mine)
            os.close(stream)
        os.setsid()  # as Jupyter starts kernels: what interrupts a build is not for a cell
        os.chdir(given["folder"])
        os.environ.clear()
        os.environ.update(given["environment"])
        sys.path[0] = ""  # which the launcher takes away, as it does in a process of its own
        sys.argv[1:] = given["arguments"]
        Thread(target=self._listen, daemon=True).start()
        runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)

    def _listen(self) -> None:
        """Be interrupted when whoever asked is, and end when it ends and so closes the connection."""
        while self.request.recv(1) == INTERRUPT:
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(1)


class Server(ForkingMixIn, UnixStreamServer):
    """Forks for each request, at a socket that is bound already."""

    max_children = sys.maxsize
    """It would wait for a kernel to end before it starts one more."""

    def __init__(self, listening: int) -> None:
        super().__init__("", Kernel, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=listening)


def serve(listening: int) -> None:
    """Serve until standard input ends, which is when the process ends that has its other end.

    Nothing is imported before there is a request: where all notebooks are up to date there is none.
    """
    ready, _, _ = select([sys.stdin, listening], [], [])
    if sys.stdin in ready:
        return
    # What ipykernel and matplotlib ask when they are imported: whom a kernel is not to outlive, and where figures go.
    os.environ.update(JPY_PARENT_PID=str(os.getpid()), MPLBACKEND=BACKEND)
    for module in MODULES:
        import_module(module)
    gc.freeze()  # modules are no garbage: kernels need not search them again and again, nor copy their memory for it
    server = Server(listening)
    while True:
        ready, _, _ = select([sys.stdin, server], [], [], 1)
        server.service_actions()  # collects the kernels that have ended
        if sys.stdin in ready:
            return
        if server in ready:
            server.handle_request()


def main(arguments: Sequence[str]) -> int:
    """Serve at a socket, given by its number, and remove its folder in the end."""
    folder, listening = arguments
    try:
        serve(int(listening))
    except KeyboardInterrupt:  # of the build that it serves
        pass
    finally:
        shutil.rmtree(Path(folder), ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
