"""What a spec may say under an alias's `rollout`: its JSON Schema, and the rules that a schema cannot say. Pure; opens no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeGuard

from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule, SpecCheck, named, part
from reconciler.core.rollouts import NO_TIME
from reconciler.rollout.marker import MOST_TEXT, split
from reconciler.rollout.smoke import MATCHERS, MATCHES, TYPES
from reconciler.rollout.steps import APPROVE, AT_ONCE, PRESETS, duration, steps_of

Schema = dict[str, Any]

ROLLOUT = "rollout"
CLOSED: Schema = {"type": "object", "additionalProperties": False}
SPAN: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,4}[smhd]$", "x-words": "a time as in 90s, 10m, 6h or 1d"}
SHORT: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,5}(ms|s|m)$", "x-words": "a time as in 800ms or 2s"}
SHARE: Schema = {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,2})?%$", "x-words": "a share as in 2%"}
LEAST: Schema = {
    "description": "Fewer invocations than these are no evidence. Left out: 50.", "type": "integer", "minimum": 1,
}  # fmt: skip
PRESET = {"pattern": f"^({'|'.join(PRESETS)})$", "examples": list(PRESETS)}
STEP: Schema = {
    **CLOSED,
    "type": ["string", "object"],
    "pattern": f"^{APPROVE}$",
    "x-words": f"{APPROVE}, or {{weight: 0.05, bake: 10m}}",
    "examples": [APPROVE],
    "required": ["weight", "bake"],
    "properties": {
        "weight": {
            "description": "The new version's share of the traffic.", "type": "number", "minimum": 0.01, "maximum": 0.99,
        },
        "bake": {"description": "How long it has that share at least.", **SPAN},
    },
}  # fmt: skip
STEPS: Schema = {
    "description": f"Shares of the traffic, each with its time; `{APPROVE}` waits for `rollout promote`. Or a preset's name.",
    "type": ["string", "array"],
    **PRESET,
    "x-words": f"a list of steps, or one of {', '.join(PRESETS)}",
    "items": STEP,
    "minItems": 1,
    "maxItems": 50,
}
MATCHER: Schema = {
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "min": {"type": "number"},
        "max": {"type": "number"},
        MATCHES: {"description": "A regular expression that is found in the text.", "type": "string", "maxLength": 500},
        "exists": {"type": "boolean"},
        "type": {"type": "string", "enum": sorted([*TYPES, "integer"])},
    },
}  # fmt: skip
SMOKE: Schema = {
    **CLOSED,
    "required": ["event"],
    "properties": {
        "event": {
            "description": "A file of JSON that is sent to the new version before it gets any traffic; relative to this file.",
            "type": "string",
            "minLength": 1,
        },
        "expect": {
            "description": f"JSON Pointer into the answer -> the value that stands there, or {', '.join((*MATCHERS, MATCHES))}.",
            "type": "object",
            "propertyNames": {"pattern": "^(/([^/~]|~[01])*)*$", "x-words": "a JSON Pointer, as in /statusCode"},
            "additionalProperties": MATCHER,
        },
        "within": {"description": "The most that it may take.", **SHORT},
        "log_lacks": {
            "description": "Texts that may not be in the last 4 KB of its log.",
            "type": "array",
            "items": {"type": "string", "minLength": 1},
        },
        "params": {
            **CLOSED,
            "description": "Further members of the call.",
            "properties": {
                "ClientContext": {"type": "string", "maxLength": 3583},
                "TenantId": {"type": "string", "minLength": 1, "maxLength": 256},
            },
        },
    },
}
COMPARED: Schema = {
    "over_stable": {"description": "By how much it may be more than that of the version that is replaced.", **SHARE},
    "least": LEAST,
}
ANALYSIS: Schema = {
    **CLOSED,
    "description": "What is looked at between two steps, and while the new version is watched.",
    "properties": {
        "alarms": {
            "description": "CloudWatch alarms, metric or composite, of which none may be in ALARM.",
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 255},
            "maxItems": 100,
            "uniqueItems": True,
        },
        "require_green": {"description": "Begin only when none of the alarms is in ALARM.", "type": "boolean"},
        "errors": {
            **CLOSED,
            "description": "The share of invocations that fail.",
            "properties": {"max": {"description": "The most that may fail.", **SHARE}, **COMPARED},
        },
        "duration": {
            **CLOSED,
            "description": "How long invocations take.",
            "required": ["stat"],
            "properties": {
                "stat": {
                    "description": "CloudWatch's statistic.",
                    "type": "string",
                    "pattern": r"^(Average|Maximum|p(100|[0-9]{1,2}(\.[0-9]{1,2})?))$",
                    "x-words": "Average, Maximum or a percentile as in p95",
                    "examples": ["Average", "Maximum", "p50", "p90", "p95", "p99"],
                },
                "max": {"description": "The most that it may be.", **SHORT},
                **COMPARED,
            },
        },
        "throttles": {
            **CLOSED,
            "description": "Throttled invocations of the alias, beyond those of the hour before.",
            "required": ["max"],
            "properties": {"max": {"type": "integer", "minimum": 0}},
        },
    },
}
SCHEMA: Schema = {
    **CLOSED,
    "description": f"How the alias gets to another version: in steps, or {AT_ONCE}. Left out, it moves at once.",
    "type": ["string", "object"],
    **PRESET,
    "x-words": f"a map that has steps, or one of {', '.join(PRESETS)}",
    "x-ours": True,
    "required": ["steps"],
    "properties": {
        "steps": STEPS,
        "watch": {"description": "After 100 % it is looked at for so long, and may still go back by itself.", **SPAN},
        "smoke": {
            "description": "Events that the new version must answer well before it gets any traffic.",
            "type": "array",
            "items": SMOKE,
            "maxItems": 20,
        },
        "analysis": ANALYSIS,
        "unsure": {
            "description": "What to do when a step's time is over and there is no evidence. Left out: hold.",
            "type": "string",
            "enum": ["hold", "go", "back"],
        },
        "deadline": {"description": "A step that nobody can tell of is paused after so long.", **SPAN},
        "on_failure": {
            "description": "Go back by itself, or hold for a person. Left out: back.",
            "type": "string",
            "enum": ["back", "hold"],
        },
        "rollback_window": {
            "description": "To how many of the last versions that the alias was on it goes back without steps. Left out: 3.",
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
        },
    },
}


def rollouts(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """(pointer, name, alias, rollout) of the aliases that have one."""
    for at, name, alias in named(spec, "aliases"):
        if ROLLOUT in alias:
            yield f"{at}/{ROLLOUT}", name, alias, alias[ROLLOUT]


def _maps(spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((at, written) for at, _, _, written in rollouts(spec) if isinstance(written, dict))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _weights(spec: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """The pointers of the weights of each rollout, each with its weight; only of what is a number."""
    for at, written in _maps(spec):
        steps = _listed(written.get("steps"))
        weights = [
            (f"{at}/steps/{index}/weight", step["weight"])
            for index, step in enumerate(steps)
            if isinstance(step, dict) and type(step.get("weight")) in (int, float)
        ]
        yield at, weights


def smokes(spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(pointer, smoke) of every event that a spec sends."""
    for at, written in _maps(spec):
        for index, smoke in enumerate(_listed(written.get("smoke"))):
            if isinstance(smoke, dict):
                yield f"{at}/smoke/{index}", smoke


@Rule("R320", "A rollout moves an alias between published versions.")
def moves_between_versions(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, alias, _ in rollouts(spec):
        version = alias.get("FunctionVersion")
        if isinstance(version, str) and version.startswith("$"):
            message = f"alias {name} is on {version}, which takes no weights; write FunctionVersion: published, or take rollout out"
            yield Finding(at, message, is_key=True)


@Rule("R321", "The weights of an alias are its rollout's, or a spec's own.")
def has_its_weights_from_one(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, alias, _ in rollouts(spec):
        if "RoutingConfig" in alias:
            message = f"alias {name} has its weights from rollout; take RoutingConfig out"
            yield Finding(f"{at.removesuffix(ROLLOUT)}RoutingConfig", message, is_key=True)


@Rule("R322", "Each step of a rollout has a greater weight than the one before.")
def rises(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for _, weights in _weights(spec):
        for (_, before), (at, weight) in pairwise(weights):
            if weight <= before:
                yield Finding(at, f"weight {weight} is not above {before}, that of the step before")


@Rule(
    "R323",
    "A weight has two decimals at the most.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html",
)
def is_in_whole_percents(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for _, weights in _weights(spec):
        for at, weight in weights:
            if 0 < weight < 1 and round(weight, 2) != weight:
                yield Finding(at, f"weight {weight} has more than two decimals; write {max(round(weight, 2), 0.01)}")


@Rule("R324", "A Description leaves room for what a rollout writes behind it.")
def leaves_room_for_its_marker(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, alias, _ in rollouts(spec):
        text = alias.get("Description")
        if isinstance(text, str) and len(text) > MOST_TEXT:
            message = f"the Description of alias {name} is {len(text)} characters long; beside a rollout the most is {MOST_TEXT}"
            yield Finding(f"{at.removesuffix(ROLLOUT)}Description", message)


@Rule("R325", "Where a rollout is, no spec says: what looks like its marker stands in no Description.")
def forges_no_marker(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, alias in named(spec, "aliases"):
        text = alias.get("Description")
        if isinstance(text, str) and split(text)[1]:
            message = f"the Description of alias {name} ends with a rollout's marker, which reconcile writes itself; take [rollout …] out"
            yield Finding(f"{at}/Description", message)


@Rule("R326", "What `matches` says is a regular expression.")
def matches_by_an_expression(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, smoke in smokes(spec):
        expect = smoke.get("expect")
        for pointer, wanted in expect.items() if isinstance(expect, dict) else ():
            pattern = wanted.get(MATCHES) if isinstance(wanted, dict) else None
            wrong = _unread(pattern) if isinstance(pattern, str) else ""
            if wrong:
                yield Finding(f"{at}/expect/{escaped(pointer)}/{MATCHES}", f"this is no regular expression: {wrong}")


def _unread(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return ""


@Rule("R327", "What is compared has something to be compared with.")
def compares_with_something(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, written in _maps(spec):
        for name in ("errors", "duration"):
            compared = part(written, "analysis").get(name)
            if isinstance(compared, dict) and not {"max", "over_stable"} & set(compared):
                message = f"analysis.{name} is compared with nothing; write max, over_stable or both"
                yield Finding(f"{at}/analysis/{name}", message, is_key=True)


@Rule("R328", "A rollout's deadline is not before its steps can be over.")
def has_time_for_its_steps(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, written in _maps(spec):
        deadline, steps = written.get("deadline"), _listed(written.get("steps"))
        bakes = [duration(step["bake"]) for step in steps if isinstance(step, dict) and _is_span(step.get("bake"))]
        if _is_span(deadline) and duration(deadline) < max(bakes, default=NO_TIME):
            yield Finding(f"{at}/deadline", f"the deadline of {deadline} is before the end of the longest step")


def _is_span(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and re.fullmatch(SPAN["pattern"], value) is not None


@Rule("W241", "A rollout in steps looks at something, or nothing but a person turns it back.")
def looks_at_something(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Of specs that are right."""
    for at, name, _, written in rollouts(spec):
        said = written if isinstance(written, dict) else {"steps": written}
        analysis = part(said, "analysis")
        if steps_of(said["steps"]) and not any(
            analysis.get(name) for name in ("alarms", "errors", "duration", "throttles")
        ):
            message = f"the rollout of alias {name} looks at nothing, so only a person turns it back; write analysis"
            yield Finding(at, message, is_key=True)


RULES: tuple[SpecCheck, ...] = (
    moves_between_versions,
    has_its_weights_from_one,
    rises,
    is_in_whole_percents,
    leaves_room_for_its_marker,
    forges_no_marker,
    matches_by_an_expression,
    compares_with_something,
    has_time_for_its_steps,
)
CAUTIONS: tuple[SpecCheck, ...] = (looks_at_something,)
