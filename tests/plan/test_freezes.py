"""What a freeze keeps an apply from, and that it changes nothing of what is planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.freezes import ALLOWED, Allowed, Freeze, Weekly
from reconciler.core.model import Desired, Key, Spec, Target
from reconciler.core.plans import Action, FieldChange, Operation, Plan, TargetPlan
from reconciler.plan.freezes import Hold, carried_out, holds, warned

NOW = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
TARGETS = [Target("prod", "us-west-2", name) for name in ("checkout", "orders")]
TARGET = TARGETS[0]


def frozen(*allow: Allowed, name: str = "christmas", hours: int = 24 * 7) -> Freeze:
    """Every week, since its Monday's midnight."""
    return Freeze(name, UTC, Weekly(timedelta(0), timedelta(hours=hours)), allow=frozenset(allow))


def field(path: str, cause: Any = "edit") -> FieldChange:
    return FieldChange(path, 1, 2, cause)


def update(*changes: FieldChange, target: Target = TARGET) -> Action:
    return Action(Key(target, "function"), "update", changes)


EDIT, TAGS = update(field("/configuration/Timeout")), update(field("/tags/team"), field("/tags"))
DRIFT, BOTH = (update(field("/configuration/Timeout", cause)) for cause in ("drift", "both"))
UNKNOWN = update(field("/configuration/Timeout", None))
CREATED = Action(Key(TARGET, "function"), "create")
ALIAS, BACK = (Action(Key(TARGET, "alias", "live"), "create", (field("/aliases/live/FunctionVersion", cause),)) for cause in ("edit", "drift"))  # fmt: skip
GONE = Action(Key(TARGET, "alias", "live"), "delete", cause="drift")
OLD = Action(Key(TARGET, "version", "3"), "delete")
NOTHING = Action(Key(TARGET, "alias", "live"), "none")


def planned(*actions: Action) -> Plan:
    """Each action of one call."""
    made: dict[Target, list[Action]] = {}
    for action in actions:
        made.setdefault(action.key.target, []).append(action)
    targets = tuple(
        TargetPlan(
            target,
            tuple(group),
            tuple(Operation(f"{target}#{n}", one.key, "Call", "PHASE", {}) for n, one in enumerate(group) if one.verb != "none"),
            "0" * 64,
        )
        for target, group in made.items()
    )  # fmt: skip
    return Plan(targets, "0" * 64, "2026-12-24T12:00:00.000Z", "0" * 64)


SPEC = Spec(TARGET, "a.yaml", (), frozenset())


def held(plan: Plan, *freezes: Freeze, spec: Spec = SPEC, is_told: bool = True) -> dict[Target, Hold]:
    told = {one.target: one for one in plan.targets} if is_told else {}
    return holds(plan, freezes, lambda _: NOW, [spec], told)


@pytest.mark.parametrize(
    ("allow", "actions", "is_held"),
    [
        ((), [EDIT], True),
        ((), [NOTHING], False),
        (("tags",), [TAGS, NOTHING], False),
        (("tags",), [EDIT], True),
        (("tags",), [replace(TAGS, verb="adopt")], True),
        (("drift",), [DRIFT], False),
        (("drift",), [BACK, GONE], False),
        (("drift",), [DRIFT, ALIAS], True),
        (("drift",), [BOTH], True),
        (("drift",), [UNKNOWN], True),
        (("drift",), [update(*DRIFT.changes, *EDIT.changes)], True),
        (("create",), [CREATED, ALIAS], False),
        (("create",), [ALIAS], True),
        (("create",), [replace(CREATED, verb="replace")], True),
        (("drift", "tags"), [replace(TAGS, changes=TAGS.changes), BACK], False),
    ],
    ids=[
        "an edit", "nothing to do", "tags", "more than tags", "a function that is taken over", "drift", "what was made and deleted by hand",
        "drift and an edit beside it", "what both moved", "a cause that nobody knows", "a field of each", "a new function with its alias",
        "a new alias of one that lives", "a replacement", "each allowed by another word",
    ],
)  # fmt: skip
def test_a_target_is_held_unless_all_that_is_done_to_it_is_allowed(
    allow: tuple[Allowed, ...], actions: list[Action], is_held: bool
) -> None:
    assert bool(held(planned(*actions), frozen(*allow))) == is_held


def test_of_several_freezes_each_must_allow_it_and_those_that_mind_are_named() -> None:
    found = held(
        planned(DRIFT), frozen("drift", name="lenient"), frozen(name="weekend", hours=24 * 6), frozen(name="year")
    )
    assert found[TARGET].names == ("year", "weekend")
    assert "freezes year and weekend hold" in str(warned(planned(DRIFT), found).diagnostics[0].message)


def test_what_only_goes_back_to_git_is_not_known_where_no_record_tells() -> None:
    (note,) = warned(planned(UNKNOWN), held(planned(UNKNOWN), frozen("drift"), is_told=False)).diagnostics
    assert "no record tells what was last applied to it" in note.message


PLACED = {"S3Bucket": "b", "S3Key": "k"}


@pytest.mark.parametrize(
    ("path", "code", "references", "is_held"),
    [
        ("/code/CodeSha256", PLACED, {}, True),
        ("/code/CodeSha256", {**PLACED, "S3ObjectVersion": "3"}, {}, False),
        ("/code/CodeSha256", {"path": "src"}, {}, False),
        ("/code/ImageUri", {"ImageUri": "r/i:latest"}, {}, True),
        ("/code/ImageUri", {"ImageUri": f"r/i@sha256:{'0' * 64}"}, {}, False),
        ("/configuration/Environment/Variables/T", {}, {"/configuration/Environment/Variables/T": "{{ ssm('/t') }}"}, True),
        ("/configuration/Role", {}, {"/configuration/Role": "arn:aws:iam::{{ account.id }}:role/r"}, False),
        ("/configuration/Timeout", PLACED, {"/configuration/TimeoutX": "{{ ssm('/t') }}"}, False),
    ],
    ids=[
        "an object", "a version of an object", "code of the tree", "a tag", "an image by its digest", "a parameter",
        "what the account tells", "something else beside it",
    ],
)  # fmt: skip
def test_what_git_only_says_the_place_of_does_not_pass_as_drift(
    path: str, code: dict[str, str], references: dict[str, str], is_held: bool
) -> None:
    """Whoever puts something new there would have it deployed, though git did not move."""
    moved = update(field(path, "drift"))
    spec = replace(SPEC, desired=(Desired(moved.key, {"code": code}, references=references),))
    found = held(planned(moved), frozen("drift"), spec=spec)
    assert bool(found) == is_held
    assert not found or "may be a new one" in found[TARGET].why


def test_the_newest_version_of_a_layer_is_none_that_git_says() -> None:
    layers = replace(field("/configuration/Layers", "drift"), written="{{ layer('shared') }}")
    spec = replace(SPEC, desired=(Desired(EDIT.key, {}),))
    assert held(planned(update(layers)), frozen("drift"), spec=spec)


def test_versions_that_are_not_kept_stay_and_refuse_nothing() -> None:
    plan = planned(TAGS, OLD)
    left = carried_out(plan, held(plan, frozen("tags")))
    assert [(action.verb, bool(action.reason)) for action in left.targets[0].actions] == [
        ("update", False),
        ("none", True),
    ]
    assert [operation.key for operation in left.targets[0].operations] == [TAGS.key]
    assert [note.severity for note in left.diagnostics] == ["note"]


def test_a_version_that_a_spec_deletes_is_held_as_all_else_is() -> None:
    spec = replace(SPEC, desired=(Desired(OLD.key, {}, {}),))
    for asking in (spec, replace(SPEC, is_absent=True)):
        assert held(planned(OLD), frozen(), spec=asking)[TARGET].is_whole


@given(
    st.lists(st.sampled_from([EDIT, TAGS, DRIFT, CREATED, ALIAS, GONE, OLD, NOTHING]), unique_by=lambda one: one.key),
    st.lists(st.builds(frozen, st.sampled_from(ALLOWED), hours=st.integers(1, 168)), max_size=3),
    st.booleans(),
)
def test_a_freeze_never_changes_what_is_planned_only_what_is_carried_out(
    actions: list[Action], freezes: list[Freeze], is_other_there: bool
) -> None:
    """What is said to a reviewer comes to what the apply does: the same targets, and no call that was not planned."""
    other = [update(field("/configuration/Timeout"), target=TARGETS[1])] if is_other_there else []
    plan = planned(*actions, *other)
    found = held(plan, *freezes)
    shown, done = warned(plan, found), carried_out(plan, found)
    assert replace(shown, diagnostics=()) == plan
    assert done.digest == plan.digest
    said = {note.target for note in shown.diagnostics if note.severity == "warning"}
    assert said == {note.target for note in done.diagnostics if note.severity == "refusal"}
    for before, after in zip(plan.targets, done.targets, strict=True):
        left = [operation for operation in before.operations if operation not in after.operations]
        assert all(operation.key == OLD.key for operation in left)
        assert all(operation in before.operations for operation in after.operations)
