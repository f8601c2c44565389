"""What a run keeps beside its record, so that the book can draw its exemplars without training them again.

``runs.run(config, keep=Keep())`` leaves ``kept.safetensors`` beside the record, and :func:`read_kept` reads it.
"""

from mnemonics_lib.config.keep import Keep
from mnemonics_lib.kept.file import Kept, KeptError, OfPhase, Snapshots, read_kept

__all__ = ["Keep", "Kept", "KeptError", "OfPhase", "Snapshots", "read_kept"]
