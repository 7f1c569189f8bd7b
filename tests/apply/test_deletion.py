"""What goes: orphans with pruning, guards over the whole run, and what is on record before a deletion."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, OURS, foreign, house_of
from tests.conftest import CONFIG, House, function_spec
from tests.kinds.test_every_kind_is_whole import EVERYTHING


def test_a_dropped_function_is_an_orphan_and_goes_only_with_prune_and_after_its_mappings(house: House) -> None:
    mapping = "event_source_mappings:\n  q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}\n"
    house_of(house, "one")
    house.write("two.yaml", function_spec("two", extra=mapping))
    house.apply()
    foreign(house, "theirs", **{"reconcile:managed-by": "bakery"})
    house.remove("two.yaml")
    plan = house.plan()
    assert plan["orphans"] == ["test/us-west-2/two"]
    assert plan["summary"]["delete"] == 0
    house.apply("--prune")
    assert house.writes() == ["DeleteEventSourceMapping", "DeleteFunction"]
    assert house.plan("--prune")["orphans"] == []
    assert {item["FunctionName"] for item in house.lambda_.list_functions()["Functions"]} == {"one", "theirs"}


def test_pruning_is_refused_for_a_part_of_the_tree_an_empty_tree_and_a_broken_spec(house: House) -> None:
    house_of(house, "one", "two")
    for arguments, code in ((["specs/one.yaml"], 21), (["specs"], 20)):
        if code == 20:
            house.write("two.yaml", "function: two\nfunction: three\n", stock=False)
        assert house.run("apply", "--yes", "--prune", *arguments).exit_code == code
    for name in ("one.yaml", "two.yaml"):
        house.remove(name)
    assert house.run("apply", "--yes", "--prune").exit_code == 20
    assert house.writes() == []


def test_pruning_without_a_mark_is_refused(house: House) -> None:
    house_of(house, "one", config=CONFIG)
    result = house.run("plan", "--prune")
    assert result.exit_code == 21
    assert "managedBy" in result.err


@pytest.mark.parametrize(
    ("guards", "count", "is_refused"),
    [
        ("{maxDeletes: 2}", 3, True),
        ("{maxDeletePercent: 50}", 2, False),
    ],
)
def test_guards_refuse_the_whole_run_beyond_their_limit(
    house: House, guards: str, count: int, is_refused: bool
) -> None:
    names = ["a", "b", "c", "d"]
    house_of(house, *names, config=OURS + f"guards: {guards}\n")
    for name in names[:count]:
        house.write(f"{name}.yaml", ABSENT.format(name))
    house.write("d.yaml", function_spec("d", configuration="Timeout: 8"))
    result = house.run("apply", "--yes")
    assert result.exit_code == (21 if is_refused else 0)
    if is_refused:
        assert house.writes() == []
        assert f"--allow-deletes {count}" in result.err
        assert house.run("apply", "--yes", "--allow-deletes", str(count + 1)).exit_code == 21
        assert house.run("apply", "--yes", "--allow-deletes", str(count)).exit_code == 0


def test_before_a_delete_the_function_is_exported_so_that_it_can_be_built_again(house: House) -> None:
    extra = "publish: true\ntags: {team: pay}\naliases: {live: {FunctionVersion: published}}\nevent_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', alias: live}}\n"
    house.write(
        "one.yaml", function_spec("one", configuration="Environment: {Variables: {TOKEN: sentinel-value}}", extra=extra)
    )
    house.apply()
    house.lambda_.add_permission(
        FunctionName="one", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    house.write("one.yaml", ABSENT.format("one"))
    report = house.apply()
    (export,) = report["exports"]
    assert export["address"] == "test/us-west-2/one"
    spec = export["spec"]
    assert spec["configuration"]["Handler"] == "lambda_function.lambda_handler"
    assert spec["configuration"]["Environment"] == {"Variables": {"TOKEN": "(sensitive)"}}
    assert spec["aliases"]["live"]["FunctionVersion"] == "1"
    assert [mapping["alias"] for mapping in spec["event_source_mappings"].values()] == ["live"]
    assert "s3.amazonaws.com" in spec["policy"]
    assert "sentinel-value" not in json.dumps(report)


def test_of_what_was_exported_all_of_it_is_built_again(house: House) -> None:
    house.write("reconcile.yaml", OURS, stock=False)
    scaled = next(line for line in EVERYTHING.splitlines(keepends=True) if line.startswith("scaling:"))
    whole = function_spec("one", extra=EVERYTHING.replace(scaled, ""))  # that is for functions on managed instances
    house.write("one.yaml", whole)
    assert house.apply()["outcome"]["exit_code"] == 0
    house.write("one.yaml", ABSENT.format("one"))
    (export,) = house.apply()["exports"]
    found = {"code": {"S3Bucket": "artifacts", "S3Key": "v1.zip"}, "publish": True}  # by whoever brings it back
    house.write("one.yaml", json.dumps(export["spec"] | found))
    assert house.apply()["outcome"]["exit_code"] == 0
    house.write("one.yaml", whole)
    assert house.verbs() == {}


def test_what_cannot_be_exported_is_not_deleted_and_stops_no_other_target(house: House) -> None:
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name))
    house.apply()
    house.writes()
    house.write("one.yaml", ABSENT.format("one"))
    house.write("two.yaml", function_spec("two", configuration="Timeout: 9"))
    house.sandbox.gate.script = Script([Fault("GetPolicy", code="AccessDeniedException", status=403, message="no")])
    report = house.apply()
    assert report["outcome"] == {"status": "partial", "exit_code": 25}
    assert house.writes() == ["UpdateFunctionConfiguration"]
    failed = {task["target"].rpartition("/")[2]: task["status"]["failed"] for task in report["tasks"]}
    assert failed == {"one": True, "two": False}


def test_who_may_not_list_versions_may_delete(house: House) -> None:
    house_of(house, "one")
    house.write("one.yaml", ABSENT.format("one"))
    house.sandbox.gate.script = Script(
        [Fault(name, status=403, code="AccessDeniedException") for name in ("ListFunctions", "ListVersionsByFunction")]
    )
    assert house.run("apply", "--yes").exit_code == 0


def test_a_label_that_is_the_name_of_another_mapping_is_only_a_label(house: House) -> None:
    """As when an export, which labels mappings by AWS's names, is edited into a spec."""
    mapping = "{{EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:{}', BatchSize: 5}}"
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=f"event_source_mappings: {{a: {mapping.format('q1')}}}\n"))
    house.apply()
    (held,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    other = mapping.format("q3").replace(", BatchSize: 5", "")
    spec = f"event_source_mappings: {{'{held['UUID']}': {other}, x: {mapping.format('q1')}}}\n"
    house.write("one.yaml", function_spec("one", extra=spec))
    assert house.run("apply", "--yes").exit_code == 0
    assert house.verbs() == {}
