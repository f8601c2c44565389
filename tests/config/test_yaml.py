"""YAML 1.2: words and numbers are what they look like, and what is written is read back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
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
    "=",
    "<<",
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
    assert len(str(caught.value).splitlines()) == 1


LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 12))

SURPRISES = {
    "laughs": (LAUGHS, "an anchor, &a0: aliases are not read (line 1)"),
    "anchor": ("x: 1\na: &x 1\nb: *x\n", "an anchor, &x: aliases are not read (line 2)"),
    "alias": ("a: 1\nb: *x\n", "an alias, *x: write out what it stands for (line 2)"),
    "merge": ("a: &x {b: 1}\nc:\n  <<: *x\n", "an anchor"),
    "bool": ("a: 1\nb: !!bool maybe\n", "a tag, tag:yaml.org,2002:bool: leave it out"),
    "object": ("a: !!python/object:os.x {}", "a tag, tag:yaml.org,2002:python/object:os.x"),
    "own tag": ("a: !foo 1", "a tag, !foo: leave it out"),
    "no tag": ("a: ! 1", "a tag, !: leave it out"),
    "tag on a list": ("a:\n  !!set {b}", "(line 2)"),
    "version 1.1": ("%YAML 1.1\n---\na: no\n", "a header, %YAML 1.1: must be 1.2"),
    "version 3": ("%YAML 3.0\n---\na: no\n", "version 1.* is required"),
    "deep list": ("a: " + "[" * 5000, "nested more than 16 deep (line 1)"),
    "deep, whole": ("a: " + "[" * 5000 + "]" * 5000, "nested more than 16 deep"),
    "deep mapping": ("".join(" " * k + f"a{k}:\n" for k in range(300)), "nested more than 16 deep (line 17)"),
    "deep dashes": ("- " * 5000, "nested more than 16 deep"),
    "deep keys": ("? " * 5000, "key: must be a word"),
    "list as a key": ("? [a]\n: 1\n", "a list or a mapping as a key: must be a word (line 1)"),
    "mapping as a key": ("a: 1\nb:\n  ? {a: 1}\n  : 1\n", "a list or a mapping as a key: must be a word (line 3)"),
    "list of mappings as a key": ("? - {a: 1}\n: 1\n", "a list or a mapping as a key"),
    "flow key": ("{[a, b]: 1}", "a list or a mapping as a key"),
    "digits": ("x: 1\nseed: " + "9" * 5000, "cannot be read as a number (line 2)"),
    "no digits": ("seed: 0x_", "'0x_' cannot be read as a number (line 1)"),
    "no letter": ('a: "\\Uffffffff"', "cannot be read"),
    "half a letter": ("a: 1\nb: \ud800", "a character that YAML does not allow, 0xd800 (line 2)"),
    "nul": ("a: 1\nb: c\0", "a character that YAML does not allow, 0x0000 (line 2)"),
    "tab": ("a:\n\tb: 1\n", "cannot start any token (line 2)"),
    "long key twice": (f"a: 1\n{'k' * 900}: 1\n{'k' * 900}: 2\n", "found duplicate key"),
    "long anchor": ("&" + "a" * 90_000 + " 1", "an anchor"),
    "long": ("a" * 100_001, "more than 100,000 letters"),
}


@pytest.mark.parametrize(("text", "said"), SURPRISES.values(), ids=list(SURPRISES))
def test_what_no_parameter_file_needs_is_refused_in_a_short_line_that_says_where(text, said):
    with pytest.raises(ConfigError, match="my text: cannot be read as YAML: ") as caught:
        parse_yaml(text, "my text")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("%YAML 1.2\n---\na: no\n", {"a": "no"}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("<<: {a: 1}\nb: 2\n", {"<<": {"a": 1}, "b": 2}),
        ("a: '!b'\n", {"a": "!b"}),
        ("a: '&b'\nc: '*b'\n", {"a": "&b", "c": "*b"}),
        ("1: 2\n~: 3\n", {1: 2, None: 3}),
        ("a: [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", {"a": [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}),
        ("a: .inf\nb: -.inf\n", {"a": math.inf, "b": -math.inf}),
        ("a: 1e400\n", {"a": math.inf}),
        ("seed: " + "9" * 4000, {"seed": 10**4000 - 1}),
    ],
)
def test_what_is_read_all_the_same(text, value):
    assert parse_yaml(text) == value


def test_a_key_that_is_no_word_a_date_and_a_number_without_end_are_refused_by_the_configuration():
    for text, said in [
        ("1: 2", "1: a key must be a string"),
        ("~: 2", "None: a key must be a string"),
        ("training: {3.5: 2}", "training.3.5: a key must be a string"),
        ("<<: {seed: 1}", "<< = {'seed': 1}: unknown key"),
        ("profile: 2020-01-01", "profile = '2020-01-01': string should match"),
        ("training: {rate: .inf}", "training.rate = inf: must be a finite number"),
        ("training: {rate: .nan}", "training.rate = nan: must be a finite number"),
        ("training: {rate: 1e400}", "training.rate = inf: must be a finite number"),
        ("seed: 1" + "0" * 4000, "seed = (a whole number of about 4,001 digits): must be less than"),
        ("training:", "training = None"),
    ]:
        with pytest.raises(ConfigError) as caught:
            parse_config(parse_yaml(text))
        assert said in str(caught.value)


pieces = st.sampled_from(
    [
        *(
            "a",
            "b",
            ": ",
            ":",
            "- ",
            "\n",
            "\n  ",
            " ",
            "[",
            "]",
            "{",
            "}",
            ",",
            ", ",
            "'",
            '"',
            "#",
            "|\n",
            ">\n",
            "? ",
        ),
        *("&x ", "*x", "!", "!!int ", "!!bool ", "%YAML 1.1\n", "%TAG ! x\n", "---\n", "...\n", "<<", "=", "~", "null"),
        *("\\x", "\\u", "\\U", "\\", "f" * 8, "1", "0x", "0b", "_", "e", ".", "-", "+", ".inf", "9" * 4301, "@", "`"),
        *("\t", "\r", "\x85", "\u2028", "\ufeff", "\0", "\x7f", "\ud800", "é", "😀", "%"),
    ]
)


@settings(max_examples=500)
@given(st.lists(pieces, max_size=30).map("".join) | st.text())
def test_any_text_is_a_value_or_refused(text):
    try:
        parse_yaml(text, "my text")
    except ConfigError as error:
        lines = str(error).splitlines()
        only_one, short = len(lines) == 1, len(lines[0]) < 1200
        if not (only_one and short):
            pytest.fail(str(error)[:500])


def test_a_list_that_stands_in_two_places_is_written_out_twice():
    shared = [0.5]
    assert write_yaml({"a": shared, "b": shared}) == "a:\n- 0.5\nb:\n- 0.5\n"


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
