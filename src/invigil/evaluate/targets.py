"""What has to hold, in one table. An installation may set its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from invigil.evaluate.tables import BadInput


class Bound(StrEnum):
    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Target:
    """`name`: key in the JSON, with dots into inner tables."""

    name: str
    bound: Bound
    value: float
    says: str

    def holds(self, measured: float) -> bool:
        if self.bound is Bound.AT_LEAST:
            return measured >= self.value
        return measured <= self.value


@dataclass(frozen=True, slots=True)
class Checked:
    """`measured` None: the data cannot answer, and a target without an answer is not met."""

    target: Target
    measured: float | None

    @property
    def met(self) -> bool:
        return self.measured is not None and self.target.holds(self.measured)

    def __str__(self) -> str:
        target = self.target
        got = "not measured" if self.measured is None else f"{self.measured:.4g}"
        return f"{target.says} {target.bound} {target.value:g}: {got}"


VERIFICATION: tuple[Target, ...] = (
    Target("tar_at_fmr_1e-3", Bound.AT_LEAST, 0.907, "True acceptance at FMR 1 in 1,000"),
)
COUNTING: tuple[Target, ...] = (
    Target("several.recall", Bound.AT_LEAST, 0.98, "Several faces, found"),
    Target("several.precision", Bound.AT_LEAST, 0.98, "Several faces, reported rightly"),
    Target("missed_single", Bound.AT_MOST, 0.01, "Single faces missed"),
)
SESSIONS: tuple[Target, ...] = (
    Target("missed_swaps", Bound.AT_MOST, 0, "Swaps missed"),
    Target("swap_delay_median_s", Bound.AT_MOST, 3, "Median delay of a swap, seconds"),
    Target("swap_delay_max_s", Bound.AT_MOST, 8, "Longest delay of a swap, seconds"),
    Target(
        "false_incidents_per_hour.different_person",
        Bound.AT_MOST,
        0.02,
        "False different-person incidents per hour",
    ),
    Target("hours", Bound.AT_LEAST, 100, "Simulated hours"),
)


def overridden(targets: Sequence[Target], changes: Sequence[str]) -> list[Target]:
    """`changes`: NAME=VALUE each. Raises `BadInput` for a name that is no target."""
    values: dict[str, float] = {}
    for change in changes:
        name, _, value = change.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise BadInput(f"A target is given as NAME=NUMBER, not {change!r}.") from None
    known = {target.name for target in targets}
    if not values.keys() <= known:
        unknown = min(values.keys() - known)
        raise BadInput(f"There is no target {unknown!r}. There are: {', '.join(sorted(known))}.")
    return [
        Target(each.name, each.bound, values.get(each.name, each.value), each.says)
        for each in targets
    ]


def check(targets: Sequence[Target], numbers: Mapping[str, object]) -> list[Checked]:
    return [Checked(target, _found(numbers, target.name)) for target in targets]


def _found(numbers: Mapping[str, object], name: str) -> float | None:
    first, _, rest = name.partition(".")
    value = numbers.get(first)
    if rest:
        return _found(value, rest) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None
