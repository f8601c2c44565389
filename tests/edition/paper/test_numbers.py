"""What the paper reports, as the pages read it."""

import pytest

from mnemonics_lib.edition.paper.numbers import NotReportedError, claimed, gains_over

CELLS = {
    ("lucir", False, "cifar100", 5): (63.17, 18.70),
    ("lucir", True, "cifar100", 5): (64.95, 11.64),
    ("bic", False, "imagenet", 25): (53.47, 33.17),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_the_papers(cell):
    found = claimed(*cell)
    assert (found.avg_acc, found.forgetting) == CELLS[cell]


def test_by_itself_it_is_cifar_100_in_five_phases_without_what_the_paper_adds():
    assert claimed("icarl").equals(claimed("icarl", False, "cifar100", 5))


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"method": "podnet"}, "podnet"),
        ({"method": "lwf", "phases": 2}, "2"),
        ({"method": "lwf", "dataset": "svhn"}, "svhn"),
    ],
)
def test_what_the_table_does_not_have_is_an_error_that_says_what_it_has(asked, named):
    with pytest.raises(NotReportedError, match=rf"{named}.*phases: 5, 10, 25; method: lwf, icarl, bic, lucir"):
        claimed(**asked)


def test_what_the_paper_gains_by_training_alone_is_its_table_2():
    assert gains_over("herding") == pytest.approx({5: 0.58, 10: 0.84, 25: 1.36})
    assert gains_over("random") == pytest.approx({5: 0.91, 10: 0.04, 25: 0.25})
    assert gains_over("herding", "forgetting") == pytest.approx({5: -7.24, 10: -8.83, 25: -10.11})
    assert gains_over("herding", adjusted=True) == pytest.approx({5: 1.39, 10: 1.47, 25: 2.65})
    assert gains_over("random", adjusted=True) == pytest.approx({5: 1.44, 10: 0.79, 25: 2.11})
