"""How far trained exemplars went, in a unit that a person can picture: a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.names import span


def grey_levels(std: float, dataset: str) -> float:
    """A displacement in standard deviations that a data set's images are normalised by, as levels of its grey scale.

    Raises:
        ValueError: for a data set that is normalised by its own pixels, as digits are.
    """
    info = DATASETS[dataset]
    if info.normalisation is None:
        raise ValueError(f"dataset = {dataset!r}: must be one that is normalised by constants")
    return std * fmean(info.normalisation[1]) * info.white


def moved_in_words(settings: Mapping[str, Sequence[Record]], dataset: str) -> str:
    """How far the exemplars of some settings were in the end from the images that training started from.

    Args:
        settings: name -> its runs, all with trained exemplars; at least one run each.
        dataset: theirs.
    """
    far = [fmean(record.displacement for record in of) for of in settings.values()]
    levels = [grey_levels(each, dataset) for each in far]
    new = [fmean(record.results[0].displacement_new for record in of) for of in settings.values()]
    noise = [
        fmean(said.noise_displacement for said in first if said and said.noise_displacement is not None)
        for of in settings.values()
        for first in [[record.results[0].exemplars for record in of]]
    ]
    times = [mine / of_noise for mine, of_noise in zip(new, noise, strict=True)]
    return (
        f"In the end trained exemplars were {span(far, '{:.3f}')} std away from the images that they had "
        "been (root mean square, means by setting; std are what images are normalised by), which is "
        f"{span(levels, '{:.1f}')} of {DATASETS[dataset].white} grey levels. In phase 0 they went "
        f"{span(times, '{:.1f}')} times as far as noise of their gradient's size would have carried them."
    )
