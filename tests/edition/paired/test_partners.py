"""Two runs of one seed are a pair, or the error says in what they are none."""

from typing import Any

import pytest

from mnemonics_lib.edition.paired.partners import PairError, refuse_strangers
from tests.made_records import made


@pytest.mark.parametrize("changes", [{}, {"method": "lucir"}, {"exemplars": "random"}, {"classes": [0, 5]}])
def test_what_is_compared_may_differ(changes: dict[str, Any]) -> None:
    both = {"classes": changes["classes"]} if "classes" in changes else {}
    refuse_strangers(made(2, 80.0, **changes), made(2, 81.0, **both), ("one", "other"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": [0, 5]}, "classes = [0, 5] and [0, 10]"),
        ({"phases": 1}, "phases = 1 and 5"),
        ({"order_seed": 7}, "order_seed = 7 and 1993"),
    ],
)
def test_strangers_are_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(PairError) as caught:
        refuse_strangers(made(2, 80.0, **changes), made(2, 81.0), ("one", "other"))
    assert str(caught.value) == f"one and other: {said}: must be equal where seed 2 is to be a pair"
