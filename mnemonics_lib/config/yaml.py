"""YAML 1.2, in which numbers and words are what they look like.

PyYAML reads YAML 1.1, where ``010`` is 8, ``1:30`` is 90, ``no`` is false and ``1e-3`` is a word.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.resolver import VersionedResolver

from mnemonics_lib.config.errors import ConfigError


class _Resolver(VersionedResolver):
    """ruamel.yaml's, but 2020-01-01 stays a string: YAML 1.2 knows no dates, and no field is one."""

    def add_version_implicit_resolver(self, version: Any, tag: Any, regexp: Any, first: Any) -> None:
        if not tag.endswith(":timestamp"):
            super().add_version_implicit_resolver(version, tag, regexp, first)


def parse_yaml(text: str, source: str | Path = "YAML") -> Any:
    """What a YAML text says, in plain Python values.

    Args:
        text: one document.
        source: where it is from, for the message.

    Raises:
        ConfigError: for a text that is no YAML, and for a key given twice: with the line, and the key.
    """
    try:
        return _yaml().load(text)
    except (YAMLError, ValueError) as error:  # ValueError: a number that Python cannot read, such as 0b2
        raise ConfigError(f"{source}: cannot be read as YAML: {_reason(error)}") from None


def read_yaml(path: str | Path) -> Any:
    """What a YAML file says; see :func:`parse_yaml`.

    Raises:
        ConfigError: for a file that cannot be read, with its path.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from None
    return parse_yaml(text, path)


def write_yaml(values: Any) -> str:
    """Plain values as YAML, which :func:`parse_yaml` gives back; mappings keep their order."""
    text = StringIO()
    _yaml().dump(values, text)
    return text.getvalue()


def _yaml() -> YAML:
    """A fresh one for each text, because it remembers what it read."""
    yaml = YAML(typ="safe", pure=True)  # pure: the version in C reads YAML 1.1
    yaml.Resolver = _Resolver
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated as None, its default
    return yaml


def _reason(error: Exception) -> str:
    """The first line of what ruamel.yaml says, with the line of the text it is about."""
    if not isinstance(error, MarkedYAMLError):
        return str(error)
    where = error.problem_mark or error.context_mark
    return f"{error.problem or error.context}" + (f" (line {where.line + 1})" if where else "")
