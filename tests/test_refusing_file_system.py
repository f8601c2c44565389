"""A file system that refuses anything, at any moment: one line and a status, never a traceback, and nothing is lost."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mnemonics_lib import __main__ as cli
from mnemonics_lib.durable import driver, records
from mnemonics_lib.durable.driver import Driver

CALLS = ("open", "mkdir", "fsync", "chmod", "replace")
"""What is asked of the operating system on the way to a file."""
CODES = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT, errno.ENOENT)


class FileSystem:
    """Counts the calls that concern a folder, and refuses one of them."""

    def __init__(self, folder: Path, refused: int, code: int) -> None:
        self.folder, self.refused, self.code, self.calls = str(folder), refused, code, 0

    def __call__(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any, **named: Any) -> Any:
            # A file that is open already is known by its number; all that are synced are ours.
            if isinstance(arguments[0], int) or str(arguments[0]).startswith(self.folder):
                self.calls += 1
                if self.calls == self.refused:
                    raise OSError(self.code, os.strerror(self.code), str(arguments[0]))
            return real(*arguments, **named)

        return asked


@contextmanager
def refusing(folder: Path, refused: int = 0, code: int = errno.EIO) -> Iterator[FileSystem]:
    system = FileSystem(folder, refused, code)
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, system(getattr(os, name)))
        yield system


@pytest.fixture
def command(tiny, tmp_path, monkeypatch) -> Callable[[str], list[str]]:
    """A run with every kind of loop, which writes at each step."""
    params = tmp_path / "p.yaml"
    params.write_text(tiny.replace(phases=1, adjust=2).to_yaml())
    made = Driver.__init__

    def eager(self: Driver, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **named)
        self.interval = 0.0

    monkeypatch.setattr(Driver, "__init__", eager)
    monkeypatch.setattr(driver, "SPARING", 0.0)  # else how long a write took decides how many there are
    return lambda out: ["run", str(params), "--quiet", "--out", str(tmp_path / out)]


def record(out: Path) -> bytes:
    (path,) = out.rglob("record.json")
    return records.canonical(records.read_record(path))


def test_whatever_it_refuses_the_run_ends_with_one_line_and_goes_on_to_the_same_bytes(command, tmp_path, capsys):
    with refusing(tmp_path / "straight") as counted:
        assert cli.main(command("straight")) == 0
    expected = record(tmp_path / "straight")
    assert counted.calls > 60
    for number, refused in enumerate(range(1, counted.calls + 1, 11)):
        out, code = f"out-{refused}", CODES[number % len(CODES)]
        capsys.readouterr()
        with refusing(tmp_path / out, refused, code) as system:
            status = cli.main(command(out))
        said = capsys.readouterr().err.strip()
        assert system.calls >= refused
        if status:  # a lock that is not given at once is asked for again, and nothing was refused for good
            assert (status, said.count("\n")) == (74, 0), said
            assert os.strerror(code) in said
        assert cli.main(command(out)) == 0
        assert record(tmp_path / out) == expected
        left = [path for path in (tmp_path / out).rglob(".*") if path.is_file()]
        assert left == []


@pytest.mark.parametrize("size", [100, 20_000])
def test_a_disk_that_is_full_in_the_middle_of_a_file(root, tiny, tmp_path, size):
    """Not a stand-in: the kernel refuses to let any file of this process grow beyond a size."""
    params, out = tmp_path / "p.yaml", tmp_path / "out"
    params.write_text(tiny.replace(phases=1, exemplars="random").to_yaml())
    command = [sys.executable, "-m", "mnemonics_lib", "run", str(params), "--quiet", "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    full = subprocess.run(command, capture_output=True, text=True, env=environment, preexec_fn=limit)
    assert (full.returncode, full.stderr.strip().count("\n")) == (74, 0), full.stderr
    assert full.stderr.startswith(str(out))
    assert f": {os.strerror(errno.EFBIG)}; what was done before is kept" in full.stderr
    assert [path for path in out.rglob(".*") if path.is_file()] == []
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


IMPOSSIBLE = {
    "a folder": lambda folder: folder,
    "below a file": lambda folder: folder / "p.yaml" / "record.json",
    "no name at all": lambda folder: folder / ("x" * 300),
}


@pytest.mark.parametrize("where", IMPOSSIBLE)
def test_a_copy_that_cannot_be_written_is_refused_before_the_run(command, tmp_path, capsys, where):
    assert cli.main([*command("out"), "--copy", str(IMPOSSIBLE[where](tmp_path))]) == 74
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["p.yaml", "p.yaml/below"])
def test_a_run_cannot_be_kept_in_a_file(command, tmp_path, capsys, out):
    assert cli.main(command(out)) == 74
    said = capsys.readouterr().err
    assert str(tmp_path / "p.yaml") in said
    assert said.count("\n") == 1


def test_a_folder_that_vanishes_meanwhile_is_made_again(command, tmp_path, monkeypatch):
    keep = Driver._keep

    def and_vanish(self: Driver, loop: Any, name: str, ear: Any) -> None:
        keep(self, loop, name, ear)
        if name == "phase 1: model":
            for path in sorted((tmp_path / "out").rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()

    assert cli.main(command("straight")) == 0
    monkeypatch.setattr(Driver, "_keep", and_vanish)
    assert cli.main(command("out")) == 0
    assert record(tmp_path / "out") == record(tmp_path / "straight")
