"""How provisioned concurrency is scaled: a scalable target of Application Auto Scaling with policies and scheduled actions, as one value
in a spec's words. What each call makes of it, and what AWS moves of it by itself. Pure (FACTS 10.11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Properties
from reconciler.kinds.base import Section, Step, with_defaults
from reconciler.kinds.moments import FORM, epoch_seconds, is_moment

REGISTER, DEREGISTER = "RegisterScalableTarget", "DeregisterScalableTarget"
PUT_POLICY, DELETE_POLICY = "PutScalingPolicy", "DeleteScalingPolicy"
PUT_ACTION, DELETE_ACTION = "PutScheduledAction", "DeleteScheduledAction"
LEAST, MOST = "MinCapacity", "MaxCapacity"
POLICIES, ACTIONS = "policies", "scheduled"
_SUSPENDED, _TARGET, _AT = "SuspendedState", "ScalableTargetAction", ("StartTime", "EndTime")
_COOLDOWNS = ("ScaleInCooldown", "ScaleOutCooldown")
_METRIC = {"PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}
_CONFIGURATION = "TargetTrackingScalingPolicyConfiguration"
NAMESPACE = {"ServiceNamespace": "lambda"}
_DIMENSION = {"ScalableDimension": "lambda:function:ProvisionedConcurrency"}
_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"
_COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}
_BOUNDS: Mapping[str, Any] = {
    LEAST: {"description": "The fewest.", **_COUNT},
    MOST: {"description": "The most.", **_COUNT},
}
_SECONDS: Mapping[str, Any] = {"description": "Seconds between two changes.", **_COUNT}
_MOMENT: Mapping[str, Any] = {"type": ["string", "number"]}
_CLOSED: Mapping[str, Any] = {"type": "object", "additionalProperties": False}

SCHEMA: Mapping[str, Any] = {
    "description": "Who scales the number, from the fewest to the most; with it the number is only what is begun with.",
    **_CLOSED,
    "required": [LEAST, MOST],
    "properties": {
        **_BOUNDS,
        _SUSPENDED: {
            "description": "What does not scale for the time being.",
            **_CLOSED,
            "properties": {
                name: {"type": "boolean"}
                for name in (
                    "DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended",
                )
            },
        },
        POLICIES: {
            "description": "Name -> the utilization that is aimed at.",
            "type": "object",
            "propertyNames": {"pattern": "^[ -~]{1,256}$", "x-words": "up to 256 printable characters"},
            "additionalProperties": {
                **_CLOSED,
                "required": ["TargetValue"],
                "properties": {
                    "TargetValue": {"description": "Of what is provisioned, the part that is in use.", "type": "number", "exclusiveMinimum": 0, "maximum": 1},
                    **dict.fromkeys(_COOLDOWNS, _SECONDS),
                    "DisableScaleIn": {"description": "Never fewer by this policy.", "type": "boolean"},
                },
            },
        },
        ACTIONS: {
            "description": "Name -> other bounds from a moment on, once or again and again.",
            "type": "object",
            "propertyNames": {
                "pattern": "^(?! )[^\\x00-\\x1f\\x7f-\\x9f:/|]{1,256}(?<! )$",
                "x-words": "up to 256 characters but :/|, without a space at either end",
            },
            "additionalProperties": {
                **_CLOSED,
                "required": ["Schedule"],
                "properties": {
                    "Schedule": {
                        "description": "at(…), rate(…) or cron(…) with its six fields.",
                        "type": "string",
                        "pattern": "^(at|rate|cron)\\(.+\\)$",
                        "x-words": "at(yyyy-mm-ddThh:mm:ss), rate(1 hour) or cron(0 8 * * ? *)",
                    },
                    "Timezone": {"description": "Where its clock stands; left out, UTC.", "type": "string", "minLength": 1},
                    **{name: {"description": f"Until then, or from then on: {FORM}.", **_MOMENT} for name in _AT},
                    **_BOUNDS,
                },
            },
        },
    },
}  # fmt: skip

AUTOSCALING = Section(
    name="autoscaling",
    operation=REGISTER,
    refused={
        **dict.fromkeys(("ServiceNamespace", "ScalableDimension"), "always provisioned concurrency"),
        "ResourceId": "the spec's `function`, and the key under `provisioned_concurrency`",
        **dict.fromkeys((LEAST, MOST, _SUSPENDED), "written in `autoscaling`"),
        "RoleARN": "AWS's own role, which it makes by itself",
        "Tags": "a spec's `tags` are the function's",
        "PolicyName": "the key under `policies`",
        "PolicyType": "always target tracking",
        _CONFIGURATION: "written as an entry of `policies`, its metric filled in",
        "StepScalingPolicyConfiguration": "not for provisioned concurrency",
        "PredictiveScalingPolicyConfiguration": "not for provisioned concurrency",
        "ScheduledActionName": "the key under `scheduled`",
        **dict.fromkeys(("Schedule", "Timezone", *_AT), "written in an entry of `scheduled`"),
        _TARGET: "its members are written in an entry of `scheduled`",
    },
    calls=(REGISTER, PUT_POLICY, PUT_ACTION),
    is_in_our_words=True,
)


def resource_id(function: str, name: str) -> str:
    return f"function:{function}:{name}"


def which(function: str, name: str) -> dict[str, str]:
    """The params that say of which scalable target a call is."""
    return {**NAMESPACE, "ResourceId": resource_id(function, name), **_DIMENSION}


def described(target: Properties, policies: list[Properties], actions: list[Properties]) -> dict[str, Any]:
    """What AWS answers of a target, in a spec's words."""
    return {
        **{name: target[name] for name in (LEAST, MOST, _SUSPENDED) if target.get(name) is not None},
        POLICIES: {item["PolicyName"]: _policy(item) for item in policies},
        ACTIONS: {item["ScheduledActionName"]: _action(item) for item in actions},
    }


def _policy(item: Properties) -> dict[str, Any]:
    """Its metric stands in it only where it is another than the usual one."""
    said = dict(item.get(_CONFIGURATION) or {"PolicyType": item.get("PolicyType")})
    return {name: value for name, value in said.items() if {name: value} != _METRIC}


def _action(item: Properties) -> dict[str, Any]:
    said = {name: item[name] for name in ("Schedule", "Timezone") if item.get(name) is not None}
    said |= {name: epoch_seconds(item[name]) for name in _AT if item.get(name) is not None}
    return {**said, **(item.get(_TARGET) or {})}


def normal(scaled: Properties) -> dict[str, Any]:
    """Nothing where nothing scales; cooldowns have no default that is known."""
    if not scaled:
        return {}
    states = SCHEMA["properties"][_SUSPENDED]["properties"]
    return {
        **scaled,
        _SUSPENDED: with_defaults(dict(scaled.get(_SUSPENDED) or {}), dict.fromkeys(states, False)),
        POLICIES: {name: {"DisableScaleIn": False, **item} for name, item in part(scaled, POLICIES).items()},
        ACTIONS: {name: _normal_action(item) for name, item in part(scaled, ACTIONS).items()},
    }


def _normal_action(item: Properties) -> dict[str, Any]:
    return {"Timezone": "UTC", **item, **{name: epoch_seconds(item[name]) for name in _AT if name in item}}


# --- what AWS moves by itself --------------------------------------------------------------------------------------


def bounds(scaled: Properties) -> tuple[int, int]:
    """The fewest and the most that there may ever be: a scheduled action sets bounds of its own."""
    return min(_each(scaled, LEAST)), max(_each(scaled, MOST))


def within(number: int, scaled: Properties) -> int:
    """What becomes of a number as its bounds are registered."""
    fewest, most = bounds(scaled)
    return min(max(number, fewest), most)


def _each(scaled: Properties, bound: str) -> list[int]:
    return [item[bound] for item in (scaled, *part(scaled, ACTIONS).values()) if bound in item]


def compared(live: Properties, wanted: Properties) -> dict[str, Any]:
    """A bound that a scheduled action has set is the wanted one; of a cooldown that nobody wants to say nothing is known."""
    moved = {bound: wanted[bound] for bound in (LEAST, MOST) if live and wanted and _is_moved(live, wanted, bound)}
    known = part(wanted, POLICIES)
    policies = {
        name: {key: value for key, value in item.items() if key not in _COOLDOWNS or key in known.get(name, item)}
        for name, item in part(live, POLICIES).items()
    }
    return {**live, **moved, **({POLICIES: policies} if live else {})}


def _is_moved(live: Properties, wanted: Properties, bound: str) -> bool:
    """Whether a scheduled action set the bound: one that is there, and stays as it is. What is made now has set nothing."""
    actions = part(wanted, ACTIONS)
    return any(
        item.get(bound) == live[bound] == actions.get(name, {}).get(bound) for name, item in part(live, ACTIONS).items()
    )


def is_in_place(number: int, live: Properties, wanted: Properties) -> bool:
    """Whether a number is one that scaling may have come to, or is about to: other bounds move it as they are registered."""
    settled = compared(live, wanted)
    return within(number, wanted) == number or any(settled.get(bound) != wanted[bound] for bound in (LEAST, MOST))


# --- calls ---------------------------------------------------------------------------------------------------------


def steps(function: str, name: str, wanted: Properties, differing: frozenset[str], *, is_new: bool) -> list[Step]:
    """The calls that make of a target what is wanted; `differing` are pointers of at most two steps."""
    target = which(function, name)
    if not wanted:
        return [] if is_new else [Step(DEREGISTER, target)]
    members = {path.partition("/")[0] for path in differing}
    sent = {member: wanted[member] for member in (LEAST, MOST, _SUSPENDED) if is_new or member in members}
    made = [Step(REGISTER, {**target, **sent})] if sent else []
    for section, change in ((POLICIES, _policy_step), (ACTIONS, _action_step)):
        names = part(wanted, section) if is_new else _below(differing, section)
        made += [change(target, each, wanted[section].get(each)) for each in sorted(names)]
    return made


def _below(differing: frozenset[str], section: str) -> set[str]:
    return {path.removeprefix(f"{section}/") for path in differing if path.startswith(f"{section}/")}


def _policy_step(target: Properties, name: str, entry: Properties | None) -> Step:
    if entry is None:
        return Step(DELETE_POLICY, {"PolicyName": name, **target})
    sent = {"PolicyType": "TargetTrackingScaling", _CONFIGURATION: {**entry, **_METRIC}}
    return Step(PUT_POLICY, {"PolicyName": name, **target, **sent})


def _action_step(target: Properties, name: str, entry: Properties | None) -> Step:
    if entry is None:
        return Step(DELETE_ACTION, {"ScheduledActionName": name, **target})
    bounds = {bound: entry[bound] for bound in (LEAST, MOST) if bound in entry}
    sent = {key: value for key, value in entry.items() if key not in bounds}
    return Step(PUT_ACTION, {"ScheduledActionName": name, **target, **sent, _TARGET: bounds})


def after(operation: str, params: Properties, scaled: Properties) -> dict[str, Any]:
    """What is scaled once a call was carried out."""
    match operation:
        case "RegisterScalableTarget":
            return normal({**scaled, **{name: params[name] for name in (LEAST, MOST, _SUSPENDED) if name in params}})
        case "DeregisterScalableTarget":
            return {}
        case "PutScalingPolicy" | "DeleteScalingPolicy":
            section, name, entry = POLICIES, params["PolicyName"], _policy(params)
        case _:
            section, name, entry = ACTIONS, params["ScheduledActionName"], _action(params)
    others = {key: item for key, item in part(scaled, section).items() if key != name}
    return normal({**scaled, section: others | ({name: entry} if operation.startswith("Put") else {})})


# --- rules over one document ---------------------------------------------------------------------------------------


def entries(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """(pointer, autoscaling, entry) of each that is scaled."""
    for at, _, entry in named(spec, "provisioned_concurrency"):
        if part(entry, "autoscaling"):
            yield f"{at}/autoscaling", entry["autoscaling"], entry


def scheduled(scaled: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, item in part(scaled, ACTIONS).items():
        if isinstance(item, dict):
            yield f"/{ACTIONS}/{escaped(name)}", item


def _numbers(item: Mapping[str, Any], *names: str) -> tuple[int, ...] | None:
    """The members, where all of them are numbers."""
    values = tuple(item[name] for name in names if type(item.get(name)) is int)
    return values if len(values) == len(names) else None


@Rule(
    "R077",
    "Scaling goes from the fewest to the most, and not the other way round.",
    "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html",
)
def scales_from_few_to_many(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, scaled, _ in entries(spec):
        for below, item in (("", scaled), *scheduled(scaled)):
            both = _numbers(item, LEAST, MOST)
            if both and both[0] > both[1]:
                yield Finding(
                    f"{at}{below}/{LEAST}", f"{LEAST} {both[0]} is more than {MOST} {both[1]}; turn them round"
                )


@Rule(
    "R078",
    "A scheduled action sets a bound, and begins and ends at moments that there are.",
    "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html",
)
def schedules_something(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, scaled, _ in entries(spec):
        for below, item in scheduled(scaled):
            if not {LEAST, MOST} & set(item):
                yield Finding(f"{at}{below}", f"the action sets nothing; write {LEAST}, {MOST} or both", is_key=True)
            for name in (name for name in _AT if name in item and not is_moment(item[name])):
                yield Finding(f"{at}{below}/{name}", f"{name} is {FORM}")


@Rule("W212", "What scaling begins with is among what it may come to.", _PAGE)
def begins_within_its_bounds(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, scaled, entry in entries(spec):
        start, both = entry.get("ProvisionedConcurrentExecutions"), _numbers(scaled, LEAST, MOST)
        if both and type(start) is int and not both[0] <= start <= both[1]:
            message = f"ProvisionedConcurrentExecutions {start} is not between {both[0]} and {both[1]}, so scaling moves it at once; begin within"
            yield Finding(f"{at.removesuffix('/autoscaling')}/ProvisionedConcurrentExecutions", message)


RULES = (scales_from_few_to_many, schedules_something)
CAUTIONS = (begins_within_its_bounds,)
