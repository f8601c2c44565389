"""Signs are compared where both sides have one, and numbers of the paper are those of its Table 2."""

import pytest

from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paper.numbers import NotReportedError, claimed_of_kind
from mnemonics_lib.edition.paper.signs import ON_DIGITS, Difference, signs_table, verdict
from mnemonics_lib.edition.report import evidence
from tests.made_records import write_arm

ABOVE, BELOW, ACROSS = ([1.0, 1.1, 1.2], [-1.0, -1.1, -1.2], [-1.0, 0.1, 1.0])


@pytest.mark.parametrize(
    ("paper", "ours", "said"),
    [
        (0.58, ABOVE, "same sign"),
        (-0.58, BELOW, "same sign"),
        (0.58, BELOW, "**opposite sign**"),
        (-0.58, ABOVE, "**opposite sign**"),
        (0.58, ACROSS, "no difference shown"),
        (0.58, ABOVE[:2], "too few seeds"),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side_of_zero(paper, ours, said):
    assert verdict(paper, interval(ours)) == said


@pytest.mark.parametrize("paper", [None, 0.0])
@pytest.mark.parametrize("ours", [ABOVE, BELOW, ACROSS])
def test_where_the_paper_has_no_side_the_interval_speaks_alone(paper, ours):
    found: Interval = interval(ours)
    assert verdict(paper, found) == found.verdict


def test_the_papers_differences_are_those_of_its_table():
    by_name = {difference.name: difference for difference in ON_DIGITS}
    assert by_name["trained minus herding"].in_paper("avg_acc") == pytest.approx(63.97 - 63.39)
    assert by_name["adjusted minus not, trained"].in_paper("avg_acc") == pytest.approx(64.95 - 63.97)
    assert by_name["trained by Eq. 4b minus by Eq. 7"].in_paper("forgetting") is None


def test_a_row_has_both_sides_and_a_dash_where_nothing_was_run(tmp_path):
    folder = tmp_path / "quick" / "digits-n5"
    write_arm(folder / "herding", [84.0, 80.0, 82.0])
    write_arm(folder / "mnemonics", [81.0, 77.1, 78.9], exemplars="mnemonics")
    first, second, *_ = signs_table({5: evidence("quick", "digits-n5", tmp_path)}, "average_accuracy")
    assert first["difference"] == "trained minus herding"
    assert first["paper says"] == "+0.58"
    assert first["we got, N = 5"].startswith("-3.00")
    assert first["verdict, N = 5"] == "**opposite sign**"
    assert (second["we got, N = 5"], second["verdict, N = 5"]) == ("not run", "–")


def test_forgetting_has_the_papers_column_of_it():
    (first, *_) = signs_table({}, "forgetting")
    of = [claimed_of_kind(kind).forgetting for kind in ("mnemonics", "herding")]
    assert first == {"difference": "trained minus herding", "paper says": f"{of[0] - of[1]:+.2f}"}


def test_a_kind_that_the_table_does_not_have_is_an_error_that_says_what_it_has():
    unknown = Difference("a", "b", "c", (("joint", False), ("herding", False)))  # type: ignore[arg-type]
    with pytest.raises(NotReportedError, match=r"joint.*Table 2.*exemplars: random, herding, mnemonics"):
        unknown.in_paper("avg_acc")
