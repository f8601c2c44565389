"""YAML 1.2: words and numbers are what they look like, and what is written is read back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config import ConfigError, RunConfig, parse_config, parse_yaml, read_yaml, write_yaml

WORDS = [
    "yes",
    "no",
    "on",
    "off",
    "y",
    "1:30",
    "12:30:45",
    "2020-01-01",
    "2020-01-01 12:00:00",
    "digits",
    "1e",
    "1.2.3",
]
NUMBERS = {"010": 10, "0x10": 16, "1e-3": 0.001, "1E3": 1000.0, "5.e-4": 0.0005, "-.5": -0.5, "+3": 3, "1.0": 1.0}


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_a_word(text):
    assert parse_yaml(text) == text
    assert parse_yaml(f"[{text}]") == [text] if ":" not in text else True


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_a_number_is_the_number_it_looks_like(text, value):
    assert parse_yaml(text) == value
    assert type(parse_yaml(text)) is type(value)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("null", None), ("~", None), ("", None)])
def test_what_yaml_1_2_has_words_for(text, value):
    assert parse_yaml(text) is value


def test_a_key_given_twice_is_refused_with_source_key_and_line():
    for text in ("a: 1\nb: 2\na: 1\n", "x:\n  y: 1\n  a: 1\n  a: 2\n"):
        with pytest.raises(ConfigError, match=r'my text: .*duplicate key "a".*\(line [34]\)'):
            parse_yaml(text, "my text")


@pytest.mark.parametrize(
    "text", ["[1", "a: b: c", "!!python/object/apply:os.getcwd []", "a: 1\n---\nb: 2\n", "\0", "*x"]
)
def test_what_is_no_yaml_is_refused_in_one_line(text):
    with pytest.raises(ConfigError, match="my text: cannot be read as YAML: ") as caught:
        parse_yaml(text, "my text")
    assert "http" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        read_yaml(tmp_path / "none.yaml")


keys = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | keys | st.sampled_from([*WORDS, *NUMBERS]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(keys, values, max_size=3),
    max_leaves=8,
)


@given(plain)
def test_what_is_written_is_read_back(values: Any):
    assert parse_yaml(write_yaml(values)) == values


def test_the_order_of_keys_is_kept():
    assert write_yaml({"b": 1, "a": {"d": [], "c": [0.5]}}) == "b: 1\na:\n  d: []\n  c:\n  - 0.5\n"


positive = st.floats(1e-30, 1e9)


@given(
    st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**63 - 1),
            "profile": st.from_regex(r"\A[a-z0-9_]{1,64}\Z", fullmatch=True)
            | st.sampled_from(["null", "true", "010", "1e3", "0x1f", "1_000", "no", "007"]),
            "uneven": st.booleans(),
            "training": st.fixed_dictionaries(
                {
                    "rate": positive,
                    "milestones": st.lists(st.floats(1e-300, math.nextafter(1, 0)), unique=True).map(sorted),
                    "augment": st.booleans(),
                }
            ),
            "exemplar_level": st.fixed_dictionaries({"beta": positive, "perturbation": st.floats(0, 1)}),
        }
    )
)
def test_a_configuration_survives_yaml_to_the_last_bit(values: dict[str, Any]):
    config = parse_config(values)
    again = parse_config(parse_yaml(config.to_yaml()))
    assert again == config
    assert again.digest == config.digest
    assert again != RunConfig()
