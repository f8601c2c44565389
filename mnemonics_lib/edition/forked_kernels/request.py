"""Ask a server for a kernel, and stay as long as it does: run as a file, by a kernel specification.

Where no server answers, this process becomes an ordinary kernel. It imports nothing but what takes no time.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress

INTERRUPT = b"i"
"""What is sent on to a kernel when this process is interrupted in its place."""


def main(address: str, *arguments: str) -> int:
    """Ask the server at a socket for a kernel with these arguments.

    Returns:
        The exit status: 0, since that of the kernel is not known here.
    """
    asked = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as connection:

        def interrupt(*_: object) -> None:
            with suppress(OSError):  # of a kernel that has just ended
                connection.sendall(INTERRUPT)

        try:
            connection.connect(address)
            socket.send_fds(connection, [b"."], [0, 1, 2])
            connection.sendall(f"{json.dumps(asked)}\n".encode())
        except OSError:
            os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])
        signal.signal(signal.SIGINT, interrupt)
        connection.recv(1)  # nothing ever comes, and the connection closes when the kernel ends
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
