"""Every scenario gives the plan that its folder expects, and the scenarios are of everything that a plan can hold or say."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, get_args

import pytest

import reconciler.plan
from reconciler.core.accounts import Guards
from reconciler.core.finding import Check, Rule
from reconciler.core.plans import Cause, Diagnostic, Plan, Verb
from reconciler.kinds.registry import KINDS, RANKS
from tests.plan.scenario import EXPECTED, SCENARIOS, names, outcome

# What a person asks of one function at once is no plan of specs: its tests stand here.
BY_HAND = Path(__file__).parents[1] / "commands" / "test_by_hand.py"
# Verbs that no resource of a kind can get, and why.
NEVER: Mapping[tuple[str, str], str] = {
    ("log_group", "delete"): "a group is never deleted",
    ("log_group", "adopt"): "the mark is the function's",
    ("layer", "replace"): "another version stands beside the others",
    ("layer", "adopt"): "a layer bears no mark",
    **{
        ("layer_version", verb): "versions are only ever deleted; the layer is what is published"
        for verb in ("create", "update", "replace", "adopt", "none")
    },
    ("version", "update"): "a version is immutable",
    ("version", "replace"): "a version is immutable",
    ("version", "adopt"): "the mark is the function's",
    ("alias", "replace"): "all of an alias can be updated",
    ("alias", "adopt"): "the mark is the function's",
    ("concurrency", "replace"): "all of a reservation can be updated",
    ("concurrency", "adopt"): "the mark is the function's",
    ("event_invoke", "replace"): "all of an asynchronous configuration can be updated",
    ("event_invoke", "adopt"): "the mark is the function's",
    **{
        (kind, verb): why
        for kind in ("recursion", "runtime_management", "scaling")
        for verb, why in (
            ("replace", "all of it can be updated"),
            ("delete", "every function has one"),
            ("adopt", "the mark is the function's"),
        )
    },
    ("code_signing", "replace"): "a link can be updated",
    ("code_signing", "adopt"): "the mark is the function's",
    ("provisioned_concurrency", "replace"): "all of it can be updated",
    ("provisioned_concurrency", "adopt"): "the mark is the function's",
    ("url", "replace"): "all of a URL can be updated",
    ("url", "adopt"): "the mark is the function's",
    ("permission", "replace"): "what changes is removed and added again, which is its update",
    ("permission", "adopt"): "the mark is the function's",
    ("policy", "replace"): "all of a policy can be updated",
    ("policy", "adopt"): "the mark is the function's",
    ("event_source_mapping", "adopt"): "the mark is the function's",
}
PLANNING = Path(reconciler.plan.__file__).parent
SPEAKING = ("Diagnostic", "refusal", "warning", "note")  # how a plan's sentences are made


@pytest.mark.parametrize("name", names())
def test_the_plan_is_what_the_scenario_expects(name: str) -> None:
    assert outcome(name).text == (SCENARIOS / name / EXPECTED).read_text(encoding="utf-8")


@cache
def plans() -> tuple[Plan, ...]:
    return tuple(plan for name in names() if (plan := outcome(name).plan))


def test_every_kind_gets_every_verb_that_it_can_get() -> None:
    seen = {(action.key.kind, action.verb) for plan in plans() for one in plan.targets for action in one.actions}
    assert {(kind, verb) for kind in KINDS for verb in get_args(Verb)} - set(NEVER) == seen


def test_every_call_is_planned() -> None:
    seen = {f"{item.key.kind}/{item.name}" for plan in plans() for one in plan.targets for item in one.operations}
    assert seen == set(RANKS)


def test_every_cause_is_told_of_a_field_and_of_a_deletion() -> None:
    actions = [action for plan in plans() for one in plan.targets for action in one.actions]
    assert {change.cause for action in actions for change in action.changes} == {*get_args(Cause), None}
    assert {action.cause for action in actions if action.verb == "delete"} == {*get_args(Cause), None} - {"both"}


@pytest.mark.parametrize("name", [item.name for item in fields(Guards)])
def test_every_guard_lets_through_and_refuses(name: str) -> None:
    written = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
    under = {folder: f"{written}:" in configuration(folder) for folder in names()}
    refusing = {folder for folder in names() if f"guards.{written} is" in outcome(folder).text}
    assert refusing
    assert {folder for folder, is_set in under.items() if is_set} - refusing


def configuration(name: str) -> str:
    file = SCENARIOS / name / "reconcile.yaml"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def test_every_rule_of_planning_is_cited() -> None:
    texts = "".join(outcome(name).text for name in names()) + BY_HAND.read_text(encoding="utf-8")
    values = [value for module in modules() for value in vars(module).values()]
    ids = {value.id for value in values if isinstance(value, Rule)}
    ids |= {value.rule.id for value in values if isinstance(value, Check)}
    assert len(ids) > 30
    assert sorted(one for one in ids if f"({one})" not in texts) == []


# --- sentences -----------------------------------------------------------------------------------------------------


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules([str(PLANNING)]):
        yield importlib.import_module(f"reconciler.plan.{found.name}")


def sentences(module: ModuleType) -> Iterator[tuple[str, range]]:
    """Where in a module a sentence of a plan is made: file and lines of each such call."""
    file = Path(str(module.__file__))
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAKING:
            yield file.name, range(node.lineno, (node.end_lineno or node.lineno) + 1)


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """File and line of every sentence that the scenarios made the planner say."""
    said: set[tuple[str, int]] = set()

    def speak(*given: Any, **named: Any) -> Diagnostic:
        frame: FrameType | None = sys._getframe(1)
        while frame and Path(frame.f_code.co_filename).parent == PLANNING:
            said.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
            frame = frame.f_back
        return Diagnostic(*given, **named)

    for module in modules():
        if hasattr(module, "Diagnostic"):
            monkeypatch.setattr(module, "Diagnostic", speak)
    for name in names():
        outcome.__wrapped__(name)
    return said


def test_every_sentence_that_the_planner_can_say_is_said(spoken: set[tuple[str, int]]) -> None:
    """A refusal, warning or note of `reconciler/plan` that no scenario shows is one that nobody has read."""
    known = [sentence for module in modules() for sentence in sentences(module)]
    assert len(known) > 30
    unsaid = [f"{file}:{lines[0]}" for file, lines in known if not any((file, line) in spoken for line in lines)]
    assert unsaid == []
