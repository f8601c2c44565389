"""Settings are flat, without the seed and what decides nothing, and two runs differ in those that both have."""

from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config import parse_config
from mnemonics_lib.edition.records.settings import MOST, differing, flat, one_sided, settings, told

VALUES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2))
NESTED = st.recursive(st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8)


@given(st.dictionaries(st.sampled_from("abc"), NESTED))
def test_flat_values_are_reached_by_their_dotted_names(values):
    for name, value in flat(values).items():
        inner = values
        for part in name.split("."):
            inner = inner[part]
        assert inner == value
        assert not isinstance(value, dict)


@given(VALUES, VALUES)
def test_differences_are_of_the_fields_that_both_have(one, other):
    found = differing(one, other)
    for name in one.keys() | other.keys():
        both = name in one and name in other
        assert (name in found) == (both and one[name] != other[name])
    assert {name: (b, a) for name, (a, b) in found.items()} == differing(other, one)
    assert differing(one, one) == {}


def test_seed_engine_and_unread_sections_are_no_settings():
    config = parse_config({"exemplars": "mnemonics"})
    same = config.replace(seed=7, exemplar_level={"engine": "adjoint"}, classes=[0, 10])
    assert settings(config.model_dump()) == settings(same.model_dump())
    other = config.replace(training={"rate": 0.3}, exemplar_level={"beta": 0.5})
    expected = {"training.rate": (0.1, 0.3), "exemplar_level.beta": (config.exemplar_level.beta, 0.5)}
    assert differing(settings(config.model_dump()), settings(other.model_dump())) == expected
    herding = config.replace(exemplars="herding", finetune=False)
    names = settings(herding.model_dump())
    assert not any(name.startswith(("exemplar_level", "finetuning")) for name in names)
    assert "seed" not in names


def test_what_one_run_alone_has_is_named_by_field_or_by_section():
    one = {"a": 1, "section.x": 2, "section.y": 3, "part.x": 4, "part.y": 5}
    other = {"a": 2, "part.x": 4, "new": 6}
    assert one_sided(one, other) == one_sided(other, one) == ["new", "part.y", "section"]
    assert one_sided(one, one) == []


def test_differences_are_told_in_one_line_and_many_are_counted():
    assert told({"rate": (0.1, 0.2), "name": ("a", "b")}) == "rate = 0.1 and 0.2; name = 'a' and 'b'"
    assert told({}) == ""
    many = told({f"field{number}": (0, 1) for number in range(MOST + 3)})
    assert many.endswith("field7 = 0 and 1; and 3 more")
