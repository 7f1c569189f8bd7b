"""How an alias moves from its version to another one, in steps: what a spec says of it, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeAlias, get_args

NO_TIME = timedelta(0)
Going: TypeAlias = Literal["shifting", "approval", "paused", "held", "promoting", "watch"]
Status: TypeAlias = Literal[Going, "rejected", "disagreement"]
Course: TypeAlias = Literal["begins", "at once", "ends", Status, "lost", "blocked"]
GOING: tuple[Course, ...] = get_args(Going)
OPEN: tuple[Course, ...] = (*GOING, "disagreement")
STOPPED: tuple[Course, ...] = ("rejected", "disagreement")  # until a person says how it goes on
LEAST = 50  # invocations; fewer are no evidence, where a spec does not say how many are
Unsure: TypeAlias = Literal["hold", "go", "back"]
OnFailure: TypeAlias = Literal["back", "hold"]


@dataclass(frozen=True, slots=True)
class Step:
    """The candidate's share of the traffic (0.25), and how long it has that at least. An approval is a step as well: it keeps the
    share of the step before, until a person promotes."""

    weight: float
    bake: timedelta = NO_TIME
    is_approval: bool = False


@dataclass(frozen=True, slots=True)
class Smoke:
    """An event that is sent to the candidate before it gets any traffic. `event` is its file as the spec names it, `path` where that can
    be opened from here, `sha256` the content's when the spec was read (hex). `expect` has values and matchers by JSON Pointer, as
    they are written; `params` are further members of Invoke. `within` is None where any time will do."""

    event: str
    expect: Mapping[str, Any] = field(default_factory=dict)
    within: timedelta | None = None
    log_lacks: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Errors:
    """Shares of the invocations: the most that may fail, and by how much more than of the stable version."""

    max: float | None = None
    over_stable: float | None = None
    least: int = LEAST


@dataclass(frozen=True, slots=True)
class Duration:
    """`stat` as CloudWatch names it (Average, Maximum, p95); the most it may be, in milliseconds, and the share by which it may be more
    than the stable version's."""

    stat: str
    max: float | None = None
    over_stable: float | None = None
    least: int = LEAST


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is looked at between two steps; `throttles` is the most there may be, None where they are not looked at."""

    alarms: tuple[str, ...] = ()
    require_green: bool = False
    errors: Errors | None = None
    duration: Duration | None = None
    throttles: int | None = None

    @property
    def is_measured(self) -> bool:
        """Whether metrics of the function say something of the rollout."""
        return any(rule is not None for rule in (self.errors, self.duration, self.throttles))


@dataclass(frozen=True, slots=True)
class Rollout:
    """How the alias gets to another version. Without steps it moves at once. `deadline` is how long a step without an approval may
    take, None for ever; `rollback_window`, to how many of the last stable versions it goes back without steps."""

    steps: tuple[Step, ...] = ()
    watch: timedelta = NO_TIME
    smoke: tuple[Smoke, ...] = ()
    analysis: Analysis = field(default_factory=Analysis)
    unsure: Unsure = "hold"
    deadline: timedelta | None = None
    on_failure: OnFailure = "back"
    rollback_window: int = 3


@dataclass(frozen=True, slots=True)
class Underway:
    """How far an alias is on its way to another version: as it is, or as an action leaves it (`begins`, `at once`, `ends`). `step` counts from
    1, 0 where there is none; `since` and `not_before` are times as markers have them, empty where time says nothing. `lost` is a
    candidate that is not there any more. `reason` says why it is held, was rejected, or is not as its marker says."""

    course: Course
    stable: str
    candidate: str
    step: int = 0
    steps: int = 0
    weight: float = 0.0
    since: str = ""
    not_before: str = ""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it goes on by itself, or once a person wants it to."""
        return self.course in OPEN
