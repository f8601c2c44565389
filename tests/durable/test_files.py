"""A file is whole or not there, whatever happens while it is written; and nothing stays beside it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mnemonics_lib.durable.files import ABANDONED, clear_unfinished, refuse_unwritable, write_atomically


def put(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))


def test_it_is_written_with_its_folders_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    put(path, "one")
    put(path, "two")
    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["fsync", "chmod", "replace", "write"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_when_the_file_system_refuses_the_old_file_stays_and_nothing_else(tmp_path, monkeypatch, name, code):
    path = tmp_path / "file"
    put(path, "one")

    def refuse(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    if name != "write":
        monkeypatch.setattr(os if name == "fsync" else Path, name, refuse)
    with pytest.raises(OSError, match=os.strerror(code)):
        write_atomically(path, refuse if name == "write" else lambda file: file.write(b"two"))
    monkeypatch.undo()
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_leaves_is_cleared_away(root, tmp_path):
    path = tmp_path / "file"
    code = (
        "import os, signal, pathlib; from mnemonics_lib.durable.files import write_atomically\n"
        f"write_atomically(pathlib.Path({str(path)!r}), lambda file: (file.write(b'half'), os.kill(os.getpid(), 9)))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(root)})
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    other = tmp_path / ".files.unfinished-abcdefgh"  # of another file
    other.touch()
    put(path, "one")  # it may be somebody's who is writing now
    assert left.exists()
    old = time.time() - ABANDONED - 1
    os.utime(left, (old, old))
    put(path, "two")
    assert sorted(tmp_path.iterdir()) == [other, path]


def test_where_a_lock_keeps_others_out_it_is_cleared_at_once(tmp_path):
    path = tmp_path / "checkpoint.pt"
    with tempfile.NamedTemporaryFile(dir=tmp_path, prefix=f".{path.name}.unfinished-", delete=False):
        pass
    put(path, "one")
    assert len(list(tmp_path.iterdir())) == 2
    clear_unfinished(path)
    assert list(tmp_path.iterdir()) == [path]
    clear_unfinished(tmp_path / "none" / "file")


def test_a_name_is_no_pattern_and_a_hidden_file_of_the_users_stays(tmp_path):
    path = tmp_path / "seed[0]*.json"
    mine = [tmp_path / f".{path.name}.original", tmp_path / ".seed0.json.unfinished-abcdefgh"]
    left = tmp_path / f".{path.name}.unfinished-abcdefgh"
    for each in (*mine, left):
        each.touch()
    clear_unfinished(path)
    assert sorted(tmp_path.iterdir()) == sorted(mine)


def test_what_cannot_be_cleared_is_in_nobodys_way(tmp_path, monkeypatch):
    path = tmp_path / "file"
    (tmp_path / ".file.unfinished-abcdefgh").mkdir()
    clear_unfinished(path)
    put(path, "one")
    assert path.read_text() == "one"


def test_a_place_that_can_be_written_to_is_left_as_it_was(tmp_path):
    path = tmp_path / "new" / "file"
    refuse_unwritable(path)
    assert list(path.parent.iterdir()) == []
    put(path, "one")
    refuse_unwritable(path)
    assert path.read_text() == "one"


def test_a_place_that_cannot_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(IsADirectoryError, match=f"{tmp_path}: is a folder"):
        refuse_unwritable(tmp_path)
    with pytest.raises(OSError, match="file"):
        refuse_unwritable(tmp_path / "file" / "record.json")

    def refuse(**arguments: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "there")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(OSError, match="Read-only"):
        refuse_unwritable(tmp_path / "record.json")
