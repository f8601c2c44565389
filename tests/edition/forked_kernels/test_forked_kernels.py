"""Kernels that are forks do as ordinary ones do, and none outlives whom it serves."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import nbformat
import psutil
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from mnemonics_lib.edition.forked_kernels import offer, request
from mnemonics_lib.edition.forked_kernels.server import MODULES
from mnemonics_lib.edition.notebooks.kernels import KERNEL

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

Server = Popen[bytes]

IMPORTED = "import sys; print('torch' in sys.modules)"


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[Server]:
    """Kernels of this module are forks of it. In the end it has to end by itself, and to take its folder with it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PYTHONPATH", "PYTHONWARNINGS"):  # which are changed, and put back by this
            patch.setenv(name, "")
        patch.setenv("JUPYTER_PATH", "/elsewhere")
        patch.setattr(offer, "SERVERS", [])
        offer.offer()
        (process,) = offer.SERVERS
        folder = folder_of(process)
        assert folder.is_dir()
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0
    assert not folder.exists()


def folder_of(process: Server) -> Path:
    """The folder of a server, which is the first of two arguments."""
    assert isinstance(process.args, list)
    return Path(str(process.args[-2]))


def outputs(folder: Path, *cells: str) -> list[dict]:
    """What cells have as outputs, run in a folder."""
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    NotebookClient(notebook, kernel_name=KERNEL["name"], resources={"metadata": {"path": str(folder)}}).execute()
    return [output for cell in notebook.cells for output in cell.outputs]


def printed(folder: Path, *cells: str) -> list[str]:
    return "".join(output["text"] for output in outputs(folder, *cells)).splitlines()


def children(process: Server) -> list[psutil.Process]:
    return [child for child in psutil.Process(process.pid).children() if child.status() != psutil.STATUS_ZOMBIE]


def test_what_takes_long_is_imported_and_the_library_is_not(tmp_path: Path) -> None:
    library = "print([name for name in sys.modules if name.startswith('mnemonics_lib.')])"
    imported, of_library = printed(tmp_path, IMPORTED, library)
    assert imported == "True"
    assert all(name in "mnemonics_lib.edition.forked_kernels.request" for name in eval(of_library))


def test_all_else_is_as_in_an_ordinary_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE_OF_MINE", "é\nand a line")
    cells = (
        "import os, sys\nprint(sys.argv[0], len(sys.argv), sys.path, __name__, os.getcwd())",
        "of_each = {'JPY_SESSION_NAME', 'JUPYTER_PATH'}",
        "print({name: os.environ[name] for name in sorted(os.environ.keys() - of_each)})",
        *(f"import {module}" for module in MODULES),
        "import mnemonics_lib.edition, matplotlib.pyplot as plt",
        "print(torch.get_num_threads(), plt.get_backend(), os.getsid(0) == os.getpid())",
        "import warnings\nprint(*sorted(set(map(repr, warnings.filters))), sep=chr(10))",
        "plt.plot([1, 2])\nplt.show()",
        "class Own: pass\nprint(getattr(sys.modules['__main__'], 'Own') is Own)",
        "import subprocess\nprint(subprocess.run(['false']).returncode)",
        "!echo from a shell",
        "print(input.__module__, sys.stdin.isatty())",
    )
    forked = outputs(tmp_path, *cells)
    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    assert printed(tmp_path, IMPORTED) == ["False"]
    ordinary = outputs(tmp_path, *cells)
    for output in (*forked, *ordinary):  # each process has numbers of its own
        output.pop("execution_count", None)
        output["text"] = output.get("text", "").splitlines()
    for mine, other in zip(forked, ordinary, strict=True):
        assert mine == other


def test_before_anybody_asks_nothing_is_imported(server: Server) -> None:
    def loaded(process: Server) -> bool:
        return any("libtorch" in part.path for part in psutil.Process(process.pid).memory_maps())

    assert loaded(server)  # of which kernels have been asked
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offer, "SERVERS", [])
        patch.setenv("JUPYTER_PATH", "")
        offer.offer()
        (idle,) = offer.SERVERS
        while "forked_kernels" not in " ".join(psutil.Process(idle.pid).cmdline()):
            time.sleep(0.01)  # it is being started
        assert not loaded(idle)
        assert idle.stdin is not None
        idle.stdin.close()
        assert idle.wait(60) == 0
        assert not folder_of(idle).exists()


def test_two_at_once(server: Server) -> None:
    kernels = [start_new_kernel(kernel_name=KERNEL["name"]) for _ in range(2)]
    assert len(children(server)) == 2
    for _, client in kernels:
        assert client.execute_interactive("import sys; assert 'torch' in sys.modules")["content"]["status"] == "ok"
    for manager, client in kernels:
        client.stop_channels()
        manager.shutdown_kernel()
    psutil.wait_procs(children(server), timeout=60)
    assert children(server) == []


def test_a_kernel_that_dies_is_told_of_and_the_next_one_lives(tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError):
        outputs(tmp_path, "import os; os._exit(3)")
    assert printed(tmp_path, IMPORTED) == ["True"]


def test_a_kernel_ends_with_whom_it_serves(server: Server) -> None:
    manager, client = start_new_kernel(kernel_name=KERNEL["name"])
    (kernel,) = children(server)
    client.stop_channels()
    (asking,) = [child for child in psutil.Process().children() if request.__file__ in child.cmdline()]
    asking.kill()
    kernel.wait(60)
    assert children(server) == []
    manager.cleanup_resources()


def test_an_interrupt_reaches_the_cell(server: Server) -> None:
    manager, client = start_new_kernel(kernel_name=KERNEL["name"])
    try:
        # A kernel refuses for a moment what follows an error, unless it is told not to.
        asked = client.execute("print('here', flush=True)\nwhile True: pass", stop_on_error=False)
        while client.get_iopub_msg(timeout=60)["content"].get("text") != "here\n":
            pass
        manager.interrupt_kernel()
        # A kernel that was slow to start has been asked more than once whether it is there, and answers that first.
        while (answer := client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != asked:
            pass
        assert answer["content"]["ename"] == "KeyboardInterrupt"
        assert client.execute_interactive("1", timeout=60)["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_without_a_server_kernels_are_ordinary(tmp_path: Path, server: Server) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offer, "SERVERS", [])
        patch.setenv("JUPYTER_PATH", "")
        offer.offer()
        (gone,) = offer.SERVERS
        kept = folder_of(gone)
        gone.kill()
        gone.wait()
        assert kept.is_dir()  # a kill leaves it, and with it the specification
        assert printed(tmp_path, IMPORTED) == ["False"]
        shutil.rmtree(kept)


def test_elsewhere_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(offer, "SERVERS", [])
    offer.offer()
    assert offer.SERVERS == []
    assert dict(os.environ) == before


def test_where_a_socket_has_no_place_nothing_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("a" * 200)  # of a socket's path a system takes some hundred characters
    long.mkdir()
    before = dict(os.environ)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.setattr(offer, "SERVERS", [])
    offer.offer()
    assert offer.SERVERS == []
    assert dict(os.environ) == before
    assert not list(long.iterdir())
