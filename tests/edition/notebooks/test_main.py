"""The command line of the notebook runner."""

from __future__ import annotations

from pathlib import Path

from mnemonics_lib.edition.notebooks import __main__
from tests.edition.notebooks.made import notebook


def test_command_line(params, capsys):
    source = notebook(Path("n.py"))
    assert __main__.main(["check", str(source), "--params", str(params)]) == 0
    assert not Path("build").exists()
    params.write_text("sead: 1")
    assert __main__.main(["check", str(source), "--params", str(params)]) == 2
    assert "sead" in capsys.readouterr().err


def test_refused_parameters_run_nothing_and_touch_nothing(params):
    output = Path("n.ipynb")
    output.write_text("from before")
    source = notebook(Path("n.py"), "open('ran', 'w')")
    command = ["execute", str(source), "--params", str(params), "--output", str(output), "--set", "seed=x"]
    assert __main__.main(command) == 2
    assert output.read_text() == "from before"
    assert not Path("ran").exists()


def test_settings_may_be_given_one_by_one(params, monkeypatch):
    asked = []
    monkeypatch.setattr(__main__, "execute", lambda *given: asked.append(given))
    command = ["execute", "n.py", "--params", str(params), "--output", "out/n.ipynb"]
    assert __main__.main([*command, "--set", "seed=1", "--set", "budget=2", "adjust=3"]) == 0
    assert asked == [(Path("n.py"), params, Path("out/n.ipynb"), ["seed=1", "budget=2", "adjust=3"])]
