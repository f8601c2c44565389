"""A run's configuration: read at the edge, checked once, and handed down as values."""

from mnemonics_lib.config.fields import (
    PAPER_EXEMPLAR_LEVEL,
    ConfigError,
    ExemplarLevel,
    Finetuning,
    Network,
    Optimisation,
    RunConfig,
    Training,
    from_parameters,
    load_config,
    parse_config,
)

__all__ = [
    "PAPER_EXEMPLAR_LEVEL",
    "ConfigError",
    "ExemplarLevel",
    "Finetuning",
    "Network",
    "Optimisation",
    "RunConfig",
    "Training",
    "from_parameters",
    "load_config",
    "parse_config",
]
