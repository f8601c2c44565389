"""Every setting of the book in which herding's exemplars are compared with trained ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from mnemonics_lib.edition.names import NAMES

PRIMARY = "evidence/primary"
"""The study whose question came first."""

AGAIN = "evidence/objective"
"""The study of the second question that was asked before its runs were made: of Eq. 4b, with seeds of its own."""

OF_ONE = "evidence/one_a_class"
"""The study of the third, of LUCIR with 1 exemplar a class, with seeds that the study on their number had not."""

AUGMENTED = "evidence/augmented_judge"
"""The study of the fourth, of a judge whose images are augmented, with seeds of its own."""

AUGMENTED_20 = "evidence/augmented_20"
"""The study of the fifth: the same with 20 exemplars a class, with seeds of its own."""

AUGMENTED_OTHERS = "evidence/augmented_others"
"""The study of the sixth: the fourth's question, of the two other methods, with the seeds of the fifth."""

SEARCHED = "evidence/first_classes"
"""The study on the classes that the search for settings had."""

HEADINGS = {
    PRIMARY: "in advance",
    AGAIN: "once more",
    OF_ONE: "of 1 a class",
    AUGMENTED: "of another judge",
    AUGMENTED_20: "of that judge with 20",
    AUGMENTED_OTHERS: "of that judge, other methods",
}
"""A study whose question was asked before its runs were made -> what a figure calls it."""


@dataclass(frozen=True)
class Setting:
    """Two arms that differ in the training of exemplars.

    Attributes:
        study: the folder of their records, ``profile/name``.
        arm: trained exemplars.
        control: herding's.
        data: what a reader calls the data.
        method: likewise.
        detail: what else tells the setting from others.
        looks_far: whether the inner loop has 80 steps, with momentum (the page What was tried), and not 10 or fewer.
        start: what they were trained from.
        adjusted: whether the arm's old exemplars are adjusted, too (Eq. 10), so that it differs in that as well.
        level: of the interval; those of a study that were asked for in advance hold together at 95 %.
        asked: False where the study's question, asked before its runs were made, is about other arms than these two.
    """

    study: str
    arm: str
    control: str
    data: str
    method: str
    detail: str
    looks_far: bool = False
    start: str = "herding"
    adjusted: bool = False
    level: float = 0.95
    asked: bool = True

    @property
    def asked_in_advance(self) -> bool:
        """Whether it is one of the question that came first, of the primary study: what the front page answers."""
        return self.study == PRIMARY

    @property
    def by_eq_4b(self) -> bool:
        """Whether its exemplars are trained by the objective of Eq. 4b, which in phase 0 is that of Eq. 7."""
        return self.study == AGAIN

    @property
    def judge_augmented(self) -> bool:
        """Whether the images that its exemplars are judged by are augmented, as the recipe's are not."""
        return self.study in (AUGMENTED, AUGMENTED_20, AUGMENTED_OTHERS) and self.asked

    @property
    def exploratory(self) -> bool:
        """Whether nobody asked about it before its runs were made."""
        return self.study not in HEADINGS or not self.asked

    @property
    def chosen_on_its_data(self) -> bool:
        """Whether settings of training had been chosen on its data: on digits, and on the classes of the search."""
        return self.study.startswith("quick/") or self.study == SEARCHED

    @property
    def heading(self) -> str:
        """Above its row in a figure: its data, and whether it was asked about in advance."""
        name = self.data.partition(":")[0]
        return self.data if self.exploratory else f"{name}, asked {HEADINGS[self.study]}"

    @property
    def asks_of_training(self) -> bool:
        """Whether its arms differ in nothing but that the one's exemplars are herding's and the other's trained."""
        return self.start == "herding" and not self.adjusted

    @property
    def words(self) -> str:
        """The setting in a line."""
        start = [f", from {self.start}"] * (self.start != "herding")
        further = start + [", far"] * self.looks_far + [", adjusted"] * self.adjusted
        return f"{self.data}; {self.method}, {self.detail}{''.join(further)}"


def settings() -> Iterator[Setting]:
    """All settings, whether or not they have records: each pair of arms, with trained and with herding's exemplars.

    But for the paper's own rates and inner steps (``evidence/variants``), which have 40 of its 2,000 outer steps.
    """
    for n in (5, 1):
        of_digits = partial(Setting, f"quick/digits-n{n}", control="herding", data="digits", method="LwF")
        words = f"N = {n}, 2 a class"
        yield of_digits(arm="mnemonics-from-herding", detail=words)
        yield of_digits(arm="mnemonics", detail=words, start="random")
        yield of_digits(arm="mnemonics-adjust", detail=words, start="random", adjusted=True)
    yield from _of_evidence()
    for method in ("lucir", "lwf"):
        arms = f"{method}-trained", f"{method}-transfer"
        tiny = "Tiny-ImageNet: 20 classes"
        yield Setting("small/tiny_imagenet_100-n5", *arms, tiny, NAMES[method], "20 a class")
    fifty, ours = "CIFAR-100: 50 classes", ("lucir-with-mnemonics", "lucir-transfer")
    for study, phases in (("evidence/medium", ""), ("evidence/medium_n25", "N = 25, ")):
        yield Setting(study, "trained", "herding", fifty, "LUCIR", f"{phases}20 a class", looks_far=True)
    for study, data, detail, start in (
        ("small/cifar100-n5", TWENTY, "20 a class", "herding"),
        ("medium/cifar100-n5", fifty, "20 a class", "herding"),
        ("medium/cifar100-n25", fifty, "N = 25, 20 a class", "herding"),
        ("underfit/cifar100-n5", "CIFAR-100: 100 classes", "20 a class, few epochs", "random"),
    ):
        yield Setting(study, *ours, data, "LUCIR", detail, start=start, adjusted=True)


TWENTY = "CIFAR-100: 20 classes"
"""What a reader calls the data of the studies of evidence."""

RECIPE_AGAIN = "5 a class, the recipe, seeds 20 to 29"
"""The first question's arms with the seeds of the fourth, whose question is about another judge."""


def _of_evidence() -> Iterator[Setting]:
    """Those on 20 classes of CIFAR-100: the primary study, and what others change of it."""
    for m, far in ((20, True), (5, False)):
        for method, name in NAMES.items():
            arms, together = (f"{method}-trained-{m}", f"{method}-herding-{m}"), 1 - 0.05 / (2 * len(NAMES))
            yield Setting(PRIMARY, *arms, TWENTY, name, f"{m} a class", far, level=together)
    for method, name in NAMES.items():
        arms, together = (f"{method}-trained", f"{method}-herding"), 1 - 0.05 / len(NAMES)
        yield Setting(AGAIN, *arms, TWENTY, name, "5 a class, Eq. 4b", level=together)
    for method in ("lwf", "lucir"):
        name, herding = NAMES[method], f"{method}-herding"
        for arm, detail in (("trained", ""), ("larger-steps", ", larger steps")):
            words = f"5 a class, no transfer{detail}"
            yield Setting("evidence/transfer", f"{method}-{arm}", herding, TWENTY, name, words)
        of_twenty = partial(Setting, control=herding, data=TWENTY, method=name, detail="20 a class", looks_far=True)
        yield of_twenty("evidence/from_random", f"{method}-trained-from-random", start="random")
        yield of_twenty("evidence/split", f"{method}-adjusted", adjusted=True)
        words = "5 a class, the classes of the search"
        yield Setting(SEARCHED, f"{method}-trained", herding, TWENTY, name, words)
        yield Setting(AUGMENTED, f"{method}-trained", herding, TWENTY, name, RECIPE_AGAIN, asked=False)
        for study, more in (("budgets", ""), ("steps", ", steps in proportion")):
            for m in (1, 2, 10, 20):
                arms = f"{method}-near-{m}", f"{herding}-{m}"
                yield Setting(f"evidence/{study}", *arms, TWENTY, name, f"{m} a class{more}")
        for m in (5, 10):
            arms = f"{method}-far-{m}", f"{herding}-{m}"
            yield Setting("evidence/budgets", *arms, TWENTY, name, f"{m} a class", looks_far=True)
        words = "20 a class, the last 10 steps of far alone"
        yield Setting("evidence/budgets", f"{method}-short-20", f"{herding}-20", TWENTY, name, words)
    words = "20 a class, the recipe, seeds 30 to 39"
    yield Setting("evidence/augmented_20_control", "trained", "herding", TWENTY, "LUCIR", words, looks_far=True)
    yield Setting(OF_ONE, "trained", "herding", TWENTY, "LUCIR", "1 a class, new seeds")
    for study, methods, m in (
        (AUGMENTED, ("lucir", "lwf"), 5),
        (AUGMENTED_20, ("lucir", "lwf"), 20),
        (AUGMENTED_OTHERS, ("bic", "icarl"), 5),
    ):
        for method in methods:
            arms, words = (f"{method}-augmented", f"{method}-herding"), f"{m} a class, judge augmented"
            yield Setting(study, *arms, TWENTY, NAMES[method], words, m == 20, level=1 - 0.05 / len(methods))
    for n in (2, 5, 12, 30):  # 60 is the primary study's
        arms = f"epochs={n}-trained", f"epochs={n}-herding"
        yield Setting("evidence/epochs", *arms, TWENTY, "LwF", f"5 a class, {n} epochs")
        if n != 5:
            words = f"5 a class, no transfer, {n} epochs"
            yield Setting("evidence/epochs_no_transfer", *arms, TWENTY, "LwF", words)
    for study, of_arms, words in (
        ("table2", "{}", "20 a class, both adjusted"),
        ("phases", "small_cifar100-n1-{}", "N = 1, 20 a class"),
        ("phases", "small_cifar100-n10-{}", "N = 10, 20 a class"),
        ("variants", "total-{}", "400 in all"),
    ):
        trained, control = (of_arms.format(arm) for arm in ("mnemonics" if study == "table2" else "trained", "herding"))
        yield Setting(f"evidence/{study}", trained, control, TWENTY, "LUCIR", words, looks_far=True)
