"""Memory and seconds of a hypergradient as a table: a row for each number of exemplars and T, engines side by side."""

from __future__ import annotations

import pandas as pd

from mnemonics_lib.edition.benchmarks.hypergradient import KEPT, BenchmarkError

NOTHING = "–"


def hypergradient_table(rows: pd.DataFrame) -> list[dict[str, str]]:
    """The decisive columns first: the ratios, the difference of the gradients, then each engine's numbers.

    Args:
        rows: of :func:`~mnemonics_lib.edition.benchmarks.hypergradient.measurements`, one device and one network.

    Raises:
        BenchmarkError: for rows of several devices, networks, versions of PyTorch or numbers of threads.
    """
    for name in ("device", "threads", "torch", "network"):
        if len(several := rows[name].unique()) > 1:
            raise BenchmarkError(f"{name} = {', '.join(map(str, several))}: must be one in a table")
    return [
        {
            "exemplars": str(exemplars),
            "$T$": str(steps),
            "memory ratio": _ratio(found, "peak_mb"),
            "time ratio": _ratio(found, "seconds"),
            "relative difference": _number(found, "adjoint", "rel_diff", "{:.1e}"),
            "`higher` (MiB)": _peak(found, "higher"),
            "`adjoint` (MiB)": _peak(found, "adjoint"),
            "kept (MiB)": _peak(found, KEPT),
            "`higher` (s)": _number(found, "higher", "seconds", "{:.3g}"),
            "`adjoint` (s)": _number(found, "adjoint", "seconds", "{:.3g}"),
            "kept (s)": _number(found, KEPT, "seconds", "{:.3g}"),
        }
        for (exemplars, steps), found in rows.groupby(["exemplars", "T"])
    ]


def refusal(bench: pd.DataFrame) -> str | None:
    """What the memory guard said to the first run that it refused; None where it refused none."""
    refused = bench["refused"].dropna()
    return None if refused.empty else str(refused.iloc[0])


def _number(rows: pd.DataFrame, engine: str, column: str, form: str) -> str:
    values = rows[rows["engine"] == engine][column].dropna()
    return form.format(values.iloc[0]) if len(values) else NOTHING


def _ratio(rows: pd.DataFrame, column: str) -> str:
    """The adjoint's number over ``higher``'s."""
    ours, theirs = (rows[rows["engine"] == engine][column].dropna() for engine in ("adjoint", "higher"))
    return f"{ours.iloc[0] / theirs.iloc[0]:.2f}" if len(ours) and len(theirs) else NOTHING


def _peak(rows: pd.DataFrame, engine: str) -> str:
    """The measured peak; that of a refused run as it was predicted, in brackets."""
    refused = rows[(rows["engine"] == engine) & rows["refused"].notna()]
    if len(refused):
        return f"refused ({refused['predicted_mb'].iloc[0]:,.0f})"
    return _number(rows, engine, "peak_mb", "{:,.0f}")
