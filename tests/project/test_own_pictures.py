"""The page on pictures of one's own, on another folder than the one that it makes: its cells, and what it advises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from PIL import Image

from mnemonics_lib.config import RunConfig, load_config
from mnemonics_lib.data.declared import Folder
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.paths import PARAMS, ROOT

PAGE = read_notebook(ROOT / "book" / "own_pictures.py")
ADVICE = "\n".join(
    block
    for cell in PAGE.cells
    for block in re.findall(r"^```python\n(.+?)^```", cell.source, re.MULTILINE | re.DOTALL)
)
SMALL = """dict(
    network={"width": 2},
    training={"epochs": 2, "milestones": [0.5]},
    exemplar_level={"epochs": 2, "inner_steps": 2},
    finetuning={"epochs": 2, "milestones": [0.5]},
)"""
OF_A_READER = {
    'Path(place.name) / "pictures"': "Path(PICTURES)",
    'Path(place.name) / "results"': "Path(RESULTS)",
    "quick.replace(": f"quick.replace(**{SMALL}, ",
}
"""What the test puts into cells: the two paths that the page asks for, and numbers with which it is over in seconds."""


def a_folder(root: Path, classes: list[str], each: int) -> None:
    """Colour pictures of noise, wider than high, in a folder for each class."""
    rng = np.random.default_rng(0)
    for name in classes:
        (root / name).mkdir(parents=True)
        for number in range(each):
            pixels = rng.integers(0, 256, (10, 14, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")


def test_its_cells_run_on_a_folder_of_the_reader_s_and_leave_it_and_the_run_there(tmp_path: Path, capsys):
    """Three classes with names that the digits do not have; without the one cell that is to be left out."""
    matplotlib.use("agg")
    a_folder(tmp_path / "mine", ["cat", "dog", "owl"], each=10)
    cells = [cell.source for cell in PAGE.cells if cell.cell_type == "code" and "load_digits" not in cell.source]
    source = "\n\n".join(cells)
    for theirs, ours in OF_A_READER.items():
        assert source.count(theirs) == 1
        source = source.replace(theirs, ours)
    names: dict[str, Any] = {"PICTURES": str(tmp_path / "mine"), "RESULTS": str(tmp_path / "made")}
    exec(source, names)

    assert sorted(names["finished"].class_names) == ["cat", "dog", "owl"]
    assert len(names["said"]) == 2
    assert names["path"].is_relative_to(tmp_path / "made")
    assert names["path"].exists()
    assert len(list((tmp_path / "made" / "exemplars").rglob("*.png"))) == 3 * names["config"].budget
    assert len(list((tmp_path / "mine").rglob("*.png"))) == 3 * 10
    assert "cat" in capsys.readouterr().out  # what is in the folder


def advised(folder: Folder) -> tuple[RunConfig, dict[str, Any]]:
    """The configuration that the page advises for photographs, and what ``look_at`` was asked for."""
    asked: dict[str, Any] = {}

    def look_at(_: str, **fields: Any) -> Folder:
        asked.update(fields)
        return folder.model_copy(update=fields)

    (values,) = re.findall(r"`size, grey = (\d+), (\w+)`", "\n".join(cell.source for cell in PAGE.cells))
    names = {"size": int(values[0]), "grey": values[1] == "True", "pictures": "", "look_at": look_at}
    names |= {"load_config": load_config, "PARAMS": PARAMS}
    exec(ADVICE, names)
    return names["config"], asked


@pytest.mark.parametrize("classes", [2, 3, 7, 12])
def test_what_it_advises_for_photographs_is_accepted_for_any_number_of_classes(classes: int):
    config, asked = advised(Folder(path="/there", classes=classes, images_per_class=20))
    assert asked == {"size": 32, "grey": False}
    assert len(config.protocol().order) == classes
    after = classes - config.protocol().seen(0)
    for phases in range(1, after + 1):
        assert config.replace(phases=phases, uneven=True).protocol().seen(phases) == classes
    with pytest.raises(ValueError, match="phases"):
        config.replace(phases=after + 1, uneven=True)


def test_what_it_says_of_three_classes_and_of_exemplars_is_so():
    config, _ = advised(Folder(path="/there", classes=3, images_per_class=20))
    assert config.protocol().seen(0) == 1
    assert config.replace(first_share=0.67).protocol().seen(0) == 2
    assert config.budget == 20
    with pytest.raises(ValueError, match="budget = 20: must be at most 19"):
        advised(Folder(path="/there", classes=3, images_per_class=19))
    assert (config.image_shape[1], config.replace(resolution=0).image_shape[1]) == (16, 32)
