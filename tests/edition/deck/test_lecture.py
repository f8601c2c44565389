"""The notebook of a lecture: its cells in order, what is shown of each, and that the project's runs."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest
import torch

from mnemonics_lib import global_bop
from mnemonics_lib.config import load_config
from mnemonics_lib.edition.deck.lecture import EMPTY, compose, to_run
from mnemonics_lib.edition.deck.plan import LectureError, read_plan
from mnemonics_lib.edition.deck.rehearsal import run
from mnemonics_lib.edition.deck.teaching import read_sources
from mnemonics_lib.edition.parameters import DEFAULTS
from mnemonics_lib.exemplars.selection import select
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.paths import PARAMS, ROOT
from tests.edition.deck.made import code, notebooks, plan

TINY = {
    "budget": 2,
    "network": {"width": 2},
    "training": {"epochs": 2, "milestones": [0.5]},
    "exemplar_level": {"epochs": 2, "inner_steps": 2},
    "finetuning": {"epochs": 2, "milestones": [0.5]},
}


def kinds(lecture) -> list[tuple[str, str]]:
    return [(cell.metadata["slideshow"]["slide_type"], cell.source.partition("\n")[0]) for cell in lecture.cells]


def test_cells_stand_in_the_order_in_which_they_are_needed():
    assert kinds(compose(plan(), notebooks())) == [
        ("skip", "# 1. First"),
        ("skip", EMPTY),
        ("skip", "dataset = 'digits'"),
        ("skip", "x = 1"),
        ("slide", "## A loss"),
        ("-", "y = 2 * x"),
        ("notes", "**Minute 0 to 2.** Say."),
        ("slide", "## A figure"),
        ("-", "print('drawn')"),
        ("notes", "**Minute 2 to 5.** Say more."),
        ("skip", "# 2. Second"),
        ("skip", EMPTY),
        ("slide", "## Late"),
        ("-", "print('x' in globals())"),
        ("notes", "**Minute 5 to 6.** Nothing."),
        ("slide", "## End"),
        ("notes", "**Minute 6 to 10.** Bye."),
    ]


def test_a_slide_begins_with_its_title_its_points_and_the_equations_of_its_cells():
    opening = compose(plan(), notebooks()).cells[4]
    assert opening.source == "## A loss\n\n- One *point*\n\n$$y = 2\\,x$$"
    assert opening.metadata["lecture"] == {"slide": "loss", "part": "1. First"}
    assert opening.metadata["slideshow"]["data"] == {"timing": "120"}


def test_a_note_has_what_to_ask_and_what_to_run():
    notes = [cell.source for cell in compose(plan(), notebooks()).cells if "**Minute" in cell.source]
    assert "**Live.**" in notes[0]
    assert "all cells of the part that stand above them" in notes[0]
    assert notes[1].endswith("**Ask.** Why?\n\n**Expect.** Because.")
    assert "Live" not in notes[1]


def test_a_note_says_that_its_slide_can_be_left_out():
    cells = compose(plan("figure"), notebooks()).cells
    first, second, *_ = [cell.source for cell in cells if "**Minute" in cell.source]
    assert "**Can be left out.**" in second
    assert "left out" not in first


def test_the_copy_to_run_has_no_outputs_and_folds_what_slides_hide():
    lecture = compose(plan(), notebooks())
    made = to_run(lecture)
    assert [cell.source for cell in made.cells] == [cell.source for cell in lecture.cells]
    assert not any(cell.get("outputs") for cell in made.cells)
    assert [cell.source for cell in made.cells if "jupyter" in cell.metadata] == ["print('drawn')"]
    assert lecture.cells[5].outputs  # the lecture itself stays as it was


def test_names_of_one_part_do_not_reach_the_next(tmp_path: Path):
    made = to_run(compose(plan(), notebooks()))
    seconds = run(made, tmp_path)
    assert list(seconds) == ["loss", "figure", "late"]
    printed = [out.text for cell in made.cells for out in cell.get("outputs", []) if out.output_type == "stream"]
    assert printed == ["2\n", "drawn\n", "False\n"]


def test_a_cell_that_fails_is_named_with_its_slide(tmp_path: Path):
    made = notebooks()
    made["02_global_bop"].cells.insert(0, code("print(missing)", "live"))
    with pytest.raises(LectureError, match=r"slide late: 'print\(missing\)': NameError: name 'missing' is not defined"):
        run(to_run(compose(plan(), made)), tmp_path)


def test_a_set_of_one_s_own_gets_into_a_run_as_the_instructor_s_page_says():
    """Its lines, on what chapter 2 has after phase 0."""
    page = (ROOT / "book" / "teaching.py").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^# ```python\n(.+?)^# ```", page, re.MULTILINE | re.DOTALL)
    experiment = Experiment.of(load_config(PARAMS / "quick" / "digits-n5.yaml", TINY | {"exemplars": "herding"}))
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    generator = torch.Generator().manual_seed(0)
    own, _ = select(experiment.new_data(0), state.memory.per_class, "random", state.model.features, generator)
    chosen = state.memory.images.clone()
    names = {"copy": copy, "global_bop": global_bop, "experiment": experiment, "state": state, "E_0": own.detach()}
    exec(re.sub(r"^# ?", "", lines, flags=re.MULTILINE), names)
    trial = names["trial"]
    assert torch.equal(trial.memory.images[: len(own)], own)
    assert len(trial.memory) > len(own)  # those of the classes of phase 1
    assert names["accuracy"] == trial.results[1]["first_classes_accuracy"]
    assert torch.equal(state.memory.images, chosen)
    assert not torch.equal(chosen, own)


def test_the_project_s_lecture_runs_from_top_to_bottom(tmp_path: Path):
    """On the smallest parameters of digits with N = 5: what would fail is a name that no cell of the lecture gives."""
    sources = read_sources()
    for notebook in sources.values():
        (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        parameters.source = "\n".join(f"{name} = {value!r}" for name, value in (DEFAULTS | {"overrides": TINY}).items())
    seconds = run(to_run(compose(read_plan(), sources)), tmp_path)
    assert {slide.name for slide in read_plan().slides if slide.live} <= seconds.keys()
