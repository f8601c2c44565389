"""One small safetensors file beside a run's record, with what was kept of each phase; every tensor is checked.

The file grows while the run is made, phase by phase. The names of its tensors are ``<phase>.snapshots.images`` and so
on; its metadata are one JSON text under ``header``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd
from safetensors import safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.provenance import Identity
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.exemplars.file_format import Checked, parse_header, plain_errors
from mnemonics_lib.kept.tables import from_tensors, to_tensors

TABLES = ("embedding", "margins")


class KeptError(ReportedError, ValueError):
    """A file of kept artefacts that cannot be used. The message names it."""


class Snapshots(NamedTuple):
    """Exemplars of a few new classes while they are trained by Eq. 9.

    Attributes:
        images: as they are shown, uint8, 0 black and 255 white, [steps, n, c, h, w].
        steps: outer steps done when each was taken, int64 [steps]; 0 first.
        labels: class positions, int64 [n]; of each class the best-ranked exemplars, in order of rank.
    """

    images: Tensor
    steps: Tensor
    labels: Tensor


@dataclass(frozen=True)
class OfPhase:
    """What was kept of one phase; None for what was not asked for.

    Attributes:
        snapshots: None too where the run does not train its exemplars.
        embedding: see :func:`mnemonics_lib.kept.embedding.embedding`.
        margins: see :func:`mnemonics_lib.kept.tables.margin_table`.
    """

    snapshots: Snapshots | None = None
    embedding: pd.DataFrame | None = None
    margins: pd.DataFrame | None = None


@dataclass(frozen=True)
class Kept:
    """What a run has kept beside its record, as :func:`read_kept` gives it.

    Attributes:
        identity: of the run; equal to that of its record.
        keep: what was asked for.
        phases: what was kept, by phase; fewer than were asked for where the run is not finished, or went on without
            keeping anything.
    """

    identity: Identity
    keep: Keep
    phases: Mapping[int, OfPhase] = field(default_factory=dict)


class KeptHeader(Checked):
    """What the file says beside its tensors."""

    format: Literal["mnemonics kept"] = "mnemonics kept"
    version: Literal[1] = 1
    identity: Identity
    keep: Keep
    phases: list[int]


def write_kept(path: Path, kept: Kept) -> None:
    """Write the file, whole or not at all.

    Raises:
        OSError: when the file system refuses, naming the file; what was there before is still there.
    """
    tensors: dict[str, Tensor] = {}
    for phase, of_phase in kept.phases.items():
        found = {} if of_phase.snapshots is None else {"snapshots": of_phase.snapshots._asdict()}
        found |= {name: to_tensors(table) for name in TABLES if (table := getattr(of_phase, name)) is not None}
        tensors |= {f"{phase}.{part}.{name}": each for part, of in found.items() for name, each in of.items()}
    header = KeptHeader(identity=kept.identity, keep=kept.keep, phases=sorted(kept.phases))
    header = header.model_copy(update={"checksum": header.digest(tensors)})
    content = safetensors_bytes(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, {"header": header.model_dump_json()}
    )
    write_atomically(path, lambda file: file.write(content))


def read_kept(path: str | Path) -> Kept:
    """Read what a run has kept: ``kept.safetensors`` in its directory, or a copy of it.

    Raises:
        FileNotFoundError: when there is no such file.
        KeptError: for a file that is damaged, or not of this format and version; names the file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there; a run leaves it where it is asked to keep something")
    try:
        with plain_errors(path), safe_open(path, "pt") as file:
            # Copies, because the tensors of safetensors are windows into the file, which may change under them.
            tensors = {name: file.get_tensor(name).clone() for name in sorted(file.keys())}
            header = parse_header(KeptHeader, (file.metadata() or {}).get("header", "null"))
            header.require_checksum(tensors)
    except ValueError as error:
        raise KeptError(f"{error}; delete it and make the run again") from None
    return Kept(header.identity, header.keep, {phase: _of_phase(phase, tensors) for phase in header.phases})


def _of_phase(phase: int, tensors: Mapping[str, Tensor]) -> OfPhase:
    """What the tensors whose names begin with a phase hold; the checksum says that they are as they were written."""

    def part(name: str) -> dict[str, Tensor]:
        prefix = f"{phase}.{name}."
        return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}

    snapshots = part("snapshots")
    tables = {name: from_tensors(found) for name in TABLES if (found := part(name))}
    return OfPhase(Snapshots(**snapshots) if snapshots else None, **tables)
