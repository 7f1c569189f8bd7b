"""Rollouts that a run has begun or ended, or whose candidate did not pass, as its plan and its report tell. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.core.errors import Rejected
from reconciler.core.model import Live, Spec, Target
from reconciler.core.plans import Action, Plan
from reconciler.core.rollouts import Course
from reconciler.kinds.alias import ALIAS, rolled
from reconciler.report.rollouts import Told
from reconciler.rollout.decide import Decision, rejected
from reconciler.rollout.marker import Marker, split
from reconciler.rollout.rolling import Rolling
from reconciler.rollout.standing import Alias

Task = Mapping[str, Any]
STARTS: tuple[Course, ...] = ("begins", "at once")
MOVES = "UpdateAlias"


def moved(
    plan: Plan,
    report: Mapping[str, Any],
    held: Iterable[Live],
    specs: Iterable[Spec],
    now: Callable[[Target], datetime],
) -> list[Told]:
    """What the run did with rollouts. `held` is what there was before it, `now` what time it is for AWS where a target is."""
    tasks = {task["target"]: task for task in report["tasks"]}
    before = {live.key: rolled(live) for live in held if live.key.kind == ALIAS.name}
    known = {spec.target: spec for spec in specs}
    found = []
    for action in (action for target in plan.targets for action in target.actions if action.rollout):
        task, spec = tasks.get(str(action.key.target)), known.get(action.key.target)
        if task and spec and action.key in before:
            rollout = spec.rollouts.get(action.key.name)
            one = Rolling(action.key, before[action.key], now(spec.target), (), "", rollout, file=spec.path)
            found.append(_moved(one, action, task))
    return [item for item in found if item]


def _moved(one: Rolling, action: Action, task: Task) -> Told | None:
    if one.rollout and action.rollout and action.rollout.course in STARTS:
        return started(one, action.reason, task)
    after = _after(one, task)
    if after is None or not one.is_open:
        return None
    is_done = after.version == one.marker.candidate
    decision = Decision("done" if is_done else "forget", action.reason, after)
    return Told(one, decision, request_id=_request(one, task))


def started(one: Rolling, reason: str, task: Task) -> Told | None:
    """A rollout that began, or whose candidate did not pass; None where neither came to be."""
    smoke = tuple(item["smoke"] for item in _operations(one, task) if "smoke" in item)
    judged = tuple({name: value for name, value in item.items() if name != "version"} for item in smoke)
    failed = next((item for item in smoke if item["outcome"] == "failed"), None)
    after = _after(one, task)
    if failed:
        reason = f"smoke {failed['event']}: {'; '.join(failed['failed'])}"
        left = rejected(failed["version"], one.alias.version, reason, one.now) if after else one.alias
        began = Marker(failed["version"], "watch", one.now, one.now, one.alias.version)
        decision = Decision("reject", reason, left)
        return Told(
            one, decision, exit_code=Rejected.exit_code, request_id=_request(one, task), began=began, smoke=judged
        )
    if after is None:
        return None
    at_once = Marker(after.version, "watch", one.now, one.now, one.alias.version)
    began = after.marker if after.marker and after.marker.is_open else at_once
    return Told(one, Decision("start", reason, after), request_id=_request(one, task), began=began, smoke=judged)


def _operations(one: Rolling, task: Task) -> Iterator[Mapping[str, Any]]:
    return (item for item in task["operations"] if item["address"] == str(one.key))


def _moves(one: Rolling, task: Task) -> list[Mapping[str, Any]]:
    """Of the calls that move the alias those that did."""
    moves = (item for item in _operations(one, task) if item["operation"] == MOVES)
    return [item for item in moves if item["outcome"] == "succeeded" and not item["error"]]


def _request(one: Rolling, task: Task) -> str:
    return next((str(item["request_id"]) for item in _moves(one, task)), "")


def _after(one: Rolling, task: Task) -> Alias | None:
    """The alias as AWS answered that it is now; None where nothing moved it."""
    end = f":{one.key.target.function}:{one.key.name}"
    answers = [item for item in task["resultObjects"] if str(item.get("aliasArn", "")).endswith(end)]
    if not answers or not _moves(one, task):
        return None
    shares = (answers[-1].get("routingConfig") or {}).get("additionalVersionWeights") or {}
    marker = split(str(answers[-1].get("description", "")))[1]
    return Alias(
        str(answers[-1]["functionVersion"]), {version: share for version, share in shares.items() if share}, marker
    )
