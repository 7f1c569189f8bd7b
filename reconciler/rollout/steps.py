"""What a spec says under `rollout`, as values: presets become steps, durations and shares numbers. Takes what the schema and the rules have found
right; opens no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.core.rollouts import LEAST, Analysis, Duration, Errors, Rollout, Smoke, Step
from reconciler.core.words import SPANS, many

APPROVE = "approve"
AT_ONCE = "all-at-once"
CANARIES = (5, 10, 15, 30)
LINEARS = (1, 2, 3, 10)
PRESETS: Mapping[str, tuple[Step, ...]] = {
    AT_ONCE: (),
    "LambdaAllAtOnce": (),
    **{f"LambdaCanary10Percent{bake}Minutes": (Step(0.1, timedelta(minutes=bake)),) for bake in CANARIES},
    **{
        f"LambdaLinear10PercentEvery{many(bake, 'Minute').replace(' ', '')}": tuple(
            Step(tenths / 10, timedelta(minutes=bake)) for tenths in range(1, 10)
        )
        for bake in LINEARS
    },
}


def rollout_of(written: Any) -> Rollout:
    """What a spec says of a rollout: a preset's name, or a map that has `steps`."""
    said: Mapping[str, Any] = {"steps": written} if isinstance(written, str) else written
    deadline = said.get("deadline")
    return Rollout(
        steps=steps_of(said["steps"]),
        watch=duration(said.get("watch", "0s")),
        smoke=tuple(smoke_of(entry) for entry in said.get("smoke", ())),
        analysis=analysis_of(said.get("analysis", {})),
        unsure=said.get("unsure", "hold"),
        deadline=duration(deadline) if deadline else None,
        on_failure=said.get("on_failure", "back"),
        rollback_window=said.get("rollback_window", 3),
    )


def steps_of(written: str | Sequence[Any]) -> tuple[Step, ...]:
    return PRESETS[written] if isinstance(written, str) else tuple(_steps(written))


def _steps(written: Sequence[Any]) -> Iterator[Step]:
    weight = 0.0
    for entry in written:
        is_approval = entry == APPROVE
        weight = weight if is_approval else float(entry["weight"])
        yield Step(weight, is_approval=True) if is_approval else Step(weight, duration(entry["bake"]))


def smoke_of(written: Mapping[str, Any]) -> Smoke:
    within = written.get("within")
    return Smoke(
        event=written["event"],
        expect=written.get("expect", {}),
        within=duration(within) if within else None,
        log_lacks=tuple(written.get("log_lacks", ())),
        params=written.get("params", {}),
    )


def analysis_of(written: Mapping[str, Any]) -> Analysis:
    errors, timing = written.get("errors"), written.get("duration")
    return Analysis(
        alarms=tuple(written.get("alarms", ())),
        require_green=written.get("require_green", False),
        errors=errors_of(errors) if errors else None,
        duration=duration_of(timing) if timing else None,
        throttles=written["throttles"]["max"] if "throttles" in written else None,
    )


def errors_of(written: Mapping[str, Any]) -> Errors:
    return Errors(_share(written.get("max")), _share(written.get("over_stable")), written.get("least", LEAST))


def duration_of(written: Mapping[str, Any]) -> Duration:
    longest = written.get("max")
    return Duration(
        stat=written.get("stat", "Average"),
        max=duration(longest) / timedelta(milliseconds=1) if longest else None,
        over_stable=_share(written.get("over_stable")),
        least=written.get("least", LEAST),
    )


def _share(written: str | None) -> float | None:
    return float(written.removesuffix("%")) / 100 if written else None


def duration(written: str) -> timedelta:
    """`800ms`, `90s`, `10m`, `2h`, `3d`."""
    if written.endswith("ms"):
        return timedelta(milliseconds=int(written[:-2]))
    return timedelta(seconds=int(written[:-1]) * SPANS[written[-1]])


def percent(share: float, digits: int = 1) -> str:
    """`5 %`, `4.1 %`."""
    return f"{round(share * 100, digits):g} %"


def in_words(rollout: Rollout) -> str:
    """`5 % → 25 % → approval → 50 % → 100 %`."""
    return " → ".join(["approval" if step.is_approval else percent(step.weight) for step in rollout.steps] + ["100 %"])
