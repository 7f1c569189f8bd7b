"""Plans and snapshots as documents: what is hidden, what a reader can tell, and what comes back out of a file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.core.model import Key, Live, Origin, Snapshot, Target
from reconciler.core.plans import Action, Diagnostic, FieldChange, Operation, Plan, TargetPlan
from reconciler.core.sealing import fingerprint, sealed
from reconciler.core.values import KNOWN_AFTER_APPLY, SENSITIVE, UNSET, Sealed
from reconciler.kinds.registry import KINDS
from reconciler.report.documents import plan_document
from reconciler.report.formats.json import document_json
from reconciler.report.schemas import PLAN, SCHEMAS, SNAPSHOT
from reconciler.report.snapshots import seal, snapshot_digest, snapshot_document, snapshot_from
from tests.report.journals import PROVENANCE

SENTINEL = "sentinel-5f1d9a"
SALT, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
TARGET = Target("test", "us-west-2", "checkout")
FUNCTION = Key(TARGET, "function")
LIVE = Snapshot(
    (
        Live(Key(TARGET, "alias", "live"), {"FunctionVersion": "1"}, {"RevisionId": "a"}),
        Live(
            FUNCTION,
            {"configuration": {"MemorySize": 128, "Environment": {"Variables": {"TOKEN": SENTINEL, "STAGE": f"prod-{SENTINEL}"}}}},
            {"Version": "$LATEST"},
        ),
    ),
    "2026-11-24T09:30:11.000Z",
    {"test": "123456789012"},
)  # fmt: skip


def variables(snapshot: Snapshot) -> Any:
    (function,) = (item for item in snapshot.resources if item.key == FUNCTION)
    return function.properties["configuration"]["Environment"]["Variables"]


def with_token(value: str) -> Snapshot:
    alias, function = LIVE.resources
    return replace(LIVE, resources=(alias, replace(function, properties={"configuration": {"Environment": {"Variables": {"TOKEN": value}}}})))  # fmt: skip


# --- snapshot ------------------------------------------------------------------------------------------------------


def test_a_snapshot_comes_back_as_it_was_sealed() -> None:
    document = json.loads(json.dumps(snapshot_document(LIVE, SALT, [])))
    Draft202012Validator(SNAPSHOT).validate(document)
    back = snapshot_from(document, [])
    assert sorted(back.resources, key=lambda item: item.key) == sorted(
        seal(LIVE, SALT).resources, key=lambda item: item.key
    )
    assert (back.taken_at, back.accounts, back.salt) == (LIVE.taken_at, LIVE.accounts, SALT)
    assert all(isinstance(value, Sealed) for value in variables(back).values())


def test_a_snapshot_holds_no_sensitive_value_and_keeps_its_keys() -> None:
    text = json.dumps(snapshot_document(LIVE, SALT, []))
    assert SENTINEL not in text
    assert "TOKEN" in text
    assert repr(variables(seal(LIVE, SALT))["TOKEN"]) == "(sensitive)"


def test_a_fingerprint_tells_equal_from_changed_within_one_salt_only() -> None:
    one, two = fingerprint("a", SALT), fingerprint("b", SALT)
    assert one == fingerprint("a", SALT)
    assert one != two
    assert one != fingerprint("a", OTHER)
    assert len(one.removeprefix("fingerprint:")) == 32


def test_both_sides_are_sealed_alike_and_once() -> None:
    properties = LIVE.resources[1].properties
    once = sealed(properties, KINDS["function"].is_sensitive, SALT)
    assert once["configuration"]["Environment"]["Variables"] == variables(seal(LIVE, SALT))
    assert sealed(once, KINDS["function"].is_sensitive, OTHER) == once


def test_a_digest_knows_neither_order_nor_time_nor_salt_nor_secret() -> None:
    digest = snapshot_digest(LIVE)
    assert snapshot_digest(replace(LIVE, resources=LIVE.resources[::-1], taken_at="later")) == digest
    assert {snapshot_digest(seal(LIVE, salt)) for salt in (SALT, OTHER)} == {digest}
    assert snapshot_digest(snapshot_from(snapshot_document(LIVE, SALT, []), [])) == digest
    assert snapshot_digest(with_token("a")) == snapshot_digest(with_token("b"))
    assert snapshot_digest(replace(LIVE, resources=LIVE.resources[:1])) != digest


# --- plan ----------------------------------------------------------------------------------------------------------


def plan_of(*changes: FieldChange) -> dict[str, Any]:
    action = Action(FUNCTION, "update", changes)
    operation = Operation("1", FUNCTION, "UpdateFunctionConfiguration", "UPDATE_LAMBDA_FUNCTION_CONFIGURATION", {})
    kept = Action(Key(TARGET, "alias", "live"), "none")
    target = TargetPlan(TARGET, (action, kept), (operation,), "0" * 64)
    note = Diagnostic("warning", "mind", TARGET, Origin("specs/a.yaml", 3, 1))
    made = Plan((target,), "0" * 64, LIVE.taken_at, "0" * 64, (Target("test", "us-west-2", "lost"),), (note,))
    document = plan_document(made, PROVENANCE)
    Draft202012Validator(PLAN).validate(json.loads(document_json(document)))
    return document


def only_field(change: FieldChange) -> dict[str, Any]:
    found: dict[str, Any] = plan_of(change)["targets"][0]["actions"][0]["fields"][0]
    return found


def test_a_plan_counts_resources_by_verb_and_calls() -> None:
    document = plan_of()
    assert document["summary"] == {
        "create": 0, "update": 1, "replace": 0, "adopt": 0, "delete": 0, "unchanged": 1, "refused": 0, "operations": 1,
    }  # fmt: skip
    assert document["orphans"] == ["test/us-west-2/lost"]
    assert document["diagnostics"] == [
        {"severity": "warning", "message": "mind", "address": str(TARGET), "source": {"file": "specs/a.yaml", "line": 3}, "error": ""}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(UNSET, 512, (None, 512, False, False), id="unset"),
        pytest.param(SENSITIVE, SENSITIVE, ("(sensitive)", "(sensitive)", True, False), id="sensitive"),
        pytest.param("1", KNOWN_AFTER_APPLY, ("1", "(known after apply)", False, True), id="known after apply"),
        pytest.param("1", "(known after apply)", ("1", "(known after apply)", False, False), id="a text that looks like it"),
        pytest.param(fingerprint("a", SALT), fingerprint("b", SALT), ("(sensitive)", "(sensitive)", False, False), id="sealed"),
    ],
)  # fmt: skip
def test_a_field_says_what_its_texts_stand_for(before: Any, after: Any, expected: tuple[Any, ...]) -> None:
    found = only_field(FieldChange("/configuration/X", before, after))
    assert tuple(found[name] for name in ("before", "after", "sensitive", "known_after_apply")) == expected


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        (["edit"], "edit"), (["edit", "edit"], "edit"), (["edit", "drift"], "both"), ([None], None), (["edit", None], None), ([], None),
        (["unapplied", "drift"], "both"), (["unapplied", "edit"], "edit"), (["behind", "behind"], "behind"), (["behind", "drift"], "drift"),
        (["behind", "edit"], "edit"), (["behind", "unapplied"], "unapplied"), (["behind", "both"], "both"),
    ],
)  # fmt: skip
def test_the_cause_of_an_action_is_that_of_its_fields(causes: list[Any], expected: str | None) -> None:
    changes = (FieldChange(f"/configuration/{number}", 1, 2, cause) for number, cause in enumerate(causes))
    assert plan_of(*changes)["targets"][0]["actions"][0]["cause"] == expected


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())))
def test_the_same_plan_gives_the_same_bytes(value: dict[str, Any]) -> None:
    one, two = (plan_of(FieldChange("/tags", UNSET, given)) for given in (value, dict(reversed(value.items()))))
    assert one["checksum"] == two["checksum"]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_says_what_it_describes_and_takes_nothing_unknown(kind: str) -> None:
    assert SCHEMAS[kind]["description"]
    assert SCHEMAS[kind]["additionalProperties"] is False
