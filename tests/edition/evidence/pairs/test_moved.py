"""How far exemplars went: the unit, and the extremes over settings, from numbers of the records' files."""

import json
from statistics import fmean

import pytest

from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition.evidence.pairs.moved import grey_levels, moved_in_words
from mnemonics_lib.edition.names import span
from mnemonics_lib.paths import RECORDS

ARMS = ("lwf-trained-20", "lucir-trained-5")
FILES = {arm: sorted((RECORDS / "evidence/primary" / arm).glob("seed-*.json")) for arm in ARMS}


def test_a_grey_level_is_one_of_those_of_the_data() -> None:
    assert grey_levels(1.0, "cifar100") == pytest.approx(255 * (0.2009 + 0.1984 + 0.2023) / 3)


def test_pixels_that_are_normalised_by_themselves_have_no_constants() -> None:
    with pytest.raises(ValueError, match=r"^dataset = 'digits': must be one that is normalised by constants$"):
        grey_levels(1.0, "digits")


def test_the_sentence_has_the_extremes_of_the_files() -> None:
    read = {arm: [json.loads(path.read_text()) for path in paths] for arm, paths in FILES.items()}
    far = [fmean(run["displacement"] for run in runs) for runs in read.values()]
    times = [
        fmean(run["results"][0]["displacement_new"] for run in runs)
        / fmean(run["results"][0]["exemplars"]["noise_displacement"] for run in runs)
        for runs in read.values()
    ]
    said = moved_in_words({arm: list(map(read_record, paths)) for arm, paths in FILES.items()}, "cifar100")
    assert f"were {min(far):.3f} to {max(far):.3f} std away" in said
    assert f"is {grey_levels(min(far), 'cifar100'):.1f} to {grey_levels(max(far), 'cifar100'):.1f} of 255" in said
    assert f"went {span(times, '{:.1f}')} times as far" in said
