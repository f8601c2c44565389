"""Which fields decide anything, also of configurations that are older than some fields."""

from mnemonics_lib.config import parse_config
from mnemonics_lib.config.effect import in_effect


def test_a_configuration_of_now_is_as_its_own_method_says():
    for changes in ({}, {"exemplars": "herding"}, {"exemplars": "herding", "adjust": 2}, {"finetune": False}):
        config = parse_config(changes)
        assert in_effect(config.model_dump()) == config.in_effect()


def test_an_older_configuration_is_given_no_field_and_left_as_it_is():
    old = {"dataset": "digits", "exemplars": "mnemonics", "exemplar_level": {"engine": "higher", "beta": 0.1}}
    assert in_effect(old) == {"dataset": "digits", "exemplars": "mnemonics", "exemplar_level": {"beta": 0.1}}
    assert old["exemplar_level"] == {"engine": "higher", "beta": 0.1}


def test_the_classes_of_a_data_set_that_is_not_known_here_stay_as_they_are():
    assert in_effect({"dataset": "flowers", "classes": []}) == {"dataset": "flowers", "classes": []}
    assert in_effect({"dataset": "digits", "classes": []})["classes"] == [0, 10]
