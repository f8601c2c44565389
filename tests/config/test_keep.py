"""What to keep of a run: how it is written, and what is refused."""

from __future__ import annotations

import pytest

from mnemonics_lib.config import ConfigError, RunConfig
from mnemonics_lib.config.keep import Keep, keep_from


@pytest.mark.parametrize(
    ("words", "phases"),
    [
        ([], [0, -1]),
        (["phases=0,5"], [0, 5]),
        (["phases=3"], [3]),
        (["phases=[0, -1]"], [0, -1]),
        (["phases=0, -1"], [0, -1]),
        (["phases=0", "phases=1,2"], [1, 2]),
    ],
)
def test_phases_may_be_written_with_or_without_brackets(words, phases):
    assert keep_from(words).phases == phases


def test_a_file_and_words_go_together_and_the_last_one_counts(tmp_path):
    path = tmp_path / "keep.yaml"
    path.write_text("phases: [1, 2]\nclasses: 4\nmargins: false\n")
    expected = Keep(phases=[1, 2], classes=2, margins=False, steps=5)
    assert keep_from([str(path), "classes=2", "steps=5"]) == expected
    assert keep_from(["classes=2", str(path)]) == Keep(phases=[1, 2], classes=4, margins=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["class=3"], "keep: class = 3: unknown key (did you mean classes?); allowed: phases, classes, exemplars, "),
        (["classes=0"], "keep: classes = 0: must be greater than or equal to 1"),
        (["classes=6"], "keep: classes = 6: must be less than or equal to 5"),
        (["steps=1"], "keep: steps = 1: must be greater than or equal to 2"),
        (["classes=three"], "keep: classes = 'three': must be a valid integer"),
        (["phases=first"], "keep: phases.0 = 'first': must be a valid integer"),
        (["phases=0,"], "keep: phases.1 = '': must be a valid integer"),
        (["phases=--5"], "keep: phases.0 = '--5': must be a valid integer"),
        (["phases=²"], "keep: phases.0 = '²': must be a valid integer"),
        ([f"phases=0,{'9' * 5000}"], "keep: phases.1 = '99999"),
        (["phases=-2"], "keep: phases.0 = -2: must be greater than or equal to -1"),
        (["phases=true"], "keep: phases.0 = True: must be a valid integer"),
        (["phases=[]"], "keep: phases = []: list should have at least 1 item"),
        (["spacing=odd"], "keep: spacing = 'odd': must be 'even' or 'geometric'"),
        (
            ["exemplars=false", "embedding=false", "margins=false"],
            "keep: exemplars, embedding, margins = False: must not all be off, or nothing is kept",
        ),
        (["nowhere.yaml"], "nowhere.yaml: cannot be read as YAML: No such file or directory"),
    ],
)
def test_what_is_refused_is_named_with_what_is_allowed(words, said):
    with pytest.raises(ConfigError) as caught:
        keep_from(words)
    assert str(caught.value).startswith(said)


def test_the_phases_of_a_run_are_named_once_and_in_order():
    assert Keep().phases_of(RunConfig(phases=5)) == [0, 5]
    assert Keep(phases=[3, -1, 1, 3]).phases_of(RunConfig(phases=5)) == [1, 3, 5]
    assert Keep(phases=[-1, 1]).phases_of(RunConfig(phases=1)) == [1]


def test_a_run_that_has_no_such_phase_or_no_exemplars_is_refused():
    with pytest.raises(ConfigError) as caught:
        Keep(phases=[0, 6]).phases_of(RunConfig(phases=5))
    assert str(caught.value) == "keep.phases = [0, 6]: must be 0 to 5, the phases of this run, or -1 for its last"
    with pytest.raises(ConfigError) as caught:
        Keep().phases_of(RunConfig().preset("joint"))
    assert str(caught.value) == "keep: exemplars = 'none': must be a run with exemplars, or there is nothing to keep"


def test_snapshots_that_memory_would_not_hold_are_refused_before_the_run():
    large = RunConfig().replace(dataset="imagenet_subset", first_share=0.5, phases=25, network={"name": "resnet18"})
    everything = Keep(phases=list(range(20)), classes=5, images=20, steps=100)
    with pytest.raises(ConfigError) as caught:
        everything.phases_of(large)
    assert str(caught.value) == (
        "keep: 100 steps of 20 images of 5 classes in 20 phases are 30.1 GB of snapshots: must be at most 1.1 GB; "
        "keep fewer of them"
    )
    # 71 steps are 3 x 224 x 224 bytes of each of 100 images; 72 are more than a gigabyte.
    assert Keep(phases=[0], classes=5, images=20, steps=71).phases_of(large) == [0]
    with pytest.raises(ConfigError, match=r"in 1 phases are 1\.1 GB"):
        Keep(phases=[0, 0], classes=5, images=20, steps=72).phases_of(large)
    assert Keep().phases_of(large) == [0, 25]
    assert len(everything.phases_of(large.replace(resolution=32))) == 20
    assert len(everything.phases_of(large.replace(exemplars="herding"))) == 20  # which has none
    assert len(everything.model_copy(update={"exemplars": False}).phases_of(large)) == 20
