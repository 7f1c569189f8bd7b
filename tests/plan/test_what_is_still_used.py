"""What something still needs is not deleted: qualifiers that a mapping invokes, and functions under their old name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.sandbox.refusals import Refused
from tests.conftest import CONFIG, House, function_spec

SOURCE = "arn:aws:sqs:us-west-2:123456789012:q"
MAPPED = f"event_source_mappings: {{q: {{EventSourceArn: '{SOURCE}', alias: live}}}}\n"
ALIASES = "publish: true\naliases: {live: {FunctionVersion: published}, kept: {FunctionVersion: '1'}}\n"
OURS = CONFIG + "managedBy: example/shop\n"


def refusals(house: House, *flags: str) -> list[str]:
    return [note["message"] for note in house.plan(*flags)["diagnostics"] if note["severity"] == "refusal"]


@pytest.fixture
def mapped(house: House) -> House:
    house.write("one.yaml", function_spec("one", extra=ALIASES + MAPPED))
    house.apply()
    house.writes()
    return house


def test_an_alias_that_a_mapping_invokes_is_not_deleted_though_nobody_owns_mappings(mapped: House) -> None:
    mapped.write("one.yaml", function_spec("one", extra="publish: true\naliases: {kept: {FunctionVersion: '1'}}\n"))
    (told,) = refusals(mapped)
    assert "alias live is used by mapping" in told
    assert f"of {SOURCE}; move or delete the mapping first" in told
    assert mapped.run("apply", "--yes").exit_code == 21
    assert mapped.writes() == []


def test_a_version_that_a_mapping_invokes_is_not_deleted(house: House) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\n" + MAPPED.replace("live", "'1'")))
    house.apply()
    house.write(
        "one.yaml", function_spec("one", key="v2.zip", extra="publish: true\nversions: {'1': {state: absent}}\n")
    )
    (told,) = refusals(house)
    assert "version 1 is used by mapping" in told


def test_mappings_are_looked_at_only_where_something_goes(mapped: House) -> None:
    mapped.write("one.yaml", function_spec("one", extra=ALIASES))
    mapped.sandbox.requests.clear()
    assert mapped.verbs() == {}
    assert "ListEventSourceMappings" not in {request.operation for request in mapped.sandbox.requests}


def test_a_saved_snapshot_answers_for_the_mappings_or_is_refused(mapped: House) -> None:
    mapped.write("one.yaml", function_spec("one", extra=ALIASES))
    mapped.run("snapshot", "-o", "before.json")
    mapped.write("one.yaml", function_spec("one", extra="publish: true\naliases: {kept: {FunctionVersion: '1'}}\n"))
    old = mapped.run("plan", "--snapshot", "before.json")
    assert (old.exit_code, "does not say whether anything invokes what is deleted" in old.out) == (21, True)
    mapped.run("snapshot", "-o", "after.json")
    assert "alias live is used by mapping" in mapped.run("plan", "--snapshot", "after.json").out


# --- renames -------------------------------------------------------------------------------------------------------


def functions(house: House) -> list[str]:
    return sorted(item["FunctionName"] for item in house.lambda_.list_functions()["Functions"])


@pytest.fixture
def renamed(house: House) -> House:
    """`old` lives with our mark; git has the same code under the name `new`."""
    house.write("reconcile.yaml", OURS, stock=False)
    house.write("a.yaml", function_spec("old"))
    house.write("other.yaml", function_spec("other", key="other.zip"))
    house.apply()
    house.write("a.yaml", function_spec("new"))
    house.writes()
    return house


def refusing(operation: str, function: str, code: str = "ValidationException") -> Any:
    def watch(asked: str, params: Mapping[str, Any]) -> None:
        if (asked, params.get("FunctionName")) == (operation, function):
            raise Refused(code, "no", 400)

    return watch


def test_a_rename_is_told_as_one_and_creates_before_it_deletes(renamed: House) -> None:
    plan = renamed.plan("--prune")
    reasons = {action["address"]: action["reason"] for target in plan["targets"] for action in target["actions"]}
    assert reasons["test/us-west-2/new"] == "renamed from old"
    assert reasons["test/us-west-2/old"] == "no spec names it; renamed to new"
    (waiting,) = [target for target in plan["targets"] if "after" in target]
    assert (waiting["address"], waiting["after"]) == ("test/us-west-2/old", ["test/us-west-2/new"])
    renamed.apply("--prune")
    assert renamed.writes() == ["CreateFunction", "DeleteFunction"]
    assert functions(renamed) == ["new", "other"]


def test_a_deletion_whose_successor_fails_is_not_carried_out(renamed: House) -> None:
    renamed.sandbox.gate.watch = refusing("CreateFunction", "new")
    report = renamed.apply("--prune")
    assert report["outcome"]["exit_code"] == 25
    assert functions(renamed) == ["old", "other"]
    (task,) = [task for task in report["tasks"] if task["target"].endswith("/old")]
    assert "test/us-west-2/new, which is to replace it, was not done" in json.dumps(task)


def test_a_successor_that_was_not_approved_keeps_its_predecessor(renamed: House) -> None:
    renamed.run("plan", "--prune", "-o", "plan.json")
    renamed.write("a.yaml", function_spec("new", configuration="Timeout: 9"))
    assert renamed.run("apply", "--prune", "--yes", "--approved", "plan.json").exit_code == 23
    assert functions(renamed) == ["old", "other"]


def test_was_names_the_predecessor_whatever_its_code(renamed: House) -> None:
    renamed.write("a.yaml", function_spec("new", key="v2.zip", extra="was: old\n"))
    renamed.sandbox.gate.watch = refusing("CreateFunction", "new")
    assert renamed.apply("--prune")["outcome"]["exit_code"] == 25
    assert functions(renamed) == ["old", "other"]
    renamed.sandbox.gate.watch = lambda *_: None
    renamed.writes()
    renamed.apply("--prune")
    assert renamed.writes() == ["CreateFunction", "DeleteFunction"]


def test_was_holds_for_a_spec_that_asks_for_deletion_as_well(renamed: House) -> None:
    renamed.write("a.yaml", function_spec("new", key="v2.zip", extra="was: old\n"))
    renamed.write("b.yaml", "function: old\naccount: test\nregion: us-west-2\nstate: absent\n")
    renamed.sandbox.gate.watch = refusing("CreateFunction", "new")
    renamed.apply()
    assert functions(renamed) == ["old", "other"]


def test_another_function_of_other_code_does_not_wait(renamed: House) -> None:
    renamed.write("a.yaml", function_spec("new", key="v2.zip"))
    renamed.sandbox.gate.watch = refusing("CreateFunction", "new")
    renamed.apply("--prune")
    assert functions(renamed) == ["other"]


def test_a_function_that_was_another_which_still_has_a_spec_is_a_mistake(house: House) -> None:
    house.write("a.yaml", function_spec("new", extra="was: old\n"), stock=False)
    house.write("b.yaml", function_spec("old"), stock=False)
    result = house.run("validate")
    assert result.exit_code == 20
    assert "old has a spec of its own at specs/b.yaml:1:11; take one of the two out" in result.err
