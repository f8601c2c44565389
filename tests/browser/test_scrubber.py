"""The slider over outer steps shows what a run kept and recorded, obeys mouse and keyboard, and degrades."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.kept import read_kept
from mnemonics_lib.paths import STUDIES
from tests.browser.screens import AUDIT, listen
from tests.browser.widget_page import write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RUNS = dict(
    zip(
        ("settings of chapter 3", "larger steps"),
        (run.files for run in plan(STUDIES / "shown" / "scrubber.yaml").runs),
        strict=True,
    )
)
WIDGET = "document.querySelector('.scrubber').widget"
SLIDER = "Outer steps done"
PIXELS = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]"""


@pytest.fixture(scope="session")
def scrubber(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The executed page; asks for a browser first, so that nothing is executed where there is none."""
    return write_page("scrubber", tmp_path_factory.mktemp("scrubber"))


@pytest.fixture
def page(browser: Browser, scrubber: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 900, "height": 1200})
    look = listen(page)
    page.goto(scrubber.as_uri())
    yield page
    assert not look.console
    assert not look.external
    page.close()


def choose(page: Page, name: str, option: str | int) -> None:
    choice = page.get_by_label(name, exact=True)
    if isinstance(option, int):
        choice.select_option(index=option)
    else:
        choice.select_option(label=option)


def place(page: Page) -> int:
    return int(page.get_by_label(SLIDER).input_value())


def painted(page: Page, kind: str) -> np.ndarray:
    """Red, green, blue and alpha of the pictures of a row, [n, h, w, 4]."""
    values = [canvas.evaluate(PIXELS) for canvas in page.locator(f"canvas.scrubber-{kind}").all()]
    return np.array(values).reshape(len(values), 8, 8, 4)


def written(page: Page) -> Any:
    return page.evaluate("JSON.parse(document.querySelector('.scrubber script').textContent)")


# --- what it shows is what there is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [0, 5])
@pytest.mark.parametrize("name", RUNS)
def test_numbers_and_pictures_at_a_stop_are_those_of_the_record_and_the_file(page: Page, name: str, phase: int) -> None:
    record, kept = read_record(RUNS[name][0]), read_kept(RUNS[name][1])
    training, snapshots = record.results[phase].exemplars, kept.phases[phase].snapshots
    assert training
    assert snapshots
    choose(page, "Run", name)
    choose(page, "Phase", list(kept.phases).index(phase))
    for stop in (0, 1, 17, 39):
        page.get_by_label(SLIDER).fill(str(stop))
        numbers = page.locator(".scrubber-numbers").inner_text()
        moved = [0, *training.steps.displacement][stop]
        assert f"Displacement: {moved:.3g} std" in numbers
        assert f"trained on these exemplars: {training.steps.meta_loss[stop]:.3g};" in numbers
        last_ten = training.steps.meta_loss[max(0, stop - 9) : stop + 1]
        assert f"mean of the last ten, {np.mean(last_ten):.3g}." in numbers
        assert f"before the first step of Eq. 8: {training.steps.base_loss_first[stop]:.3g}." in numbers
        assert page.locator(".scrubber-time output").inner_text() == f"{stop} of 40 outer steps"
        images = snapshots.images[:, :, 0].numpy()
        assert (painted(page, "start")[..., 0] == images[0]).all()
        assert (painted(page, "now")[..., :3] == images[stop][..., None]).all()
    page.get_by_label(SLIDER).fill("40")
    numbers = page.locator(".scrubber-numbers").inner_text()
    assert f"Displacement: {training.steps.displacement[39]:.3g} std" in numbers
    assert "none is computed after the last step" in numbers


def test_a_change_is_drawn_with_its_sign_as_strongly_as_the_factor_says(page: Page) -> None:
    snapshots = read_kept(RUNS["settings of chapter 3"][1]).phases[0].snapshots
    assert snapshots
    images = snapshots.images[:, :, 0].numpy().astype(int)
    page.get_by_label(SLIDER).fill("40")
    (factor,) = [
        float(text[9:]) for text in page.locator(".scrubber-row").all_inner_texts() if text.startswith("change × ")
    ]
    assert factor == written(page)["settings of chapter 3"][0]["magnification"] > 1
    drawn, change = painted(page, "change"), images[40] - images[0]
    assert (drawn[..., 3] == np.minimum(255, factor * abs(change))).all()
    visible = drawn[..., 3] > 100  # of fainter ones a browser keeps the colour roughly
    brighter = drawn[..., 0] > drawn[..., 2]  # orange, not blue
    assert visible.any()
    assert (brighter == (change > 0))[visible].all()


def test_each_picture_says_how_far_it_has_moved(page: Page) -> None:
    moved = written(page)["settings of chapter 3"][0]["moved"]
    page.get_by_label(SLIDER).fill("30")
    assert page.locator(".scrubber-moved").all_inner_texts() == [f"{value:.2f}" for value in moved[30]]


@pytest.mark.parametrize(("which", "name"), [(0, "meta_loss"), (1, "displacement")])
@pytest.mark.parametrize("run", RUNS)
def test_the_marks_stand_where_the_axes_say(page: Page, run: str, which: int, name: str) -> None:
    choose(page, "Run", run)
    values = written(page)[run][0][name]
    drawing = page.locator(".scrubber-curves svg[role=img]").nth(which)
    labels = [float(text) for text in drawing.locator("text[text-anchor=end]").all_text_contents()]
    heights = drawing.locator(".scrubber-grid").evaluate_all("all => all.map(each => each.getPointAtLength(0).y)")
    assert len(labels) == len(heights) > 2
    scale = np.log if name == "meta_loss" else np.array
    for stop in (0, 5, 39):
        page.get_by_label(SLIDER).fill(str(stop))
        dot = drawing.locator(".scrubber-dot")
        height = float(dot.get_attribute("cy") or "nan")
        expected = np.polyval(np.polyfit(scale(labels), heights, 1), scale(values[stop]))
        assert height == pytest.approx(expected, abs=0.1)
        x = float(dot.get_attribute("cx") or "nan")
        line = drawing.locator(".scrubber-at").evaluate("line => line.getPointAtLength(0).x")
        assert x == pytest.approx(line, abs=0.1)
        assert x == pytest.approx(48 + 302 * stop / 40, abs=0.1)
    page.get_by_label(SLIDER).fill("40")
    assert drawing.locator(".scrubber-dot").is_visible() == (name == "displacement")  # no loss after the last step


def test_a_class_can_be_looked_at_alone_and_stays_where_another_run_has_it(page: Page) -> None:
    assert page.locator("canvas.scrubber-now").count() == 10
    choose(page, "Class", "7")
    assert page.locator(".scrubber-head").all_inner_texts() == ["7", "7"]
    page.get_by_label(SLIDER).fill("12")
    choose(page, "Run", "larger steps")
    assert page.locator(".scrubber-head").all_inner_texts() == ["7", "7"]
    assert place(page) == 12
    choose(page, "Phase", 1)
    assert page.locator(".scrubber-head").all_inner_texts() == ["1", "1"]
    choose(page, "Phase", 0)
    assert page.locator("canvas.scrubber-now").count() == 10


def test_only_what_a_run_has_is_in_the_key(page: Page) -> None:
    line = page.get_by_text("by noise in place of the gradient")
    assert line.is_visible()
    choose(page, "Run", "larger steps")  # whose pixels are clipped, as those moved by noise are not
    assert line.count() == 0


# --- what its controls do --------------------------------------------------------------------------------------------


def test_the_slider_obeys_the_keyboard(page: Page) -> None:
    page.get_by_label(SLIDER).focus()
    for key, expected in (("ArrowRight", 1), ("ArrowUp", 2), ("End", 40), ("ArrowLeft", 39), ("Home", 0)):
        page.keyboard.press(key)
        assert place(page) == expected
        assert page.get_by_label(SLIDER).get_attribute("aria-valuetext") == f"{expected} of 40 outer steps"


def test_all_can_be_reached_by_tab(page: Page) -> None:
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert reached == ["scrubber-run", "scrubber-phase", "scrubber-class", "Play", "scrubber-step"]


@pytest.mark.parametrize(("motion", "milliseconds"), [("no-preference", 150), ("reduce", 1000)])
def test_it_plays_when_asked_to_and_ends_at_the_last_step(
    browser: Browser, scrubber: Path, motion: Any, milliseconds: int
) -> None:
    page = browser.new_page(reduced_motion=motion)
    page.clock.install(time=0)
    page.goto(scrubber.as_uri())
    page.clock.pause_at(3600)
    page.clock.run_for(5000)
    assert place(page) == 0  # not by itself
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(3 * milliseconds)
    assert place(page) == 3
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5 * milliseconds)
    assert place(page) == 3
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(50 * milliseconds)
    assert place(page) == 40
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(milliseconds)
    assert place(page) == 1  # from the beginning
    page.close()


def test_who_takes_the_slider_ends_the_playing(page: Page) -> None:
    page.get_by_role("button", name="Play").click()
    page.get_by_label(SLIDER).fill("20")
    assert page.get_by_role("button", name="Play").is_visible()
    assert place(page) == 20


def test_numbers_are_spoken_once_the_slider_rests(browser: Browser, scrubber: Path) -> None:
    page = browser.new_page()
    page.clock.install(time=0)
    page.goto(scrubber.as_uri())
    page.clock.pause_at(3600)  # an hour on: from here time passes only when told to, on a busy machine, too
    page.clock.run_for(1000)
    spoken = page.locator(".scrubber-spoken[aria-live=polite]")
    first = spoken.inner_text()
    assert first.startswith("After 0 of 40 outer steps: displacement 0 std, validation loss ")
    for stop in (3, 4, 5):
        page.get_by_label(SLIDER).fill(str(stop))
        page.clock.run_for(400)
        assert spoken.inner_text() == first
    page.clock.run_for(200)
    assert spoken.inner_text().startswith("After 5 of 40 outer steps")
    page.close()


def test_an_audit_of_accessibility_finds_nothing(page: Page) -> None:
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(AUDIT)
    assert not [each for each in found if each["impact"] in {"serious", "critical"}]


# --- what is left without the script ---------------------------------------------------------------------------------


def visible(page: Page) -> tuple[bool, bool]:
    """Whether the figures and the widget's pictures are to be seen."""
    figures = [image.is_visible() for image in page.locator(".tag_widget-figure img").all()]
    assert len(figures) == 2
    return all(figures), page.locator(".scrubber-pictures").is_visible()


def test_the_figures_give_way_to_the_widget_but_not_on_paper(page: Page) -> None:
    assert visible(page) == (False, True)
    page.emulate_media(media="print")
    assert visible(page) == (True, False)


def test_without_javascript_the_figures_stay(browser: Browser, scrubber: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(scrubber.as_uri())
    assert visible(page) == (True, False)
    page.close()


def test_where_the_script_fails_the_figures_stay(browser: Browser, scrubber: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text(scrubber.read_text(encoding="utf-8").replace('"meta_loss"', '"x"'))
    page = browser.new_page()
    page.goto(broken.as_uri())
    assert visible(page)[0]
    page.close()
