"""The toy that can be changed by hand computes what the library computes, does what its controls say, and degrades."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.bilevel import InnerSGD
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.bilevel.problem import Hypergradient
from mnemonics_lib.exemplars.selection import herd, per_class
from tests.browser.widget_page import write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Situation = dict[str, Any]
WIDGET = "document.querySelector('.toy').widget"
SEEDS = range(12)
NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="session")
def toy(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The executed page; asks for a browser first, so that nothing is executed where there is none."""
    return write_page("toy", tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def lasting_page(browser: Browser, toy: Path) -> Iterator[Page]:
    """One page for those tests that set all of a situation themselves."""
    page = browser.new_page(viewport={"width": 900, "height": 1200})
    page.goto(toy.as_uri())
    yield page
    page.close()


@pytest.fixture
def page(browser: Browser, toy: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 900, "height": 1200})
    page.goto(toy.as_uri())
    yield page
    page.close()


def become(page: Page, mode: str, changes: Situation) -> Situation:
    """Change the situation of a mode through the widget's own state; the whole situation after that."""
    page.locator(f"input[value={mode}]").check()
    page.evaluate(f"changes => {WIDGET}.become({{...{WIDGET}.situation, ...changes}})", changes)
    return situation(page)


def situation(page: Page) -> Situation:
    return page.evaluate(f"{WIDGET}.situation")


def outcome(page: Page) -> Situation:
    return page.evaluate(f"{WIDGET}.outcome")


def cloud_of(page: Page) -> dict[str, Tensor]:
    cloud = page.evaluate(f"{WIDGET}.data[{WIDGET}.mode].clouds[{WIDGET}.situation.cloud]")
    return {name: torch.tensor(cloud[name], dtype=kind) for name, kind in (("points", double), ("labels", torch.int64))}


double = torch.float64


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=double)


def equal(values: Any, expected: Tensor, tolerance: float = 1e-9) -> None:
    """Equal up to a share of the largest expected number."""
    assert (tensor(values) - expected).abs().max() <= tolerance * expected.abs().max()


class Point(nn.Module):
    """A model that is its parameter."""

    def __init__(self, theta: Tensor) -> None:
        super().__init__()
        self.theta = nn.Parameter(theta.clone())

    def forward(self) -> Tensor:
        return self.theta


def by_higher_of_point(at: Situation, cloud: dict[str, Tensor]) -> Hypergradient:
    d = cloud["points"].mean(dim=0)
    engine = Higher(
        lambda theta, E, t: 0.5 * (theta() - E).square().sum(dim=1).mean(),
        lambda theta: 0.5 * (theta() - d).square().sum(),
        InnerSGD(at["T"], at["alpha"]),
    )
    return engine(Point(tensor(at["theta_0"])), tensor(at["E"]))


def classifier(theta: Tensor) -> nn.Linear:
    model = nn.Linear(2, 2).double()
    with torch.no_grad():
        model.weight.copy_(theta[:, :2])
        model.bias.copy_(theta[:, 2])
    return model


def by_higher_of_classes(at: Situation, cloud: dict[str, Tensor]) -> Hypergradient:
    labels = torch.tensor(at["labels"])
    engine = Higher(
        lambda model, E, t: F.cross_entropy(model(E), labels),
        lambda model: F.cross_entropy(model(cloud["points"]), cloud["labels"]),
        InnerSGD(at["T"], at["alpha"]),
    )
    return engine(classifier(tensor(at["theta_0"])), tensor(at["E"]))


# --- its numbers are the library's -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_point_is_solved_as_by_the_closed_form_and_by_higher(lasting_page: Page, seed: int) -> None:
    page = lasting_page
    random = np.random.default_rng(seed)
    changes = {"E": random.normal(size=(4, 2)).tolist(), "theta_0": random.normal(size=2).tolist()}
    changes |= {"T": int(random.integers(1, 51)), "alpha": float(random.uniform(0.05, 2.1)), "cloud": seed % 2}
    at, found, cloud = become(page, "point", changes), outcome(page), cloud_of(page)
    e, d, theta_0, r = (
        tensor(at["E"]).mean(0),
        cloud["points"].mean(0),
        tensor(at["theta_0"]),
        (1 - at["alpha"]) ** at["T"],
    )
    theta_T = e + r * (theta_0 - e)
    equal(found["path"][at["T"]], theta_T)
    equal(found["gradient"], ((1 - r) / 4 * (theta_T - d)).expand(4, 2))
    expected = by_higher_of_point(at, cloud)
    equal(found["gradient"], expected.gradient)
    equal(found["loss"], expected.meta_loss)
    equal(found["loss_0"], 0.5 * (theta_0 - d).square().sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_two_classes_are_solved_as_by_higher(lasting_page: Page, seed: int) -> None:
    page = lasting_page
    random = np.random.default_rng(seed)
    changes = {"E": (1.5 * random.normal(size=(6, 2))).tolist(), "theta_0": random.normal(size=(2, 3)).tolist()}
    changes |= {"T": int(random.integers(1, 51)), "alpha": float(random.uniform(0.05, 1.0)), "cloud": seed % 3}
    at, found, cloud = become(page, "classes", changes), outcome(page), cloud_of(page)
    expected, start = by_higher_of_classes(at, cloud), classifier(tensor(at["theta_0"]))
    equal(found["gradient"], expected.gradient)
    equal(found["loss"], expected.meta_loss)
    equal(found["loss_0"], F.cross_entropy(start(cloud["points"]), cloud["labels"]))
    own = F.cross_entropy(start(tensor(at["E"])), torch.tensor(at["labels"]))
    parts = torch.autograd.grad(own, list(start.parameters()))
    equal(found["own"], torch.cat([part.flatten() for part in parts]).norm())
    sgd = torch.optim.SGD(start.parameters(), lr=at["alpha"])
    for _ in range(at["T"]):
        sgd.zero_grad()
        F.cross_entropy(start(tensor(at["E"])), torch.tensor(at["labels"])).backward()
        sgd.step()
    equal(found["path"][at["T"]], torch.cat([start.weight, start.bias[:, None]], dim=1).detach())


@pytest.mark.parametrize("mode", ["point", "classes"])
@pytest.mark.parametrize("seed", SEEDS)
def test_herding_picks_what_the_library_picks(lasting_page: Page, mode: str, seed: int) -> None:
    page = lasting_page
    random = np.random.default_rng(seed)
    page.locator(f"input[value={mode}]").check()
    labels = random.permutation(np.arange(40) % 2) if mode == "classes" else np.zeros(40, dtype=int)
    cloud = {"name": "made", "points": random.normal(size=(40, 2)).tolist(), "labels": labels.tolist()}
    added = f"cloud => {WIDGET}.data[{WIDGET}.mode].clouds.push({{...cloud, starts: {{}}, E: []}})"
    at = become(page, mode, {"cloud": page.evaluate(added, cloud) - 1})  # push gives the new number of clouds
    each = len(at["labels"]) // len(set(at["labels"]))
    described = F.pad(tensor(cloud["points"]), (0, 1), value=1000.0)
    expected = per_class(torch.tensor(labels), lambda of_class: herd(described[of_class], each))
    assert outcome(page)["herded"] == expected.tolist()


@pytest.mark.parametrize("start", ["trained on the data", "all zero", "another direction"])
def test_the_start_trained_on_the_data_is_a_minimum_and_the_others_are_none(page: Page, start: str) -> None:
    page.locator("input[value=classes]").check()
    page.get_by_label("Start θ₀").select_option(start)
    model, cloud = classifier(tensor(situation(page)["theta_0"])), cloud_of(page)
    weights = sum(p.square().sum() for p in model.parameters())
    loss = F.cross_entropy(model(cloud["points"]), cloud["labels"]) + 1e-3 * weights
    parts = torch.autograd.grad(loss, list(model.parameters()))
    assert (max(part.abs().max().item() for part in parts) < 1e-5) == (start == "trained on the data")


def said(page: Page, pattern: str) -> tuple[float, ...]:
    """Numbers in the prose of the page."""
    (found,) = re.findall(pattern, " ".join(page.locator("pre").all_text_contents()))
    return tuple(float(number) for number in (found if isinstance(found, tuple) else (found,)))


def run_to_the_end(page: Page, steps: int) -> None:
    """Run with steps at once, as whoever wants less motion has it, until so many are taken or nothing moves."""
    page.emulate_media(reduced_motion="reduce")
    for _ in range(steps // 100):
        page.get_by_role("button", name="Run").click()


def test_what_the_page_says_of_a_point_is_what_the_widget_comes_to(page: Page) -> None:
    run_to_the_end(page, 100)
    assert outcome(page)["loss"] < 1e-9
    at, cloud = situation(page), cloud_of(page)
    e, theta_0, d = tensor(at["E"]).mean(0), tensor(at["theta_0"]), cloud["points"].mean(0)
    assert ((e - theta_0).norm() / (d - theta_0).norm()).item() == pytest.approx(
        said(page, r"lies ([\d.]+) times")[0], abs=0.005
    )
    page.get_by_label("T, inner steps").fill("50")
    assert outcome(page)["loss"] == pytest.approx(said(page, r"rises from 0 to ([\d.]+):")[0], abs=0.005)
    run_to_the_end(page, 100)
    assert outcome(page)["loss"] < 1e-9
    page.get_by_role("button", name="Reset").click()
    page.get_by_label("T, inner steps").fill("50")
    expected = said(page, r"the meta loss is ([\d.]+), and ([\d.]+) for")
    assert (outcome(page)["herdedLoss"], outcome(page)["loss"]) == pytest.approx(expected, abs=5e-5)
    page.get_by_role("button", name="Start from herding").click()
    assert outcome(page)["loss"] == pytest.approx(expected[0], abs=5e-5)
    page.get_by_role("button", name="Reset").click()
    page.get_by_label("α, rate").fill("2")
    assert np.abs(outcome(page)["gradient"]).max() < 1e-9


def test_what_the_page_says_of_two_classes_is_what_the_widget_comes_to(page: Page) -> None:
    page.locator("input[value=classes]").check()
    run_to_the_end(page, 300)
    assert outcome(page)["loss"] == pytest.approx(said(page, r"has gone from [\d.]+ to ([\d.]+)\.")[0], abs=5e-5)
    assert outcome(page)["own"] == pytest.approx(said(page, r"where the run ends it is ([\d.]+),")[0], abs=5e-5)
    page.get_by_label("Data").select_option("classes apart")
    lengths = np.linalg.norm(outcome(page)["gradient"], axis=1)
    assert lengths.max() == pytest.approx(said(page, r"the longest ([\d.]+), ")[0], abs=5e-6)
    page.get_by_role("button", name="Reset").click()
    page.get_by_label("Start θ₀").select_option("another direction")
    expected = said(page, r"turn it round, to ([\d.]+); on trained ones they reach ([\d.]+),")
    assert outcome(page)["loss"] == pytest.approx(expected[0], abs=5e-5)
    run_to_the_end(page, 300)
    assert outcome(page)["loss"] == pytest.approx(expected[1], abs=5e-5)
    page.get_by_label("Start θ₀").select_option("trained on the data")
    assert outcome(page)["loss"] == pytest.approx(said(page, r"from there, to ([\d.]+)\.")[0], abs=5e-5)


# --- what its controls do --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["point", "classes"])
@pytest.mark.parametrize("beta", [0.5, 3.0])
def test_a_step_is_exactly_eq_9(page: Page, mode: str, beta: float) -> None:
    before = become(page, mode, {"beta": beta})
    gradient = outcome(page)["gradient"]
    page.get_by_role("button", name="One step").click()
    after = situation(page)
    assert after["E"] == (np.array(before["E"]) - beta * np.array(gradient)).tolist()
    assert after == {**before, "E": after["E"], "steps": 1}


def test_a_step_that_leads_too_far_is_not_taken_and_the_page_says_so(page: Page) -> None:
    before = become(page, "point", {"alpha": 2.1, "T": 50, "beta": 20})
    page.get_by_role("button", name="One step").click()
    assert situation(page) == before
    page.get_by_text("would lead too far").wait_for()


def test_a_run_goes_on_until_it_is_stopped(page: Page) -> None:
    page.locator("input[value=classes]").check()
    page.get_by_role("button", name="Run").click()
    page.wait_for_function(f"{WIDGET}.situation.steps > 3")
    page.get_by_role("button", name="Stop").click()
    stopped = situation(page)
    page.wait_for_timeout(200)
    assert situation(page) == stopped
    assert page.get_by_role("button", name="Run").is_visible()


def test_a_run_ends_when_nothing_moves(page: Page) -> None:
    page.get_by_role("button", name="Run").click()
    page.wait_for_function(f"{WIDGET}.situation.steps > 0 && !{WIDGET}.running")
    assert outcome(page)["loss"] < 1e-9


@pytest.mark.parametrize("mode", ["point", "classes"])
def test_exemplars_start_from_herding_at_random_and_from_the_beginning(page: Page, mode: str) -> None:
    first, cloud = become(page, mode, {}), cloud_of(page)
    page.get_by_role("button", name="Start from herding").click()
    assert tensor(situation(page)["E"]).equal(cloud["points"][outcome(page)["herded"]])
    drawn = []
    for _ in range(2):
        page.get_by_role("button", name="Start from random").click()
        drawn.append(situation(page)["E"])
        for e, label in zip(tensor(drawn[-1]), first["labels"], strict=True):
            assert (cloud["points"][cloud["labels"] == label] == e).all(dim=1).any()
        assert len(set(map(tuple, drawn[-1]))) == len(drawn[-1])
    assert drawn[0] != drawn[1]
    page.get_by_role("button", name="Reset").click()
    assert situation(page) == first


def test_sliders_and_lists_change_the_situation_and_show_it(page: Page) -> None:
    for label, name, value in (("T, inner", "T", 7), ("α, rate", "alpha", 0.55), ("β, rate", "beta", 3.5)):
        page.get_by_label(label).fill(str(value))
        assert situation(page)[name] == value
        assert page.get_by_label(label).locator("xpath=following-sibling::output").inner_text() == str(value)
    assert len(outcome(page)["path"]) == 8
    page.get_by_label("Data").select_option("two heaps")
    assert situation(page)["cloud"] == 1
    assert page.locator(".toy-handle").count() == 5
    page.get_by_label("two classes").check()
    assert page.locator(".toy-handle").count() == 6


def centre(page: Page, name: str) -> tuple[float, float]:
    box = page.get_by_role("button", name=name).locator(".toy-mark").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize(("name", "place"), [("exemplar 4", ("E", 3)), ("start θ₀", ("theta_0",))])
def test_a_mark_is_dragged_with_the_mouse(page: Page, name: str, place: tuple[Any, ...]) -> None:
    def where() -> list[float]:
        found: Any = situation(page)
        for key in place:
            found = found[key]
        return list(found)

    before, losses = where(), outcome(page)["loss"]
    x, y = centre(page, name)
    unit = page.locator(".toy > svg").bounding_box()["width"] / 12  # type: ignore[index]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + unit / 2, y - unit, steps=4)
    page.mouse.up()
    page.mouse.move(x, y)  # no longer dragged
    assert where() == pytest.approx([before[0] + 0.5, before[1] + 1], abs=0.02)
    assert outcome(page)["loss"] != losses
    assert centre(page, name) == pytest.approx((x + unit / 2, y - unit), abs=1.5)


def test_a_mark_is_dragged_with_a_finger(browser: Browser, toy: Path) -> None:
    page = browser.new_page(viewport={"width": 500, "height": 900}, has_touch=True)
    page.goto(toy.as_uri())
    before = situation(page)["E"][3]
    x, y = centre(page, "exemplar 4")
    devices = page.context.new_cdp_session(page)
    for kind, to in (("touchStart", 0), ("touchMove", 20), ("touchMove", 40), ("touchEnd", None)):
        points = [] if to is None else [{"x": x + to, "y": y}]
        devices.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.evaluate(NEXT_FRAME)  # moves are handed to the page once a frame
    unit = page.locator(".toy > svg").bounding_box()["width"] / 12  # type: ignore[index]
    assert situation(page)["E"][3] == pytest.approx([before[0] + 40 / unit, before[1]], abs=0.06)
    page.close()


def test_a_mark_is_moved_with_the_arrow_keys_and_keeps_the_focus(page: Page) -> None:
    before = situation(page)["E"][0]
    handle = page.get_by_role("button", name="exemplar 1")
    handle.focus()
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowUp", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    x, y = situation(page)["E"][0]
    assert (x, y) == pytest.approx((before[0] - 0.1, before[1] + 0.6))
    assert handle.get_attribute("aria-label") == f"exemplar 1, at ({x:.2f}, {y:.2f})".replace("-", "−")
    assert handle.evaluate("handle => handle === document.activeElement")


def test_marks_stay_in_the_picture(page: Page) -> None:
    page.get_by_role("button", name="exemplar 1").focus()
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    assert situation(page)["E"][0][0] == 6
    become(page, "point", {"E": [[9, 0], [0, 0], [0, 0], [0, 0]]})
    assert "toy-outside" in str(page.get_by_role("button", name="exemplar 1").get_attribute("class"))
    page.get_by_text("Outside of the picture, drawn at its edge: 1.").wait_for()


def test_all_can_be_reached_by_tab(page: Page) -> None:
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.id"))
    assert [name[:10] for name in reached[:5]] == ["start θ₀, ", *(f"exemplar {j}" for j in range(1, 5))]
    assert {"toy-cloud", "toy-T", "toy-alpha", "toy-beta"} <= set(reached)


# --- what is said, and what is left without the script ---------------------------------------------------------------


def test_the_numbers_are_said_and_not_more_often_than_twice_a_second(browser: Browser, toy: Path) -> None:
    page = browser.new_page()
    page.clock.install(time=0)
    page.goto(toy.as_uri())
    numbers = page.locator(".toy-numbers[aria-live=polite]")
    first = numbers.inner_text()
    assert f"Meta loss {outcome(page)['loss']:.4g} at" in first
    page.clock.pause_at(3600)  # seconds; else the clock runs on, and a slow machine takes longer for the clicks
    for _ in range(5):
        page.get_by_role("button", name="One step").click()
    assert numbers.inner_text() == first
    page.clock.run_for(600)
    assert "Steps of Eq. 9 taken: 5." in numbers.inner_text()
    assert f"Meta loss {outcome(page)['loss']:.4g} at" in numbers.inner_text()
    page.close()


def test_arrows_are_as_long_as_the_page_says(page: Page) -> None:
    (scale,) = re.findall(r"drawn ([\d.]+) times", page.locator(".toy-numbers").inner_text())
    x0, y0, x1, y1 = page.locator(".toy-arrow").first.evaluate(
        "arrow => { const n = arrow.getAttribute('d').match(/-?[\\d.]+/g).map(Number); return n.slice(0, 4) }"
    )
    g = outcome(page)["gradient"][0]
    assert [(x1 - x0) / 60, (y0 - y1) / 60] == pytest.approx([-float(scale) * g[0], -float(scale) * g[1]])


def visible(page: Page) -> tuple[bool, bool]:
    """Whether the figure and the widget's picture are to be seen."""
    return page.locator(".tag_widget-figure img").is_visible(), page.locator(".toy > svg").is_visible()


def test_the_figure_gives_way_to_the_widget_but_not_on_paper(page: Page) -> None:
    assert visible(page) == (False, True)
    page.emulate_media(media="print")
    assert visible(page) == (True, False)


def test_without_javascript_the_figure_stays(browser: Browser, toy: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(toy.as_uri())
    assert visible(page) == (True, False)
    page.close()


def test_where_the_script_fails_the_figure_stays(browser: Browser, toy: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text(toy.read_text(encoding="utf-8").replace('"theta_0"', '"x"').replace('"clouds"', '"x"'))
    page = browser.new_page()
    page.goto(broken.as_uri())
    assert visible(page)[0]
    page.close()
