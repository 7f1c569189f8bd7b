"""Layers as files, from publication to deletion, and the functions that refer to them."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

import pytest

from reconciler.apply.task import perform_target
from reconciler.core.service import READING
from reconciler.report.formats.shown import why
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.conftest import Killer
from tests.apply.houses import OURS, commit
from tests.apply.strangers import Stranger
from tests.conftest import House, function_spec

SHARED = "layer: shared\naccount: test\nregion: us-west-2\n"
CODE = "code: {S3Bucket: artifacts, S3Key: %s}\n"


def layer(key: str = "layers/1.zip", extra: str = "", name: str = "shared") -> str:
    return SHARED.replace("shared", name) + CODE % key + extra


def referring(reference: str = "{{ layer('shared') }}", **more: Any) -> str:
    return function_spec(configuration=f'Layers: ["{reference}"]', **more)


def having(house: House, name: str = "checkout") -> list[str]:
    answer = house.lambda_.get_function_configuration(FunctionName=name)
    return [item["Arn"].partition(":layer:")[2] for item in answer.get("Layers", [])]


def begun(house: House) -> House:
    house.write("reconcile.yaml", OURS, stock=False)
    house.write("shared.yaml", layer())
    house.write("checkout.yaml", referring())
    house.apply()
    house.writes()
    return house


def test_a_layer_is_published_first_and_the_function_gets_that_version(house: House) -> None:
    house.write("reconcile.yaml", OURS, stock=False)
    house.write("shared.yaml", layer())
    house.write("checkout.yaml", referring())
    assert house.verbs() == {"layer/shared": "create", "checkout": "create"}
    house.sandbox.requests.clear()
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0, report
    assert house.writes() == ["PublishLayerVersion", "CreateFunction"]
    assert having(house) == ["shared:1"]
    assert house.verbs() == {}


def test_equal_content_is_not_published_again(house: House) -> None:
    """Perpetual difference 17: a layer republished with equal content."""
    begun(house)
    house.write("shared.yaml", layer(extra="configuration: {}\n"))
    assert house.verbs() == {}
    house.apply()
    assert house.writes() == []


def test_what_is_said_of_a_version_alone_makes_another_one_and_the_function_follows(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer(extra="configuration: {Description: two, CompatibleRuntimes: [python3.13]}\n"))
    plan = house.plan()
    (field,) = (
        field
        for target in plan["targets"]
        for action in target["actions"]
        for field in action["fields"]
        if field["path"] == "/configuration/Layers"
    )
    assert field["after"] == ["{{ layer('shared') }} (known after apply)"]
    assert field["written"] == "{{ layer('shared') }}"
    house.apply()
    assert house.writes() == ["PublishLayerVersion", "UpdateFunctionConfiguration"]
    assert having(house) == ["shared:2"]
    assert house.verbs() == {}


def test_members_that_git_does_not_own_stay_with_the_next_version(house: House) -> None:
    house.write("shared.yaml", layer(extra="configuration: {Description: one, LicenseInfo: MIT}\n"))
    house.apply()
    house.write("shared.yaml", layer("layers/2.zip"))
    house.apply()
    version = house.lambda_.get_layer_version(LayerName="shared", VersionNumber=2)
    assert (version["Description"], version["LicenseInfo"]) == ("one", "MIT")


def test_a_version_by_its_number_is_that_one(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip"))
    house.write("checkout.yaml", referring("{{ layer('shared', 1) }}"))
    assert house.verbs() == {"layer/shared": "update"}
    house.apply()
    assert having(house) == ["shared:1"]


def test_a_failed_layer_fails_only_those_that_refer_to_it(house: House) -> None:
    begun(house)
    house.write("other.yaml", function_spec("other"))
    house.apply()
    house.write("shared.yaml", layer("layers/2.zip"))
    house.write("other.yaml", function_spec("other", configuration="Timeout: 9"))
    house.writes()
    house.sandbox.gate.script = Script([Fault("PublishLayerVersion", status=400, code="CodeStorageExceededException")])
    report = house.apply()
    assert report["outcome"]["exit_code"] == 25
    by_target = {task["target"].rpartition("us-west-2/")[2]: why(task) for task in report["tasks"]}
    assert "CodeStorageExceededException" in by_target["layer/shared"]
    assert by_target["checkout"].endswith("test/us-west-2/layer/shared, which it refers to, was not done (R281)")
    assert by_target["other"] == "Orchestration completed."
    assert having(house) == ["shared:1"]


def test_only_the_listing_and_the_newest_version_are_read_of_a_layer_and_nothing_where_no_spec_names_one(
    house: House,
) -> None:
    begun(house)
    house.sandbox.requests.clear()
    house.plan()
    assert sorted(request.operation for request in house.sandbox.requests if "Layer" in request.operation) == [
        "GetLayerVersionByArn",
        "ListLayers",
    ]
    house.remove("shared.yaml")
    house.write("checkout.yaml", function_spec())
    house.sandbox.requests.clear()
    house.plan()
    assert not [request for request in house.sandbox.requests if "Layer" in request.operation]


def test_one_spec_alone_gets_the_version_that_lives(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip"))
    assert house.run("plan", "specs/checkout.yaml", "--detailed-exitcode").exit_code == 0
    house.run("apply", "--yes", "specs/shared.yaml")
    assert house.run("plan", "specs/checkout.yaml", "--detailed-exitcode").exit_code == 10


def test_a_layer_that_no_spec_describes_is_a_mistake_with_its_mend(house: House) -> None:
    house.write("checkout.yaml", referring("{{ layer('nowhere') }}"))
    result = house.run("validate")
    assert result.exit_code == 20
    assert "layer nowhere has no spec for test/us-west-2; write one that begins with `layer: nowhere`" in result.err


# --- which versions stay -------------------------------------------------------------------------------------------


def versions(house: House) -> list[int]:
    return [one["Version"] for one in house.lambda_.list_layer_versions(LayerName="shared")["LayerVersions"]]


def test_older_versions_are_deleted_once_functions_have_left_them(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    assert house.verbs() == {"layer/shared": "update", "checkout": "update", "layer_version/shared/1": "delete"}
    house.apply()
    assert house.writes() == ["PublishLayerVersion", "UpdateFunctionConfiguration", "DeleteLayerVersion"]
    assert versions(house) == [2]
    assert house.verbs() == {}


def test_a_version_that_a_live_function_or_a_spec_names_is_kept(house: House) -> None:
    begun(house)
    foreign_arn = house.lambda_.get_layer_version(LayerName="shared", VersionNumber=1)["LayerVersionArn"]
    house.lambda_.update_function_configuration(FunctionName="checkout", Layers=[foreign_arn])
    house.write("checkout.yaml", referring("{{ layer('shared', 1) }}"))
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    plan = house.plan()
    assert any(
        "version/shared/1 is kept beyond the newest 1, for checkout has it (W227)" in note["message"]
        for note in plan["diagnostics"]
    )
    house.apply()
    assert versions(house) == [2, 1]
    assert house.verbs() == {}


def test_a_version_of_a_function_keeps_its_layer(house: House) -> None:
    house.write("shared.yaml", layer())
    house.write("checkout.yaml", referring(extra="publish: true\n"))
    house.apply()
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    house.apply()
    assert having(house) == ["shared:2"]
    assert versions(house) == [2, 1]
    assert house.verbs() == {}


def test_versions_stay_where_a_function_could_not_leave_them(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    house.sandbox.gate.script = Script(
        [Fault("UpdateFunctionConfiguration", status=400, code="InvalidParameterValueException")]
    )
    report = house.apply()
    assert report["outcome"]["exit_code"] == 25
    (kept,) = (task for task in report["tasks"] if task["target"] == "test/us-west-2/layer_version/shared")
    assert why(kept) == (
        "no version of test/us-west-2/layer_version/shared is deleted: test/us-west-2/checkout, which may still have it "
        "or stand in for it, was not done (R285)"
    )
    assert versions(house) == [2, 1]
    house.sandbox.gate.script = Script([])
    house.apply()
    assert versions(house) == [2]


def test_deletions_of_versions_count_for_guards(house: House) -> None:
    begun(house)
    house.write("reconcile.yaml", OURS + "guards: {maxDeletes: 0}\n", stock=False)
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "deletes or replaces 1 (test/us-west-2/layer_version/shared/1)" in result.err


@pytest.mark.parametrize(("percent", "exit_code"), [(50, 0), (49, 21)])
def test_layers_are_counted_in_the_house_of_which_a_percentage_goes(house: House, percent: int, exit_code: int) -> None:
    begun(house)
    house.write("reconcile.yaml", OURS + f"guards: {{maxDeletePercent: {percent}}}\n", stock=False)
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    result = house.run("plan")
    assert result.exit_code == exit_code
    assert ("this is 50 % of 2" in result.out) == bool(exit_code)


def test_a_layer_that_is_absent_goes_after_the_functions_that_leave_it(house: House) -> None:
    begun(house)
    house.write("shared.yaml", SHARED + "state: absent\n")
    house.write("checkout.yaml", function_spec())
    assert house.verbs() == {"checkout": "update", "layer/shared": "delete", "layer/shared/layer_version/1": "delete"}
    house.apply()
    assert house.writes() == ["UpdateFunctionConfiguration", "DeleteLayerVersion"]
    assert house.verbs() == {}
    assert house.run("plan").out.startswith("note: test/us-west-2/layer/shared is already absent (W206)")


def test_a_layer_that_a_function_has_is_not_deleted(house: House) -> None:
    begun(house)
    house.remove("checkout.yaml")
    house.write("shared.yaml", SHARED + "state: absent\n")
    plan = house.plan()
    assert [note["message"] for note in plan["diagnostics"] if note["severity"] == "refusal"] == [
        "test/us-west-2/layer/shared/layer_version/1 is what checkout has; take it out there first (R282)"
    ]


# --- somebody else -------------------------------------------------------------------------------------------------


def published_by_a_stranger(house: House) -> None:
    house.lambda_.publish_layer_version(
        LayerName="shared", Content={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, Description="theirs"
    )


def test_a_version_that_somebody_publishes_between_plan_and_apply_makes_the_layer_stale(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip"))

    def meanwhile(*given: Any) -> Any:
        published_by_a_stranger(house)
        return perform_target(*given)

    with monkeypatch.context() as patch:
        patch.setattr("reconciler.apply.perform.perform_target", meanwhile)
        report = house.apply()
    assert report["outcome"]["exit_code"] == 23, report
    assert house.verbs() == {"layer/shared": "update", "checkout": "update"}


def test_what_a_stranger_published_is_drift_that_an_apply_supersedes(house: House) -> None:
    begun(house)
    published_by_a_stranger(house)
    house.apply()
    assert having(house) == ["shared:3"]
    assert house.verbs() == {}


def test_the_newest_version_that_somebody_deleted_is_published_anew(house: House) -> None:
    begun(house)
    house.lambda_.delete_layer_version(LayerName="shared", VersionNumber=1)
    assert house.verbs() == {"layer/shared": "create", "checkout": "update"}
    house.apply()
    assert having(house) == ["shared:2"]
    assert house.verbs() == {}


# Right before or after a call of a run that publishes, moves the function and deletes what is older.
STRANGERS = {
    "publishes": lambda house: published_by_a_stranger(house),
    "deletes the newest": lambda house: house.lambda_.delete_layer_version(LayerName="shared", VersionNumber=versions(house)[0]),
    "takes the layer out of the function": lambda house: house.lambda_.update_function_configuration(FunctionName="checkout", Layers=[]),
}  # fmt: skip
MOMENTS = [(number, when) for number in range(3) for when in ("before", "after")]


@pytest.mark.sweep
@pytest.mark.parametrize(("number", "when"), MOMENTS, ids=[f"{when} write {number}" for number, when in MOMENTS])
@pytest.mark.parametrize("act", STRANGERS)
def test_a_stranger_around_any_write_is_seen_or_set_back(house: House, act: str, number: int, when: str) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    stranger, writes = Stranger(house), list[str]()

    def is_due(_: int, operation: str, moment: str) -> bool:
        if operation.startswith(READING):
            return False
        writes.extend([operation] if moment == "before" else [])
        return (len(writes) - 1, moment) == (number, when)

    stranger.waits(STRANGERS[act], is_due)
    first = house.apply()
    stranger.leaves()
    if house.verbs():
        second = house.apply()
        assert second["outcome"]["exit_code"] == 0, (first["tasks"], second["tasks"])
    assert house.verbs() == {}
    assert having(house) == [f"shared:{versions(house)[0]}"]


WRITES = ("PublishLayerVersion", "UpdateFunctionConfiguration", "DeleteLayerVersion")


@pytest.mark.parametrize(
    "fault",
    [{"status": 400, "code": "AccessDeniedException"}, {"reset": True, "when": "after"}],
    ids=["denied", "lost"],
)
@pytest.mark.parametrize("operation", WRITES)
def test_a_fault_at_any_write_leaves_what_the_next_run_finishes(
    house: House, operation: str, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    house.sandbox.gate.script = Script([Fault(operation, nth=1, **fault)])
    first = house.apply()
    assert first["outcome"]["exit_code"] == (0 if "reset" in fault else 25)
    house.sandbox.gate.script = Script([])
    house.apply()
    assert [one for one in house.writes() if one == "PublishLayerVersion"] == ["PublishLayerVersion"] * (
        1 if "reset" in fault or operation != "PublishLayerVersion" else 2
    )
    assert house.verbs() == {}
    assert (versions(house), having(house)) == ([2], ["shared:2"])


def test_a_run_that_is_killed_after_its_publication_publishes_nothing_twice(house: House, killer: Killer) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip"))
    assert killer.killed(house.root, "PublishLayerVersion") == -signal.SIGKILL
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0
    assert house.writes() == ["PublishLayerVersion", "UpdateFunctionConfiguration"]
    assert house.verbs() == {}


# --- what was approved ---------------------------------------------------------------------------------------------


def test_what_was_approved_holds_for_the_function_when_only_its_layer_was_done(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip"))
    house.run("plan", "-o", "plan.json")
    house.sandbox.gate.script = Script(
        [Fault("UpdateFunctionConfiguration", status=400, code="InvalidParameterValueException")]
    )
    assert house.apply("--approved", "plan.json")["outcome"]["exit_code"] == 25
    house.sandbox.gate.script = Script([])
    assert house.apply("--approved", "plan.json")["outcome"]["exit_code"] == 0
    assert having(house) == ["shared:2"]


def test_a_version_of_another_layer_is_not_what_was_approved(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/2.zip"))
    house.run("plan", "-o", "plan.json")
    house.write("checkout.yaml", referring("arn:aws:lambda:us-west-2:123456789012:layer:shared:1"), stock=False)
    house.write("other.yaml", layer(name="other"))
    house.write("checkout.yaml", referring("{{ layer('other') }}"))
    assert house.apply("--approved", "plan.json")["outcome"]["exit_code"] != 0
    assert having(house) == ["shared:1"]


# --- documents and git ---------------------------------------------------------------------------------------------


def test_a_saved_snapshot_gives_the_same_plan(house: House) -> None:
    begun(house)
    house.write("shared.yaml", layer("layers/1.zip", "configuration: {Description: two}\nkeep: 1\n"))
    house.run("snapshot", "-o", "live.json")
    live = house.plan()
    saved = house.plan("--snapshot", "live.json")
    assert [target["digest"] for target in saved["targets"]] == [target["digest"] for target in live["targets"]]
    assert saved["targets"] == live["targets"]


def test_a_layer_that_changed_brings_the_functions_along_that_refer_to_it(house: House) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    begun(house)
    house.write("other.yaml", function_spec("other"))
    house.apply()
    (house.root / ".gitignore").write_text("reports\n")
    commit(house.root, "one")
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    plan = house.plan("--changed-since", "HEAD", "--base", "HEAD")
    addresses = [target["address"].removeprefix("test/us-west-2/") for target in plan["targets"]]
    assert addresses == ["checkout", "layer/shared", "layer_version/shared"]
    (function, *_) = plan["targets"]
    assert function["actions"][0]["cause"] == "edit"


def test_a_layer_whose_file_is_gone_is_told_and_never_pruned(house: House) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    begun(house)
    commit(house.root, "one")
    house.remove("shared.yaml")
    house.write("checkout.yaml", function_spec())
    plan = house.plan("--changed-since", "HEAD", "--prune")
    assert [target["address"] for target in plan["targets"]] == ["test/us-west-2/checkout"]
    told = [note["message"] for note in plan["diagnostics"] if "has had no spec" in note["message"]]
    assert told == [
        "test/us-west-2/layer/shared has had no spec since HEAD: it stays as it is, an orphan; `state: absent` asks for its deletion"
    ]


def test_local_content_is_packed_and_published_once(house: House) -> None:
    source = house.root / "specs" / "src" / "python" / "words.py"
    source.parent.mkdir(parents=True)
    source.write_text("WORD = 1\n")
    house.write("shared.yaml", SHARED + "code: {path: src}\n")
    house.apply()
    assert house.verbs() == {}
    source.write_text("WORD = 2\n")
    assert house.verbs() == {"layer/shared": "update"}
    house.apply()
    assert versions(house) == [2, 1]


def test_git_takes_over_what_somebody_said_of_a_version(house: House) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports\n")
    house.write("reconcile.yaml", OURS, stock=False)
    house.write("shared.yaml", layer(extra="configuration: {Description: ours}\n"))
    commit(house.root, "one")
    house.apply()
    content = {"S3Bucket": "artifacts", "S3Key": "layers/1.zip"}
    house.lambda_.publish_layer_version(LayerName="shared", Content=content, Description="theirs")
    assert house.verbs() == {"layer/shared": "update"}
    assert house.run("drift", "accept").exit_code == 0
    assert "theirs" in (house.root / "specs" / "shared.yaml").read_text()
    assert house.verbs() == {}
    house.lambda_.delete_layer_version(LayerName="shared", VersionNumber=2)
    house.lambda_.delete_layer_version(LayerName="shared", VersionNumber=1)
    result = house.run("drift", "accept")
    assert "the layer is gone; write `state: absent` if it is to stay so" in result.out + result.err
