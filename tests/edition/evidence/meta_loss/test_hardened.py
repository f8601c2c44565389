"""Harder exemplars are counted by what networks know, a training once."""

from collections.abc import Sequence
from dataclasses import replace

from mnemonics_lib.edition.evidence.meta_loss.hardened import DIGITS, in_phase_0, rows
from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.evidence.pairs.settings import AGAIN, AUGMENTED, Setting
from mnemonics_lib.edition.evidence.pairs.trainings import Training
from mnemonics_lib.edition.paired.intervals import interval

HARDER, EASIER = (0.1, 0.2), (0.2, 0.1)


def training(phase: int, knows: float, change: tuple[float, float], network: float | None = None) -> Training:
    return Training(phase, knows, *change, network)


def gain(
    method: str,
    trainings: Sequence[Training],
    far: bool = False,
    data: str = "CIFAR-100: 20 classes",
) -> Gain:
    setting = Setting("evidence/primary", "a", "b", data, method, "5 a class", looks_far=far)
    return Gain(setting, {0: 1.0}, interval([1.0]), True, 80.0, tuple(trainings))


def test_they_are_counted_by_what_the_network_knows_and_by_method_later() -> None:
    lwf = [training(0, 59.9, HARDER), training(0, 60.0, EASIER), training(1, 90.0, HARDER), training(2, 100.0, EASIER)]
    lucir = [training(0, 84.0, HARDER), training(3, 95.0, HARDER)]
    found = rows([gain("LwF", lwf), gain("LUCIR", lucir)])
    assert found == [
        {
            "network knows": "0 to 60 %",
            "phase 0, all methods": "1 of 1",
            "later phases, LwF": "–",
            "later phases, LUCIR": "–",
        },
        {
            "network knows": "60 to 85 %",
            "phase 0, all methods": "1 of 2",
            "later phases, LwF": "–",
            "later phases, LUCIR": "–",
        },
        {
            "network knows": "85 to 100 %",
            "phase 0, all methods": "–",
            "later phases, LwF": "1 of 2",
            "later phases, LUCIR": "1 of 1",
        },
    ]


def test_a_training_that_two_methods_share_counts_once_and_far_loops_and_digits_do_not() -> None:
    shared = [training(0, 90.0, HARDER), training(1, 90.0, HARDER)]
    other = [training(0, 91.0, HARDER)]
    found = rows(
        [gain("LwF", shared), gain("iCaRL", shared), gain("LUCIR", other, far=True), gain("LwF", other, data="digits")]
    )
    assert found[-1] == {
        "network knows": "85 to 100 %",
        "phase 0, all methods": "1 of 1",
        "later phases, LwF": "1 of 1",
    }


def test_words_have_the_ends_of_the_table() -> None:
    lwf = [training(0, 50.0, EASIER), training(0, 95.0, HARDER), training(1, 50.0, HARDER), training(2, 95.0, EASIER)]
    lucir = [training(0, 55.0, HARDER), training(3, 70.0, HARDER)]
    assert in_phase_0([gain("LwF", lwf), gain("LUCIR", lucir)]) == (
        "In phase 0 exemplars became harder in 1 of 2 trainings where the network knows 0 to 60 % of its training "
        "images, and in 1 of 1 where it knows 85 to 100 %; in later phases in 1 of 1 and 0 of 1 (LwF)."
    )


def test_words_have_digits_beside_and_of_how_many_networks_trainings_are() -> None:
    known = [training(0, 95.0, HARDER, 0.5), training(0, 95.0, EASIER, 0.5), training(0, 99.0, HARDER, 0.6)]
    digits = [training(0, 99.7, EASIER, 0.1), training(0, 100.0, EASIER, 0.1), training(1, 100.0, HARDER, 0.1)]
    harder = [training(0, 100.0, HARDER, 0.1), *digits[1:]]
    little = training(0, 50.0, EASIER, 0.9)
    others = [gain("LwF", [little, *known]), gain("LUCIR", known[:1], far=True)]
    assert in_phase_0([*others, gain("LwF", digits, data=DIGITS)]) == (
        "In phase 0 exemplars became harder in 0 of 1 trainings where the network knows 0 to 60 % of its training "
        "images, and in 2 of 3 (on 2 networks) where it knows 85 to 100 %, and with digits, of which it knows "
        "99.7 to 100.0 %, in 0 of 2 (on 1 network), which speaks against the terms."
    )
    said = in_phase_0([*others, gain("LwF", harder, data=DIGITS)])
    assert said.endswith("and with digits, of which it knows 100.0 %, in 1 of 2 (on 1 network).")
    unknown = in_phase_0([gain("LwF", [little, *known, training(0, 96.0, EASIER)])])
    assert "in 2 of 4 where it knows 85 to 100 %." in unknown


def test_a_training_of_lwf_and_icarl_that_two_machines_rounded_differently_counts_once() -> None:
    found = rows(
        [
            gain("LwF", [training(0, 90.0, HARDER), training(1, 90.0, HARDER)]),
            gain("iCaRL", [training(0, 90.0, (0.1, 0.2000001)), training(1, 90.0, (0.1, 0.2000001))]),
        ]
    )
    assert (found[-1]["phase 0, all methods"], found[-1]["later phases, LwF"]) == ("1 of 1", "1 of 1")


def test_trainings_by_eq_4b_are_counted_in_phase_0_where_it_is_eq_7_and_in_no_later_one() -> None:
    own = gain("BiC", [training(0, 90.0, HARDER), training(1, 90.0, EASIER)])
    of_eq_4b = (training(0, 91.0, EASIER), training(1, 90.0, HARDER))
    other = replace(own, setting=replace(own.setting, study=AGAIN), trainings=of_eq_4b)
    assert (rows([own])[-1]["phase 0, all methods"], rows([own, other])[-1]["phase 0, all methods"]) == (
        "1 of 1",
        "1 of 2",
    )
    assert rows([own, other])[-1]["later phases, BiC"] == "0 of 1"


def test_trainings_by_augmented_images_stand_beside_the_table() -> None:
    own = gain("LwF", [training(0, 50.0, EASIER), training(0, 90.0, HARDER)])
    of_augmented = (training(0, 92.0, EASIER), training(0, 80.0, HARDER), training(1, 92.0, HARDER))
    other = replace(own, setting=replace(own.setting, study=AUGMENTED), trainings=of_augmented)
    assert rows([own, other]) == rows([own])
    assert in_phase_0([own, other]).endswith(
        "and in 1 of 1 where it knows 85 to 100 %, and with images of the judge augmented, of which it knows 92.0 %, "
        "in 0 of 1, which speaks against the terms."
    )
    beside = replace(other, setting=replace(other.setting, asked=False))
    assert rows([own, beside])[-1]["phase 0, all methods"] == "1 of 2"


def test_a_method_that_is_in_one_row_alone_is_not_in_the_words() -> None:
    known = gain("BiC", [training(0, 90.0, HARDER), training(1, 90.0, HARDER)])
    said = in_phase_0(
        [known, gain("LwF", [training(0, 10.0, EASIER), training(1, 10.0, EASIER), training(1, 90.0, HARDER)])]
    )
    assert said.endswith("; in later phases in 0 of 1 and 1 of 1 (LwF).")
    assert in_phase_0([known]).endswith("where it knows 85 to 100 %.")
