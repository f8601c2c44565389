"""YAML 1.2, in which numbers and words are what they look like.

PyYAML reads YAML 1.1, where ``010`` is 8, ``1:30`` is 90, ``no`` is false and ``1e-3`` is a word.

What a parameter file has no need of is refused: anchors and aliases, by which a few lines can stand for a billion;
tags, which make other things than words, numbers, lists and mappings; a ``%`` header of another version; texts of more
than 100,000 letters, and nesting of more than 16 levels. ``<<`` is a key like any other, and a date a word.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
)
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver

from mnemonics_lib.config.errors import ConfigError
from mnemonics_lib.config.shown import LONGEST_SOURCE, cut, shown

LONGEST_TEXT, DEEPEST = 100_000, 16
"""Letters of a text, and levels of lists and mappings in one another."""
TOO_LONG = f"more than {LONGEST_TEXT:,} letters"

NOT_PLAIN = ("timestamp", "merge", "value")
"""What ruamel.yaml also sees in a plain word, and the core of YAML 1.2 does not: 2020-01-01, << and =."""


class _Resolver(VersionedResolver):
    """ruamel.yaml's, but without ``NOT_PLAIN``: such words stay words."""

    def add_version_implicit_resolver(self, version: Any, tag: Any, regexp: Any, first: Any) -> None:
        if tag.rpartition(":")[2] not in NOT_PLAIN:
            super().add_version_implicit_resolver(version, tag, regexp, first)


class _Constructor(SafeConstructor):
    """ruamel.yaml's, but a number that Python cannot read is an error with a line."""

    def number(self, node: Any) -> Any:
        """An int or a float, by the node's tag."""
        read = self.construct_yaml_int if node.tag.endswith(":int") else self.construct_yaml_float
        try:
            return read(node)
        except ValueError:  # no digit, as in 0x_, or more of them than Python converts
            raise ConstructorError(
                problem=f"{shown(node.value)} cannot be read as a number", problem_mark=node.start_mark
            ) from None


for _tag in ("int", "float"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_tag}", _Constructor.number)


def parse_yaml(text: str, source: str | Path = "YAML") -> Any:
    """What a YAML text says, in plain Python values.

    Args:
        text: one document.
        source: where it is from, for the message.

    Raises:
        ConfigError: for a text that is no YAML or has something in it that is refused, and for a key given twice: with
            the line, and the key.
    """
    try:
        if len(text) > LONGEST_TEXT:
            raise YAMLError(TOO_LONG)
        _refuse_surprises(text)
        return _yaml().load(text)
    except (YAMLError, ValueError, OverflowError) as error:  # "\\Uffffffff" is no letter
        reason = cut(_reason(error, text), LONGEST_SOURCE)
        raise ConfigError(f"{cut(str(source), LONGEST_SOURCE)}: cannot be read as YAML: {reason}") from None


def read_yaml(path: str | Path) -> Any:
    """What a YAML file says; see :func:`parse_yaml`.

    Raises:
        ConfigError: for a file that cannot be read, with its path.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LONGEST_TEXT + 1)  # and not all there is: some files have no end
        if len(content) > LONGEST_TEXT:
            raise ValueError(TOO_LONG)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path that none can have
        name = cut(str(path), LONGEST_SOURCE)
        reason = getattr(error, "strerror", None) or error  # of an OSError, which names the path again
        raise ConfigError(f"{name}: cannot be read as YAML: {cut(str(reason))}") from None
    return parse_yaml(text, path)


def _refuse_surprises(text: str) -> None:
    """Refuse what the reader would follow to no good end, before it makes anything of it."""
    nodes: list[int] = []  # of each mapping that is open, how many; from odd numbers on a value is next. -1: of a list
    for event in _yaml().parse(text):
        key = isinstance(event, NodeEvent) and bool(nodes) and nodes[-1] % 2 == 0
        found = _surprise(event, key)
        if isinstance(event, NodeEvent) and nodes and nodes[-1] >= 0:
            nodes[-1] += 1
        if isinstance(event, CollectionStartEvent):
            nodes.append(0 if isinstance(event, MappingStartEvent) else -1)
        elif isinstance(event, CollectionEndEvent):
            nodes.pop()
        if len(nodes) > DEEPEST:
            found = f"nested more than {DEEPEST} deep"
        if found:
            raise MarkedYAMLError(problem=found, problem_mark=event.start_mark)


def _surprise(event: Event, key: bool) -> str | None:
    """What is refused of one step of the parser, in words, with what to write instead."""
    if isinstance(event, AliasEvent):
        return f"an alias, *{event.anchor}: write out what it stands for"
    if isinstance(event, NodeEvent) and event.anchor:
        return f"an anchor, &{event.anchor}: aliases are not read"
    if tag := getattr(event, "tag", None):
        return f"a tag, {tag}: leave it out, or put quotes around what is a word"
    if isinstance(event, DocumentStartEvent) and event.version not in (None, (1, 2)):
        return f"a header, %YAML {'.'.join(map(str, event.version))}: must be 1.2, or left out"
    if key and isinstance(event, CollectionStartEvent):
        return "a list or a mapping as a key: must be a word"
    return None


def write_yaml(values: Any) -> str:
    """Plain values as YAML, which :func:`parse_yaml` gives back; mappings keep their order."""
    text = StringIO()
    _yaml().dump(values, text)
    return text.getvalue()


def _yaml() -> YAML:
    """A fresh one for each text, because it remembers what it read."""
    yaml = YAML(typ="safe", pure=True)  # pure: the version in C reads YAML 1.1
    yaml.Resolver, yaml.Constructor = _Resolver, _Constructor
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated as None, its default
    yaml.representer.ignore_aliases = lambda data: True  # a list that stands in two places is written out twice
    return yaml


def _reason(error: Exception, text: str) -> str:
    """The first line of what ruamel.yaml says, with the line of the text it is about."""
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"found a character that YAML does not allow, {error.character:#06x} (line {line})"
    if not isinstance(error, YAMLError):
        return f"a number or an escape in it cannot be read ({error})"
    if not isinstance(error, MarkedYAMLError):
        return str(error)
    where = error.problem_mark or error.context_mark
    return f"{cut(str(error.problem or error.context))}" + (f" (line {where.line + 1})" if where else "")
