"""A run's configuration: read at the edge, checked once, and handed down as values.

``sections`` has the values of each part, ``run`` the whole and what must fit together in it, ``reading`` gets one from
files and overrides, ``presets`` has the rows of the paper's tables, ``recipes`` the ways to train exemplars,
``options`` the command line's words for all of that, ``batches`` counts what batch statistics are taken from,
``effect`` says which fields decide anything, ``errors`` what is wrong, and ``shown`` keeps that short. None needs
torch.
"""

from mnemonics_lib.config.errors import ConfigError
from mnemonics_lib.config.reading import Overrides, configuration, load_config, override, parse_config
from mnemonics_lib.config.run import ExemplarKind, RunConfig
from mnemonics_lib.config.sections import (
    PAPER_EXEMPLAR_LEVEL,
    ExemplarLevel,
    Finetuning,
    Network,
    Optimisation,
    Strict,
    Training,
)
from mnemonics_lib.config.yaml import parse_yaml, read_yaml, write_yaml

__all__ = [
    "PAPER_EXEMPLAR_LEVEL",
    "ConfigError",
    "ExemplarKind",
    "ExemplarLevel",
    "Finetuning",
    "Network",
    "Optimisation",
    "Overrides",
    "RunConfig",
    "Strict",
    "Training",
    "configuration",
    "load_config",
    "override",
    "parse_config",
    "parse_yaml",
    "read_yaml",
    "write_yaml",
]
