"""``make lab`` opens a .py as a notebook, and leaves the user's own settings alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

PLUGIN = "@jupyterlab/docmanager-extension:plugin"
STANDS_IN = f"""
import json, sys
if sys.argv[1:3] == ["-m", "jupyterlab"]:
    from pathlib import Path
    from jupyterlab.commands import get_app_dir
    from jupyterlab_server.settings_utils import get_settings
    app = Path(get_app_dir())
    found, _ = get_settings(str(app / "settings"), str(app / "schemas"), "none", schema_name={PLUGIN!r})
    print(json.dumps({{"viewers": found["schema"]["properties"]["defaultViewers"]["default"], "opens": sys.argv[3:]}}))
"""


@pytest.mark.skipif(os.name != "posix", reason="a script as an interpreter")
@pytest.mark.parametrize("own", [{}, {"csv": "Editor"}])
def test_the_environment_of_make_lab_has_the_notebook_as_default_viewer(root, tmp_path, own):
    python = tmp_path / "python"  # takes the place of the interpreter, and says what JupyterLab would read
    (tmp_path / "stands_in.py").write_text(STANDS_IN)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/stands_in.py" "$@"\n')
    python.chmod(0o755)
    file = tmp_path / "own" / "labconfig" / "default_setting_overrides.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({PLUGIN: {"defaultViewers": own}}))
    environment = os.environ | {"JUPYTER_CONFIG_PATH": str(tmp_path / "own"), "HOME": str(tmp_path)}
    command = ["make", "--no-print-directory", "-s", f"PYTHON={python}", "lab"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["viewers"].items() >= {"python": "Jupytext Notebook", **own}.items()
    assert said["opens"] == ["--LabApp.default_url=/lab/tree/notebooks"]  # of the project: links lead to its book
    assert json.loads(file.read_text()) == {PLUGIN: {"defaultViewers": own}}
