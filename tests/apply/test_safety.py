"""Apply that can be trusted at night: each guard with its failure, on the sandbox over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply import lock
from reconciler.core.errors import CallFailed, Locked
from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import CONFIG, ROLE, House, function_spec
from tests.sampling import named, sampled

OURS = CONFIG + "managedBy: shop\n"
ABSENT = "function: {}\naccount: test\nregion: us-west-2\nstate: absent\n"


def house_of(house: House, *names: str, config: str = OURS) -> House:
    """A house with these functions applied, the writes forgotten."""
    house.write("reconcile.yaml", config, stock=False)
    for name in names:
        house.write(f"{name}.yaml", function_spec(name))
    if names:
        house.apply()
    house.writes()
    return house


def foreign(house: House, name: str, **tags: str) -> None:
    house.lambda_.create_function(
        FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE, Tags=tags,
        Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, Timeout=99,
    )  # fmt: skip
    house.sandbox.requests.clear()


# --- approval ------------------------------------------------------------------------------------------------------


def test_an_approved_plan_is_applied_and_what_was_not_seen_is_refused_with_the_difference(house: House) -> None:
    house_of(house, "one", "two")
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name, configuration="Timeout: 9"))
    house.run("plan", "-o", "plan.json")
    house.lambda_.update_function_configuration(FunctionName="two", Timeout=77)
    house.writes()
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 23
    assert "-/configuration/Timeout: 3 → 9" in result.out
    assert "+/configuration/Timeout: 77 → 9" in result.out
    writes = house.sandbox.writes
    assert [request.params["FunctionName"] for request in writes] == ["one"]
    statuses = {task["target"]: task["status"]["failed"] for task in house.newest_report()["tasks"]}
    assert statuses == {"test/us-west-2/one": False, "test/us-west-2/two": True}


def test_a_target_that_the_approved_plan_does_not_name_is_refused(house: House) -> None:
    house_of(house, "one")
    house.run("plan", "-o", "plan.json")
    house.write("two.yaml", function_spec("two"))
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 23
    assert "was not in the approved plan" in result.out
    assert house.writes() == []


def test_a_changed_secret_is_not_what_was_approved(house: House) -> None:
    house_of(house)
    secret = "Environment: {{Variables: {{TOKEN: {}}}}}"
    house.write("one.yaml", function_spec("one", configuration=secret.format("aaa")))
    house.run("plan", "-o", "plan.json")
    house.write("one.yaml", function_spec("one", configuration=secret.format("bbb")))
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 23
    assert "a sensitive value differs" in result.out


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda plan: {**plan, "targets": []}, "was changed after it was written"),
        (lambda plan: {**plan, "format_version": "0.9"}, "format_version"),
        (lambda plan: {**plan, "kind": "report"}, "is a report, not a plan"),
        (lambda _: {"planned_values": {}}, "is no document of reconcile"),
        (lambda plan: {**plan, "extra": 1}, "extra"),
    ],
    ids=["tampered", "older format", "a report", "foreign", "unknown member"],
)
def test_a_plan_file_that_is_not_as_it_was_written_is_refused(house: House, spoil: Any, expected: str) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    house.run("plan", "-o", "plan.json")
    path = house.root / "plan.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code != 0
    assert expected in result.err
    assert house.writes() == []


def test_digests_are_equal_in_another_folder_at_another_time_under_another_hash_seed(
    house: House, tmp_path: Path
) -> None:
    source = tmp_path / "specs" / "src"
    source.mkdir(parents=True, exist_ok=True)
    (source / "lambda_function.py").write_text("x = 1\n")
    secret = "Environment: {Variables: {TOKEN: not-to-be-seen, OTHER: bbb}}"
    house.write(
        "one.yaml",
        function_spec(
            "one", configuration=secret, extra="publish: true\naliases: {live: {FunctionVersion: published}}\n"
        ),
    )
    house.write("two.yaml", function_spec("two").replace("{S3Bucket: artifacts, S3Key: v1.zip}", "{path: src}"))
    first = house.plan()
    elsewhere = tmp_path / "elsewhere" / "deep"
    elsewhere.mkdir(parents=True)
    subprocess.run(["cp", "-r", str(house.root / "specs"), str(elsewhere)], check=True)
    (elsewhere / "specs" / "src" / "lambda_function.py").touch()
    out = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", "--format", "json"], cwd=elsewhere, capture_output=True, check=True,
        env={**__import__("os").environ, "PYTHONHASHSEED": "42", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    second = json.loads(out.stdout)
    assert second["digest"] == first["digest"]
    assert [target["digest"] for target in second["targets"]] == [target["digest"] for target in first["targets"]]
    assert "not-to-be-seen" not in json.dumps(first)


# --- ownership -----------------------------------------------------------------------------------------------------


def test_what_we_create_bears_our_mark_and_tags_may_still_be_owned_whole(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra="tags: {}\n"))
    house.apply()
    assert house.lambda_.get_function(FunctionName="one")["Tags"] == {"reconcile:managed-by": "shop"}
    assert house.verbs() == {}


def test_an_unmarked_function_is_refused_until_it_is_adopted(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    foreign(house, "one")
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "bears no mark of ours" in result.out
    assert house.writes() == []
    assert house.verbs("--adopt") == {"one": "adopt"}
    assert house.apply("--adopt")["outcome"]["exit_code"] == 0
    assert house.writes() == ["TagResource", "UpdateFunctionConfiguration"]
    assert house.verbs() == {}


def test_a_spec_may_adopt_and_nothing_but_the_mark_is_one_call(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", configuration="Timeout: 99", extra="adopt: true\n"))
    foreign(house, "one")
    house.apply()
    assert house.writes() == ["TagResource"]
    assert house.verbs() == {}


def test_the_mark_of_another_house_is_always_refused(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra="adopt: true\n"))
    foreign(house, "one", **{"reconcile:managed-by": "bakery"})
    result = house.run("apply", "--yes", "--adopt")
    assert result.exit_code == 21
    assert "is managed by bakery, not by shop" in result.out
    assert house.writes() == []


def test_an_unmarked_function_is_not_deleted(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    foreign(house, "one")
    house.write("one.yaml", ABSENT.format("one"))
    assert house.run("apply", "--yes").exit_code == 21
    assert house.writes() == []


# --- deletion ------------------------------------------------------------------------------------------------------


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
        ("{maxDeletes: 2}", 1, False),
        ("{maxDeletes: 2}", 2, False),
        ("{maxDeletes: 2}", 3, True),
        ("{maxDeletePercent: 50}", 2, False),
        ("{maxDeletePercent: 50}", 3, True),
        ("{maxDeletes: 0}", 1, True),
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


# --- concurrent changes --------------------------------------------------------------------------------------------


def test_a_change_after_the_plan_ends_that_target_as_stale_says_what_changed_and_leaves_the_rest(house: House) -> None:
    house_of(house, "one", "two")
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name, configuration="Timeout: 9"))
    meddled: list[str] = []

    def meddle(operation: str, params: Any) -> None:
        if operation == "UpdateFunctionConfiguration" and params["FunctionName"] == "one" and not meddled:
            meddled.append("once")
            house.lambda_.update_function_configuration(FunctionName="one", MemorySize=777)
            house.lambda_.get_function(FunctionName="one")

    house.sandbox.gate.watch = meddle
    result = house.run("apply", "--yes")
    assert result.exit_code == 23
    tasks = {task["target"].rpartition("/")[2]: task for task in house.newest_report()["tasks"]}
    assert "/configuration/MemorySize 128 → 777" in tasks["one"]["status"]["status"]
    assert tasks["two"]["status"]["failed"] is False
    assert house.lambda_.get_function_configuration(FunctionName="one")["Timeout"] == 3


def test_two_applies_at_once_on_one_target_publish_once(house: House) -> None:
    live = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
    house.write("one.yaml", function_spec("one", extra=live))
    house.apply()
    house.write("one.yaml", function_spec("one", key="v2.zip", extra=live))
    command = [sys.executable, "-m", "reconciler", "apply", "--yes"]
    runs = [
        subprocess.Popen(command, cwd=house.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    codes = sorted(run.wait(timeout=60) for run in runs)
    assert codes[0] == 0
    assert codes[1] in (0, 23, 25)
    house.apply()
    versions = house.lambda_.list_versions_by_function(FunctionName="one")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    assert house.verbs() == {}


# --- resume --------------------------------------------------------------------------------------------------------


def test_only_failed_retries_just_those_targets(house: House) -> None:
    house_of(house)
    for name in ("one", "two", "three"):
        house.write(f"{name}.yaml", function_spec(name))
    house.sandbox.gate.script = Script(
        [Fault("CreateFunction", nth=2, code="InvalidParameterValueException", message="no")]
    )
    assert house.apply()["outcome"]["exit_code"] == 25
    failed = [task["target"].rpartition("/")[2] for task in house.newest_report()["tasks"] if task["status"]["failed"]]
    report = str(max((house.root / "reports").glob("*.json")))
    house.sandbox.gate.script = Script([])
    for name in ("one", "two", "three"):
        house.write(f"{name}.yaml", function_spec(name, configuration="Timeout: 5"))
    house.writes()
    house.apply("--only-failed", report)
    assert [request.params["FunctionName"] for request in house.sandbox.writes] == failed
    newest = str(max((house.root / "reports").glob("*.json")))
    assert house.run("apply", "--yes", "--only-failed", newest).exit_code == 2


# --- the lock ------------------------------------------------------------------------------------------------------

LOCKED = OURS + "lock: s3://locks/shop.lock\n"


def locked_house(house: House) -> House:
    house.sandbox.clients.get("s3", "123456789012", "us-west-2").create_bucket(
        Bucket="locks", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    return house_of(house, config=LOCKED)


def s3_store(house: House) -> lock.Store:
    from reconciler.aws.client import Aws, Place
    from reconciler.core.accounts import Account

    aws = Aws({"test": Account("test", is_enabled=True)})
    return lambda operation, params: aws.call(Place("test", "us-west-2"), operation, params, api="s3").result


def test_while_somebody_holds_the_lock_nothing_is_applied_and_unlock_names_the_run(house: House) -> None:
    locked_house(house)
    house.write("one.yaml", function_spec("one"))
    with lock.held(s3_store(house), "s3://locks/shop.lock", "other-run"):
        result = house.run("apply", "--yes")
        assert result.exit_code == 24
        assert "other-run" in result.err
        assert house.writes() == []
        assert house.run("unlock", "wrong-run").exit_code == 24
        assert house.run("unlock", "other-run").exit_code == 0
        assert house.run("apply", "--yes").exit_code == 0
    assert lock.read(s3_store(house), "s3://locks/shop.lock") == (None, "")


def test_an_expired_lock_is_taken_over_by_one(house: House) -> None:
    locked_house(house)
    store = s3_store(house)
    body = json.dumps({"owner": "dead", "run": "dead", "expires_at": time.time() - 1}).encode()
    store("PutObject", {**lock.place("s3://locks/shop.lock"), "Body": body})
    house.write("one.yaml", function_spec("one"))
    assert house.run("apply", "--yes").exit_code == 0


def test_a_lock_that_cannot_be_asked_fails_closed() -> None:
    def down(operation: str, params: Any) -> Any:
        raise CallFailed("no route", code="EndpointConnectionError")

    with pytest.raises(Locked, match="cannot be taken"), lock.held(down, "s3://locks/x", "run"):
        raise AssertionError("never reached")


def test_a_bucket_that_is_missing_fails_closed(house: House) -> None:
    house_of(house, config=LOCKED)
    house.write("one.yaml", function_spec("one"))
    assert house.run("apply", "--yes").exit_code == 24
    assert house.writes() == []


def test_reports_are_kept_in_s3_as_well_and_read_from_there(house: House, tmp_path: Path) -> None:
    locked_house(house)
    house.write("reconcile.yaml", OURS + "reports: s3://locks/reports\n", stock=False)
    house.write("one.yaml", function_spec("one"))
    house.apply()
    identifier = house.newest_report()["tasks"][0]["id"]
    fetched = house.run("tasks", "--specs", "specs", "--report-dir", "elsewhere", identifier)
    assert fetched.exit_code == 0
    assert fetched.json()["id"] == identifier


# --- cause ---------------------------------------------------------------------------------------------------------


def commit(folder: Path, message: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*command, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*command, "commit", "-qm", message], cwd=folder, check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_each_field_is_an_edit_a_drift_or_both_and_an_edit_names_commit_and_author(house: House) -> None:
    house_of(house)
    subprocess.run(["git", "init", "-q"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports\n")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 5\nMemorySize: 256\nDescription: a"))
    base = commit(house.root, "first")
    house.apply()
    house.write("one.yaml", function_spec("one", configuration="Timeout: 6\nMemorySize: 256\nDescription: b"))
    edited = commit(house.root, "second")
    house.lambda_.update_function_configuration(FunctionName="one", MemorySize=300, Description="c")
    (fields,) = [target["actions"][0]["fields"] for target in house.plan("--base", base)["targets"]]
    causes = {field["path"].rpartition("/")[2]: (field["cause"], field["author"]) for field in fields}
    assert causes == {
        "Timeout": ("edit", f"{edited[:10]} Ada"),
        "MemorySize": ("drift", ""),
        "Description": ("both", f"{edited[:10]} Ada"),
    }
    drift = house.plan("--drift", "--base", base)
    assert [field["path"] for field in drift["targets"][0]["actions"][0]["fields"]] == [
        "/configuration/Description",
        "/configuration/MemorySize",
    ]
    house.apply()
    house.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    assert [field["cause"] for field in house.plan("--drift")["targets"][0]["actions"][0]["fields"]] == ["drift"]


def test_a_shallow_clone_says_that_it_cannot_name_a_commit(house: House, tmp_path: Path) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    subprocess.run(["git", "init", "-q"], cwd=house.root, check=True)
    commit(house.root, "first")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 6"))
    commit(house.root, "second")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{house.root}", str(clone)], check=True)
    shallow = House(clone, house.sandbox)
    plan = shallow.plan("--base", "HEAD")
    assert any("shallow" in note["message"] for note in plan["diagnostics"])
    assert {field["author"] for field in plan["targets"][0]["actions"][0]["fields"]} == {""}


def test_an_unknown_base_is_told(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    result = house.run("plan", "--base", "nowhere")
    assert result.exit_code == 2
    assert "Traceback" not in result.err


# --- preflight -----------------------------------------------------------------------------------------------------


def test_a_missing_object_is_refused_before_the_first_write(house: House) -> None:
    house.write("one.yaml", function_spec("one", key="nowhere.zip"), stock=False)
    house.write("two.yaml", function_spec("two"), stock=False)
    house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    result = house.run("plan")
    assert result.exit_code == 21
    assert "s3://artifacts/nowhere.zip does not exist" in result.out


@pytest.mark.parametrize(
    ("aliases", "expected"),
    [
        ('{live: {FunctionVersion: "9"}}', "version 9 does not exist; the function has 1, 2"),
        (
            '{live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"9": 0.1}}}}',
            "version 9 does not exist",
        ),
        ('{live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"2": 0.1}}}}', "differ in Role"),
    ],
    ids=["primary", "weighted", "another role"],
)
def test_an_alias_that_cannot_be_is_refused_against_the_snapshot(house: House, aliases: str, expected: str) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\n"))
    house.apply()
    changed = function_spec("one", extra="publish: true\n").replace(ROLE, f"{ROLE}-2")
    house.write("one.yaml", changed)
    house.apply()
    house.write("one.yaml", changed + f"aliases: {aliases}\n")
    result = house.run("plan")
    assert result.exit_code == 21
    assert expected in result.out


# --- references ----------------------------------------------------------------------------------------------------

REFERENCES = """Environment:
  Variables:
    TOKEN: "{{ ssm('/shop/token') }}"
    PASSWORD: "{{ secret('shop/password') }}"
    WHERE: "{{ account.name }}-{{ region }}-{{ function }}-{{ account.id }}"
"""


def test_references_are_resolved_at_apply_and_shown_as_written(house: House) -> None:
    house.sandbox.clients.get("ssm", "123456789012", "us-west-2").put_parameter(
        Name="/shop/token", Value="sentinel-token", Type="SecureString"
    )
    secrets = house.sandbox.clients.get("secretsmanager", "123456789012", "us-west-2")
    secrets.create_secret(Name="shop/password", SecretString="sentinel-password")
    house.write("one.yaml", function_spec("one", configuration=REFERENCES))
    plan = house.run("plan", "-o", "plan.json")
    assert "{{ ssm('/shop/token') }}" in plan.out
    assert house.apply("--approved", "plan.json")["outcome"]["exit_code"] == 0
    variables = house.lambda_.get_function_configuration(FunctionName="one")["Environment"]["Variables"]
    assert variables == {
        "TOKEN": "sentinel-token",
        "PASSWORD": "sentinel-password",
        "WHERE": "test-us-west-2-one-123456789012",
    }
    assert house.verbs() == {}
    house.run("snapshot", "-o", "live.json")
    assert house.verbs("--snapshot", "live.json") == {}
    files = [path.read_text() for path in house.root.rglob("*.json*")]
    assert "sentinel" not in plan.out + plan.err + "".join(files)


def test_a_reference_to_nothing_is_told_at_its_line(house: House) -> None:
    house.write("one.yaml", function_spec("one", configuration=REFERENCES))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "specs/one.yaml:10: test/us-west-2/one: ssm('/shop/token') cannot be read: ParameterNotFound" in result.out


@pytest.mark.parametrize(
    "bad",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ssm(region) }}",
        "{{ ssm('/a', 'b') }}",
        "{{ config }}",
        "{{ 'a' * 10000000 }}",
        "{% for x in range(9) %}a{% endfor %}",
        "{{ ssm('/a')|upper }}",
        "{{ account['id'] }}",
        "{{ unclosed",
        "{% include '/etc/passwd' %}",
    ],
)
def test_anything_else_between_the_braces_is_refused(house: House, bad: str) -> None:
    house.write(
        "one.yaml",
        function_spec("one", configuration=f"Environment: {{Variables: {{TOKEN: {json.dumps(bad)}}}}}"),
        stock=False,
    )
    result = house.run("validate")
    assert result.exit_code == 20
    assert "specs/one.yaml:8:" in result.err


# --- what a review found -------------------------------------------------------------------------------------------


def test_a_version_that_was_not_reviewed_is_not_published(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    house.run("plan", "-o", "plan.json")
    house.write("one.yaml", function_spec("one", extra="publish: true\n"))
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 23
    assert house.writes() == []


def test_an_approved_target_with_nothing_left_to_do_is_spoken_of(house: House) -> None:
    house_of(house, "one")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    house.run("plan", "-o", "plan.json")
    house.write("one.yaml", function_spec("one"))
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 0
    assert "test/us-west-2/one was approved, and there is nothing to do about it any more" in result.out


def test_a_snapshot_that_did_not_read_a_section_refuses_to_guess(house: House) -> None:
    house_of(house, "one")
    house.run("snapshot", "-o", "live.json")
    house.write("one.yaml", function_spec("one", extra="aliases: {live: {FunctionVersion: $LATEST}}\n"))
    house.write("two.yaml", function_spec("two"))
    result = house.run("plan", "--snapshot", "live.json")
    assert result.exit_code == 21
    assert "test/us-west-2/one: the snapshot was taken without its alias, version; take it anew" in result.out
    assert "test/us-west-2/two: the snapshot was taken without this target; take it anew" in result.out


def test_a_refused_replacement_does_not_count_for_the_guards(house: House) -> None:
    mapping = "event_source_mappings: {{q: {{EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:{}'}}}}\n"
    house_of(house, "two", config=OURS + "guards: {maxDeletes: 0}\n")
    house.write("one.yaml", function_spec("one", extra=mapping.format("a")))
    house.apply()
    house.write("one.yaml", function_spec("one", extra=mapping.format("b")))
    house.write("two.yaml", function_spec("two", configuration="Timeout: 9"))
    house.writes()
    assert house.run("apply", "--yes").exit_code == 21
    assert house.writes() == ["UpdateFunctionConfiguration"]


def test_a_description_put_back_publishes_nothing(house: House) -> None:
    house.write(
        "one.yaml", function_spec("one", extra="publish: true\naliases: {live: {FunctionVersion: published}}\n")
    )
    house.apply()
    house.lambda_.update_function_configuration(FunctionName="one", Description="by hand")
    house.writes()
    house.apply()
    assert house.writes() == ["UpdateFunctionConfiguration"]


def test_what_others_change_on_ignored_paths_is_theirs_to_publish(house: House) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\nignore: [/configuration/Environment]\n"))
    house.apply()
    house.lambda_.update_function_configuration(FunctionName="one", Environment={"Variables": {"FLAG": "on"}})
    assert house.verbs() == {}


def test_fifty_tags_and_our_mark_are_too_many(house: House) -> None:
    house_of(house)
    tags = ", ".join(f"k{number}: v" for number in range(50))
    house.write("one.yaml", function_spec("one", extra=f"tags: {{{tags}}}\n"))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "50 tags and our mark are more than AWS's 50" in result.out


def test_a_mapping_to_an_alias_that_is_nowhere_is_refused_before_the_first_write(house: House) -> None:
    mapping = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', alias: nope}}\n"
    house.write("one.yaml", function_spec("one", extra=mapping))
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "there is no alias nope" in result.out
    assert house.writes() == []


def test_versions_that_will_differ_in_their_dead_letter_target_are_refused_at_plan(house: House) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\n"))
    house.apply()
    alias = "publish: true\naliases: {live: {FunctionVersion: '1', RoutingConfig: {AdditionalVersionWeights: {published: 0.25}}}}\n"
    dead = "DeadLetterConfig: {TargetArn: 'arn:aws:sqs:us-west-2:123456789012:dead'}"
    house.write("one.yaml", function_spec("one", configuration=dead, extra=alias))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "differ in DeadLetterConfig" in result.out


def test_a_beat_whose_answer_was_lost_keeps_the_lock_and_a_lost_lock_is_noticed(house: House) -> None:
    locked_house(house)
    store, url = s3_store(house), "s3://locks/shop.lock"
    tag = lock._taken(store, url, "mine", time.time)
    lock.renewed(store, url, "mine", time.time, tag)  # its answer never came: the old tag is what we know
    kept = lock.renewed(store, url, "mine", time.time, tag)
    assert lock.renewed(store, url, "mine", time.time, kept)
    lock.unlock(store, url, "mine")
    lock._taken(store, url, "theirs", time.time)
    with pytest.raises(Locked):
        lock.renewed(store, url, "mine", time.time, kept)


def test_an_environment_that_references_make_too_large_is_refused_before_the_first_write(house: House) -> None:
    house.sandbox.clients.get("ssm", "123456789012", "us-west-2").put_parameter(
        Name="/big", Value="x" * 4090, Type="String"
    )
    house.write(
        "one.yaml",
        function_spec("one", configuration="Environment: {Variables: {TOKEN: \"{{ ssm('/big') }}\", MORE: yyyyyyyy}}"),
    )
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "bytes with its references looked up" in result.out
    assert house.writes() == []


def test_an_update_that_failed_says_what_helps(house: House) -> None:
    house_of(house, "one")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    house.sandbox.gate.script = Script([Fault("UpdateFunctionConfiguration", nth=1, fails="EniLimitExceeded")])
    result = house.run("apply", "--yes")
    assert result.exit_code == 25
    assert "(EniLimitExceeded); ask for more network interfaces" in result.out


# --- the fault sweep over these paths ------------------------------------------------------------------------------

SWEPT = {
    "503": Fault("*", status=503),
    "503, answer lost": Fault("*", status=503, when="after"),
    "reset": Fault("*", reset=True),
    "reset, answer lost": Fault("*", reset=True, when="after"),
}
CALLS = named("TagResource", "UpdateFunctionConfiguration", "DeleteEventSourceMapping", "DeleteFunction")


@pytest.mark.parametrize(("operation", "fault"), sampled(CALLS, SWEPT))
def test_a_fault_while_adopting_and_pruning_under_the_lock_converges(
    house: House, operation: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked_house(house)
    mapping = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}}\n"
    house.write("gone.yaml", function_spec("gone", extra=mapping))
    house.apply()
    house.remove("gone.yaml")
    house.write("one.yaml", function_spec("one"))
    foreign(house, "one")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.sandbox.gate.script = Script([replace(fault, operation=operation, nth=1)])
    report = house.apply("--prune", "--adopt")
    assert report["outcome"]["exit_code"] == 0, report["tasks"]
    assert house.verbs("--prune") == {}
    assert [item["FunctionName"] for item in house.lambda_.list_functions()["Functions"]] == ["one"]
    assert house.lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    assert lock.read(s3_store(house), "s3://locks/shop.lock") == (None, "")


def test_a_plan_approved_on_a_branch_is_applied_after_its_squash_merge(house: House) -> None:
    house_of(house, "one")
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports\nplan.json\n")
    commit(house.root, "base")
    subprocess.run(["git", "checkout", "-qb", "change"], cwd=house.root, check=True)
    for timeout in (8, 9):
        house.write("one.yaml", function_spec("one", configuration=f"Timeout: {timeout}"))
        commit(house.root, f"step {timeout}")
    house.run("plan", "-o", "plan.json")
    subprocess.run(["git", "checkout", "-q", "main"], cwd=house.root, check=True)
    subprocess.run(["git", "merge", "-q", "--squash", "change"], cwd=house.root, check=True, capture_output=True)
    commit(house.root, "squashed")
    house.writes()
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0
    assert house.writes() == ["UpdateFunctionConfiguration"]


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
