"""Memory and seconds of a hypergradient, engine by engine: the measurements, and the sentences that they decide."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mnemonics_lib.edition.benchmarks.rows import Row, threads
from mnemonics_lib.edition.names import span
from mnemonics_lib.errors import ReportedError

SETTING = ["device", "threads", "torch", "network", "exemplars", "T"]
"""What two engines have in common where they are compared."""
KEPT = "adjoint, kept"
"""``adjoint`` where it keeps its graphs, beside the two engines."""
ENGINES = ("higher", "adjoint", KEPT)
NUMBERS = ["seconds", "low", "high", "rounds", "peak_mb", "predicted_mb", "rel_diff"]
CLOSE = 1e-3
"""A relative difference of two gradients above which rounding in single precision is no explanation."""
LARGE = 500
"""A peak in MiB above which the libraries' own memory does not count beside it."""


class BenchmarkError(ReportedError, ValueError):
    """Benchmarks that cannot be told apart. The message names the setting."""


def measurements(rows: Sequence[Row]) -> pd.DataFrame:
    """What ``bench hypergradient`` wrote, a row for each setting and engine.

    Args:
        rows: at least one. A run that the memory guard refused has its words in ``refused``, and no numbers.

    Raises:
        BenchmarkError: for two rows of one setting and engine, of which neither is told from the other.
    """
    frame = pd.DataFrame(list(rows))
    twice = frame[frame.duplicated([*SETTING, "engine"])]
    if len(twice):
        row = twice.iloc[0]
        setting = ", ".join(f"{name} = {row[name]}" for name in (*SETTING, "engine"))
        raise BenchmarkError(f"{setting}: is there twice; which file is meant?")
    frame[NUMBERS] = frame[NUMBERS].astype(float)  # a column of nulls alone would hold objects
    return frame


def machines(rows: Sequence[Row]) -> str:
    """On what it was measured."""
    return "; ".join(dict.fromkeys(f"{row['device']}, {threads(row)}, PyTorch {row['torch']}" for row in rows))


def findings(bench: pd.DataFrame) -> list[str]:
    """Sentences: how the engines compare, how memory grows with T, how far the gradients and the guard are off.

    Args:
        bench: of :func:`measurements`.
    """
    both = _side_by_side(bench)
    if both.empty:
        return ["No setting was measured with both engines.", *_gradients(bench), *_guard(bench)]
    return [_compared(both), *_kept(both), *_growth(both), *_gradients(bench), *_guard(bench)]


def _side_by_side(bench: pd.DataFrame) -> pd.DataFrame:
    """A row for each setting that both engines were measured at; T grows within the rest of a setting."""
    measured = ["peak_mb", "seconds"]
    wide = bench.pivot_table(index=SETTING, columns="engine", values=measured, sort=False)
    wide = wide.reindex(columns=pd.MultiIndex.from_product([measured, ENGINES]))
    needed = [(number, engine) for number in measured for engine in ENGINES[:2]]
    return wide.dropna(subset=needed).sort_index(level=SETTING)


def _settings(found: pd.DataFrame) -> str:
    return "1 setting" if len(found) == 1 else f"{len(found)} settings"


def _compared(both: pd.DataFrame) -> str:
    peak = both["peak_mb", "adjoint"] / both["peak_mb", "higher"]
    time = both["seconds", "adjoint"] / both["seconds", "higher"]
    return (
        f"Where both ran ({_settings(both)}), the peak of `adjoint` is {span(peak, '{:.2f}')} times that of "
        f"`higher`, and its time {span(time, '{:.2f}')} times; it is the faster one in "
        f"{(time < 1).sum()} of {len(both)}."
    )


def _kept(both: pd.DataFrame) -> list[str]:
    with_kept = both.dropna()
    if with_kept.empty:
        return []
    found = with_kept["seconds"]
    over = {engine: span(found[KEPT] / found[engine], "{:.2f}") for engine in ENGINES[:2]}
    return [
        f"Where `adjoint` keeps its graphs ({_settings(with_kept)}), its time is {over['adjoint']} times that without, "
        f"and {over['higher']} times that of `higher`."
    ]


def _growth(both: pd.DataFrame) -> list[str]:
    """From the fewest inner steps of a setting to the most."""
    groups = both.reset_index("T").groupby(level=SETTING[:-1], sort=False)
    first, last = groups.first(), groups.last()
    longer = last["T"] / first["T"]
    longer = longer[longer > 1]
    if longer.empty:
        return []
    grown = [
        f"that of `{engine}` {span((last['peak_mb', engine] / first['peak_mb', engine])[longer.index], '{:.1f}')} times"
        for engine in ENGINES[:2]
    ]
    return [f"When $T$ grows {span(longer, '{:.0f}')} times, the peak grows: {', '.join(grown)}."]


def _gradients(bench: pd.DataFrame) -> list[str]:
    compared = bench[(bench["engine"] == "adjoint") & bench["rel_diff"].notna()]
    if compared.empty:
        return []
    apart, far = compared["rel_diff"], compared[compared["rel_diff"] > CLOSE]
    text = f"The relative difference between the two gradients is {apart.min():.1e} to {apart.max():.1e}."
    if far.empty:
        return [text]
    if not far["device"].str.startswith("cuda").all():
        return [text, "That is more than single precision explains."]
    return [
        text,
        "That is more than single precision explains: on this GPU convolutions are TF32's. The next section does the "
        "same on a CPU.",
    ]


def _guard(bench: pd.DataFrame) -> list[str]:
    checked = bench[(bench["peak_mb"] > LARGE) & bench["predicted_mb"].notna()]
    if checked.empty:
        return []
    ratio = span(checked["predicted_mb"] / checked["peak_mb"], "{:.2f}")
    return [
        f"The guard's prediction is {ratio} times the measured peak, where that is above {LARGE} MiB. Smaller ones are "
        "those of libraries that set themselves up as well."
    ]
