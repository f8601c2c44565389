"""What the page on evidence says of test images that had been looked at before its studies."""

from __future__ import annotations

from mnemonics_lib.edition.report import Evidence, evidence


def classes(found: Evidence) -> set[int]:
    """All that some records have, by the data set's numbers."""
    return {number for arm in found.values() for record in arm.values() for number in record.class_order}


def test_studies_before_had_looked_at_the_classes_that_the_page_names():
    asked = evidence("evidence", "primary")
    order: list[int] = []  # the classes 20 to 99 of the order, a slice for each of four seeds
    for seed in range(4):
        order += asked["lucir-herding-5"][seed].class_order
    assert len(set(order)) == 80
    assert set(order) < classes(evidence("underfit", "cifar100-n5"))
    assert set(order[30:]) == classes(evidence("medium", "cifar100-n5"))
    assert set(order[:20]) == classes(evidence("small", "cifar100-n5"))
