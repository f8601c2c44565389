"""What a configuration says of a folder of pictures: what is allowed, the facts that follow, and its file."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mnemonics_lib.config import ConfigError, RunConfig, load_config, parse_config
from mnemonics_lib.data.declared import Folder
from mnemonics_lib.data.facts import check_facts

GIVEN: dict[str, Any] = {"path": "/pictures", "classes": 10, "images_per_class": 50}
FOLDER = Folder(**GIVEN)


def of_folder(**changes: Any) -> RunConfig:
    return parse_config({"dataset": "folder", "phases": 1, "folder": {**GIVEN, **changes}})


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What is allowed

ALLOWED: list[tuple[str, list[Any], list[Any]]] = [
    ("path", ["x", "x" * 4096, "a\nb", "~/it's 100% «漢字»"], ["", "x" * 4097, 5, None]),
    ("classes", [2, 100_000], [1, 0, -2, 100_001, 10.0, True, "10", None]),
    ("images_per_class", [1, 100_000_000], [0, 100_000_001, 5.0]),
    ("size", [4, 1024], [3, 1025, 32.0, "32"]),
    ("grey", [True, False], [1, "yes", None]),
    ("flip", [True, False], [0, "no", None]),
    ("held_out", [1e-9, 0.5, 0.999], [0.0, 1.0, -0.1, float("nan"), float("inf"), "0.2", None]),
    ("damaged", ["stop", "skip"], ["Stop", "", None, True]),
]


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values, _ in ALLOWED for value in values])
def test_values_to_the_ends_of_what_is_allowed_pass(field, value):
    assert getattr(Folder(**{**GIVEN, field: value}), field) == value


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, _, values in ALLOWED for value in values])
def test_values_beyond_are_refused_with_the_name_of_the_field(field, value):
    with pytest.raises(ValidationError) as caught:
        Folder(**{**GIVEN, field: value})
    assert [problem["loc"] for problem in caught.value.errors()] == [(field,)]
    assert refusal({"dataset": "folder", "folder": {**GIVEN, field: value}}).startswith(
        f"configuration: folder.{field} = "
    )


def test_every_field_was_tried_and_is_described():
    assert [field for field, *_ in ALLOWED] == list(Folder.model_fields)
    assert all(field.description for field in Folder.model_fields.values())


@pytest.mark.parametrize("field", GIVEN)
def test_what_has_no_default_must_be_given(field):
    with pytest.raises(ValidationError) as caught:
        Folder(**{key: value for key, value in GIVEN.items() if key != field})
    assert [(problem["loc"], problem["type"]) for problem in caught.value.errors()] == [((field,), "missing")]


def test_an_unknown_field_is_refused_with_the_likely_one():
    said = refusal({"dataset": "folder", "folder": {**GIVEN, "gray": True}})
    assert said.startswith(
        "configuration: folder.gray = True: unknown key (did you mean grey?); allowed: path, classes, "
    )


def test_it_cannot_be_changed_and_so_can_be_the_key_of_what_is_loaded():
    with pytest.raises(ValidationError, match="frozen"):
        FOLDER.size = 64  # type: ignore[misc]
    assert hash(FOLDER) == hash(Folder(**GIVEN))
    assert Folder(**{**GIVEN, "size": 64}) != FOLDER


# The facts


@pytest.mark.parametrize(("size", "pad"), [(4, 0), (7, 0), (8, 1), (32, 4), (64, 8), (224, 28), (1024, 128)])
@pytest.mark.parametrize("grey", [False, True])
def test_the_facts_are_those_that_were_declared(size, pad, grey):
    facts = Folder(**GIVEN, size=size, grey=grey, flip=not grey).facts()
    assert (facts.classes, facts.images_per_class) == (10, 50)
    assert facts.shape == (1 if grey else 3, size, size)
    assert (facts.white, facts.pad, facts.flip) == (255, pad, not grey)
    assert facts.normalisation is None
    check_facts("folder", facts)
    assert of_folder(size=size, grey=grey, flip=not grey).facts == facts


def test_the_configuration_is_checked_against_the_facts():
    assert of_folder(classes=7).replace(phases=4).protocol().seen(0) == 3
    assert of_folder(size=24).replace(resolution=12).resolution == 12
    said = refusal({"dataset": "folder", "folder": {**GIVEN, "size": 24}, "resolution": 32})
    assert "resolution = 32: must be 0 or one of" in said
    assert "the divisors of folder's 24" in said
    said = refusal({"dataset": "folder", "folder": GIVEN, "budget": 51, "exemplars": "herding"})
    assert said == "configuration: budget = 51: must be at most 50, the training images of the smallest class of folder"
    said = refusal({"dataset": "folder", "folder": GIVEN, "classes": [0, 11]})
    assert "last <= 10, the classes of folder" in said


# In a configuration


def test_a_folder_is_given_where_the_data_set_is_one_and_nowhere_else():
    missing = "configuration: folder is missing: must describe the pictures where dataset = 'folder'"
    assert refusal({"dataset": "folder"}) == missing
    assert refusal({"dataset": "folder", "folder": None}) == missing
    for name in ("digits", "cifar100"):
        said = f"configuration: folder is given: must be left out where dataset = '{name}'"
        assert refusal({"dataset": name, "folder": GIVEN}) == said
    assert "folder = '/pictures': " in refusal({"dataset": "folder", "folder": "/pictures"})


def test_a_description_and_its_plain_values_are_the_same_configuration():
    config = of_folder(size=64)
    assert RunConfig(dataset="folder", phases=1, folder=Folder(**GIVEN, size=64)) == config
    assert RunConfig().replace(dataset="folder", phases=1, folder=Folder(**GIVEN, size=64)) == config
    assert config.replace(folder={"size": 64, "grey": True}).folder == Folder(**GIVEN, size=64, grey=True)
    assert config.folder == Folder(**GIVEN, size=64)


def test_runs_of_other_data_do_not_mention_a_folder():
    """So that their files, digests and names stay those of before there were folders."""
    for name in ("digits", "cifar100"):
        config = RunConfig(dataset=name)
        assert "folder" not in config.model_dump()
        assert "folder" not in config.to_yaml()
        assert parse_config({"dataset": name, "folder": None}).digest == config.digest
        assert "folder" not in config.in_effect()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"size": 64, "grey": True, "flip": False, "held_out": 0.1, "damaged": "skip"},
        *(
            {"path": path}
            for path in ["~/two words", 'it\'s "q": #1', "100%d", "-rf", "a\nb", "漢字 e\u0301", " x ", "null", "1e3"]
        ),
    ],
)
def test_a_file_gives_the_configuration_back(tmp_path, changes):
    config = of_folder(**changes)
    (tmp_path / "params.yaml").write_text(config.to_yaml(), encoding="utf-8")
    again = load_config(tmp_path / "params.yaml")
    assert again == config
    assert again.digest == config.digest
    assert again.folder == Folder(**{**GIVEN, **changes})
    assert list(again.model_dump()["folder"]) == list(Folder.model_fields)


def test_an_override_changes_a_field_of_the_folder(tmp_path):
    (tmp_path / "params.yaml").write_text(of_folder().to_yaml(), encoding="utf-8")
    config = load_config(tmp_path / "params.yaml", ["folder.size=16", "folder.damaged=skip"])
    assert config == of_folder(size=16, damaged="skip")


OTHER = {
    "path": "/other",
    "classes": 12,
    "images_per_class": 49,
    "size": 64,
    "grey": True,
    "flip": False,
    "held_out": 0.3,
    "damaged": "skip",
}


@pytest.mark.parametrize("field", Folder.model_fields)
def test_the_digest_changes_with_every_field(field):
    before, after = (of_folder(**change) for change in ({}, {field: OTHER[field]}))
    assert before.digest != after.digest
    assert before.in_effect() != after.in_effect()


def test_all_classes_are_in_effect_whichever_way_they_are_written():
    config = of_folder(classes=12)
    assert config.in_effect()["classes"] == [0, 12]
    assert config.replace(classes=[0, 12]).in_effect() == config.in_effect()
