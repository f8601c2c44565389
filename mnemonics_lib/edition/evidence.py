"""What records there should be: ``book/records/evidence.yaml``, checked before anything of it runs.

The file becomes paths of records and arguments of commands. What cannot be either is refused here, with its place in
the file; what can is passed on as a list of arguments, which the batch engine quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from mnemonics_lib.config import ConfigError, Strict, load_config, read_yaml
from mnemonics_lib.config.errors import validate
from mnemonics_lib.paths import PARAMS, RECORDS

PLAN = RECORDS / "evidence.yaml"
ARM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
"""What an arm may be called: its name is a folder of records, and stands in the book's tables."""


class Arm(Strict):
    """One way of making exemplars, over some seeds."""

    seeds: int = Field(ge=1, description="How many: seeds 0, 1, ...")
    preset: str | None = Field(None, description="A row of the paper's tables.")
    set: list[str] = Field([], description="Fields changed after that, each KEY=VALUE.")

    def preset_arguments(self) -> list[str]:
        """Of the command that makes a record."""
        return ["--preset", self.preset] if self.preset is not None else []

    def settings(self, seed: int | str) -> list[str]:
        """What that command sets: the arm's fields and the seed."""
        return [*self.set, f"seed={seed}"]


Plan = dict[str, dict[str, dict[str, Arm]]]
"""Profile -> parameter file -> arm's name -> arm."""


def read_plan(path: Path = PLAN) -> Plan:
    """The records there should be.

    Raises:
        ConfigError: with a line for each thing in the file that is not of this form, naming its place.
    """
    problems: list[str] = []
    plan: Plan = {}
    for profile, files in _entries(read_yaml(path), f"{path}", problems):
        plan[profile] = {}
        for name, arms in _entries(files, f"{path}: {profile}", problems):
            plan[profile][name] = {}
            for arm, values in _entries(arms, f"{path}: {profile}.{name}", problems):
                place = f"{path}: {profile}.{name}.{arm}"
                if not ARM.fullmatch(arm):
                    problems.append(
                        f"{place}: arm = {arm!r}: must be letters, digits and . _ + -, a letter or digit first"
                    )
                try:
                    plan[profile][name][arm] = validate(Arm, values, place)
                except ConfigError as error:
                    problems += str(error).splitlines()
    if problems:
        raise ConfigError("\n".join(problems))
    return plan


def check_plan(plan: Plan, profile: str, params: Path = PARAMS, source: Path = PLAN) -> None:
    """Make the configuration of every arm of a profile, so that what it refuses is known before the first run.

    Args:
        plan: of :func:`read_plan`.
        profile: whose arms are asked for.
        params: the folder of parameter files.
        source: where the plan is from, for messages.

    Raises:
        ConfigError: with a line for each problem, naming profile, parameter file and arm.
    """
    problems: dict[str, None] = {}
    for name, arms in plan.get(profile, {}).items():
        file = params / profile / f"{name}.yaml"
        if not file.is_file():
            there = ", ".join(sorted(path.stem for path in file.parent.glob("*.yaml"))) or "none"
            problems[f"{source}: {profile}.{name}: no such parameter file as {file}; there are {there}"] = None
            continue
        for arm, chosen in arms.items():
            place = f"{source}: {profile}.{name}.{arm}: "
            if any(setting.partition("=")[0] == "seed" for setting in chosen.set):
                problems[f"{place}set = {chosen.set}: must not set the seed, over which the arm runs"] = None
            try:
                load_config(file, chosen.settings(0), chosen.preset)
            except ConfigError as error:
                problems.update(dict.fromkeys(place + line for line in str(error).splitlines()))
    if problems:
        raise ConfigError("\n".join(problems))


def unusable(paths: Iterable[Path]) -> str | None:
    """What is wrong with the names of files that the batch engine is to work on; None where nothing is.

    Spaces, quotes and all else that a shell reads are quoted. Braces are not: Snakemake takes them for a wildcard, also
    in the name of a file that is there. A line break would end a line of its logs.
    """
    wrong = [path for path in paths if re.search(r"[{}\x00-\x1f\x7f]", str(path))]
    return "\n".join(f"{str(path)!r}: a name must not have braces or control characters" for path in wrong) or None


def _entries(values: Any, place: str, problems: list[str]) -> Iterator[tuple[str, Any]]:
    """The entries of a mapping with names as keys; of anything else none, and a problem."""
    if not isinstance(values, Mapping):
        problems.append(f"{place}: must be a mapping of names, not {values!r}")
        return
    for key, value in values.items():
        if isinstance(key, str):
            yield key, value
        else:
            problems.append(f"{place}: {key!r}: must be a name; quote it if it is one")
