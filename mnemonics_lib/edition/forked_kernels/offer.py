"""Start a server of kernels, and lead to it whoever starts one."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from subprocess import PIPE, Popen

from mnemonics_lib.edition.forked_kernels import request
from mnemonics_lib.edition.notebooks.kernels import KERNEL, environment_for_kernels

SERVERS: list[Popen[bytes]] = []
"""Those of this process. The pipe to each closes when this process ends, however it ends, and the server with it."""


def offer() -> None:
    """Have the kernels that this process and those below it start be forks of a server.

    Only on Linux: elsewhere libraries that are imported already may not survive a fork, and nothing is changed. Nor is
    it where a socket has no place, as below a directory of temporary files whose path is long; kernels are slower then.
    """
    if sys.platform != "linux":
        return
    folder = Path(tempfile.mkdtemp(prefix="kernels-"))  # which no other user can enter
    address = folder / "server"
    here = folder / "kernels" / KERNEL["name"]
    here.mkdir(parents=True)
    # -I and -S, so that no module of this folder or of an environment is found before those of the standard library.
    command = [sys.executable, "-I", "-S", request.__file__, str(address), "-f", "{connection_file}"]
    here.joinpath("kernel.json").write_text(json.dumps({**KERNEL, "argv": command}))
    with socket.socket(socket.AF_UNIX) as listening:  # bound here, so that nobody comes before the server is there
        try:
            listening.bind(str(address))
        except OSError:
            shutil.rmtree(folder)
            return
        listening.listen(64)
        environment_for_kernels()  # which the server has, too
        server = [
            sys.executable,
            "-m",
            "mnemonics_lib.edition.forked_kernels.server",
            str(folder),
            str(listening.fileno()),
        ]
        SERVERS.append(Popen(server, stdin=PIPE, pass_fds=[listening.fileno()]))
    further = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(folder), further]))
