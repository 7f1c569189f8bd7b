"""How functions stand: what runs, whether AWS holds what git says, what AWS moved, what was last done."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.core.model import Key, Origin, Snapshot, Target
from reconciler.core.plans import Action, Diagnostic, Plan, TargetPlan
from reconciler.report.answers import SCHEMAS
from reconciler.report.daily import status
from reconciler.report.status import Known, status_document
from reconciler.sandbox.around.faults import Fault, Script
from tests.commands.test_versions import commit
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec
from tests.spec.test_hostile_git import git

QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"
USED = f"""
publish: true
aliases: {{live: {{FunctionVersion: published}}}}
event_source_mappings: {{orders: {{EventSourceArn: "{QUEUE}", alias: live}}}}
"""
SECRET = "Environment: {Variables: {TOKEN: sentinel-value}}"


def stood(house: House, *arguments: str) -> dict[str, Any]:
    result = house.run("status", "--format", "json", *arguments)
    assert result.exit_code == 0, result.err
    document: dict[str, Any] = result.json()
    Draft202012Validator(SCHEMAS["status"]).validate(document)
    return document


def standings(house: House, *arguments: str) -> dict[str, str]:
    return {one["address"].rpartition("/")[2]: one["standing"] for one in stood(house, *arguments)["functions"]}


def only(house: House, *arguments: str) -> dict[str, Any]:
    (one,) = stood(house, *arguments)["functions"]
    return dict(one)


@pytest.fixture
def applied(house: House) -> House:
    """A function under git, applied from a clean commit."""
    (house.root / ".gitignore").write_text("reports\n")
    git(house.root, "init", "-q", "-b", "main")
    house.write("checkout.yaml", function_spec(extra=USED, configuration=SECRET))
    commit(house)
    house.apply()
    return house


def test_a_function_that_was_applied_is_in_sync_and_tells_what_runs_and_what_was_done(applied: House) -> None:
    applied.write("checkout.yaml", function_spec(key="v2.zip", extra=USED, configuration=SECRET))
    revision = commit(applied)
    applied.apply()
    applied.lambda_.update_alias(
        FunctionName="checkout", Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.25}}
    )
    found = only(applied)
    run = applied.newest_report()["run"]
    assert found["aliases"] == [
        {"name": "live", "versions": [{"version": "2", "share": 0.75}, {"version": "1", "share": 0.25}]}
    ]
    assert (found["newest_version"], found["exists"], found["state"]) == ("2", True, "Active")
    assert found["mappings"] == [{"source": QUEUE, "state": "Enabled"}]
    assert found["last_run"] == {
        "at": run["started_at"], "run": run["id"], "command": "apply", "outcome": "completed", "commit": revision
    }  # fmt: skip
    assert (found["standing"], found["changes"], found["drift"]) == ("changes", 1, 1)
    applied.apply()
    assert (only(applied)["standing"], only(applied)["drift"]) == ("in sync", 0)


def test_an_edit_is_a_change_and_no_drift_and_what_aws_moved_is_both(applied: House) -> None:
    applied.write("checkout.yaml", function_spec(extra=USED, configuration=f"{SECRET}\nMemorySize: 256"))
    found = only(applied)
    assert (found["standing"], found["drift"]) == ("changes", 0)
    applied.lambda_.update_function_configuration(FunctionName="checkout", Timeout=9, Description="by hand")
    found = only(applied)
    assert (found["standing"], found["drift"]) == ("changes", 2)


def test_without_git_nobody_tells_drift_from_edits(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    assert only(house)["drift"] == 0
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=9)
    document = stood(house)
    assert document["functions"][0]["drift"] is None
    assert "drift is not told apart from edits: " in document["notes"][0]
    assert house.run("status").out.splitlines()[1].split()[-3:] == ["?", "just", "now"]


def test_a_function_that_was_never_made_has_not_drifted(applied: House) -> None:
    applied.write("till.yaml", function_spec("till"))
    commit(applied)
    found = {one["address"][-4:]: one for one in stood(applied)["functions"]}
    assert (found["till"]["exists"], found["till"]["drift"], found["till"]["last_run"]) == (False, 0, None)
    assert found["till"]["standing"] == "changes"
    applied.lambda_.delete_function(FunctionName="checkout")
    assert stood(applied)["functions"][0]["drift"] > 0


def test_what_is_refused_unread_without_a_spec_or_compared_in_part_is_told_with_its_reason(house: House) -> None:
    house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    for name in ("dropped", "foreign", "hidden", "sound", "vague"):
        house.write(f"{name}.yaml", function_spec(name))
    house.apply()
    house.remove("dropped.yaml")
    arn = house.lambda_.get_function(FunctionName="foreign")["Configuration"]["FunctionArn"]
    house.lambda_.tag_resource(Resource=arn, Tags={"reconcile:managed-by": "somebody"})
    house.write("foreign.yaml", function_spec("foreign", configuration="Timeout: 9"))
    house.write(
        "vague.yaml", function_spec("vague").replace("v1.zip}", "v1.zip, sha256: " + "a" * 43 + "=}"), stock=False
    )
    vanished = Fault("GetFunction", nth=3, code="AccessDeniedException", status=403)
    house.sandbox.gate.script = Script([vanished])
    document = stood(house)
    found = {one["address"].rpartition("/")[2]: one for one in document["functions"]}
    unread = [name for name, one in found.items() if one["standing"] == "unread"]
    assert len(unread) == 1
    house.sandbox.gate.script = Script([])
    assert "allow lambda:GetFunction" in found[unread[0]]["reasons"][0]
    found = {one["address"].rpartition("/")[2]: one for one in stood(house)["functions"]}
    assert {name: one["standing"] for name, one in found.items()} == {
        "dropped": "orphan", "foreign": "refused", "hidden": "in sync", "sound": "in sync", "vague": "refused",
    }  # fmt: skip
    assert "somebody" in found["foreign"]["reasons"][0]
    out = house.run("status").out
    assert out.count(f"test/{REGION}/foreign ") == 1
    assert out.endswith("5 functions: 2 in sync, 2 refused, 1 without a spec.\n")


def test_a_percentage_of_deletions_is_one_of_the_whole_house_whatever_is_looked_at(house: House) -> None:
    house.write("reconcile.yaml", CONFIG + "guards: {maxDeletePercent: 50}\n", stock=False)
    for name in ("checkout", "mailer", "old"):
        house.write(f"{name}.yaml", function_spec(name))
    house.apply()
    house.write("old.yaml", "function: old\naccount: test\nregion: us-west-2\nstate: absent\n")
    assert "maxDelete" not in str(stood(house, "old")) + str(stood(house))
    house.write("mailer.yaml", "function: mailer\naccount: test\nregion: us-west-2\nstate: absent\n")
    assert "guards.maxDeletePercent is 50 and this is 67 % of 3" in stood(house, "old", "mailer")["notes"][0]


def test_a_reason_tells_its_address_once(house: House) -> None:
    house.write("checkout.yaml", function_spec().replace("code: {S3Bucket: artifacts, S3Key: v1.zip}\n", ""))
    out = house.run("status").out
    assert "\ntest/us-west-2/checkout does not exist; to create it the spec needs" in out
    assert "checkout: test/" not in out


def test_what_could_not_be_compared_is_no_promise() -> None:
    target = Target("test", REGION, "checkout")
    planned = TargetPlan(target, (Action(Key(target, "function"), "none"),), ())
    notes = (
        Diagnostic("warning", "is not shown", target, left_out=True),
        Diagnostic("warning", "all of it"),
        Diagnostic("warning", "is public", None, Origin("specs/checkout.yaml", 7)),
    )
    document = status_document(
        Plan((planned,), "", "now", "", diagnostics=notes), Snapshot((), "2026-01-01T00:00:00.000Z"), (), Known({}, {})
    )
    (one,) = document["functions"]
    assert (one["standing"], one["reasons"]) == ("partly compared", ["is not shown"])
    assert document["notes"] == ["all of it", "specs/checkout.yaml:7: is public"]
    assert status(document).endswith(
        "test/us-west-2/checkout: is not shown\nall of it\nspecs/checkout.yaml:7: is public\n"
        "1 function: 1 compared in part.\n"
    )


def test_it_reads_no_more_than_a_plan_and_writes_nothing(applied: House) -> None:
    for name in ("one", "two", "three"):
        applied.write(f"{name}.yaml", function_spec(name, extra=USED))
    applied.apply()
    calls = {}
    for command in ("plan", "status"):
        applied.sandbox.requests.clear()
        assert applied.run(command).exit_code == 0
        calls[command] = sorted(request.operation for request in applied.sandbox.requests)
    assert calls["status"] == calls["plan"]
    assert applied.sandbox.writes == []


def test_the_functions_that_are_named_are_shown(applied: House) -> None:
    for name in ("check-stock", "till"):
        applied.write(f"shop/{name}.yaml", function_spec(name))
    assert set(standings(applied)) == {"check-stock", "checkout", "till"}
    assert set(standings(applied, "till")) == {"till"}
    assert set(standings(applied, "test/*/check*")) == {"check-stock", "checkout"}
    assert set(standings(applied, "specs/shop")) == {"check-stock", "till"}
    assert set(standings(applied, "specs/shop", "till")) == {"till"}
    result = applied.run("status", "chekout", "--format", "json")
    assert (result.exit_code, result.json()["kind"]) == (2, "error")
    assert "no spec is for chekout; did you mean checkout?" in result.err
    assert applied.run("status", " ").exit_code == 2


def test_as_text_it_is_a_row_a_function(applied: House) -> None:
    applied.lambda_.update_alias(
        FunctionName="checkout", Name="live", FunctionVersion="$LATEST", Description="moved by hand"
    )
    head, row, blank, verdict = applied.run("status").out.splitlines()
    assert re.split("  +", head) == ["function", "place", "runs", "mappings", "git", "drift", "last run"]
    assert re.split("  +", row) == [
        "checkout", f"test/{REGION}", "live $LATEST", "1 Enabled", "1 change", "2", "just now"
    ]  # fmt: skip
    assert (blank, verdict) == ("", "1 function: 1 with changes.")


def test_a_run_that_failed_is_told(applied: House) -> None:
    applied.sandbox.gate.script = Script(
        [Fault("UpdateFunctionConfiguration", code="AccessDeniedException", status=403)]
    )
    applied.write("checkout.yaml", function_spec(extra=USED, configuration=f"{SECRET}\nMemorySize: 256"))
    applied.apply()
    assert only(applied)["last_run"]["outcome"] == "failed"
    assert "just now, failed" in applied.run("status").out
    applied.run("invoke", "checkout")
    assert only(applied)["last_run"]["command"] == "apply"


def test_reports_in_s3_are_read_where_they_are_asked_for(applied: House) -> None:
    s3 = applied.sandbox.clients.get("s3", ACCOUNT, REGION)
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    applied.write("reconcile.yaml", CONFIG + "reports: s3://kept/history\n", stock=False)
    (file,) = (applied.root / "reports").glob("*.json")
    s3.put_object(Bucket="kept", Key=f"history/{file.name}", Body=file.read_bytes())
    elsewhere = ("--report-dir", "elsewhere")
    assert only(applied, *elsewhere)["last_run"] is None
    assert only(applied, *elsewhere, "--reports")["last_run"]["run"] == applied.newest_report()["run"]["id"]


def test_no_secret_is_shown(applied: House) -> None:
    applied.lambda_.update_function_configuration(
        FunctionName="checkout", Environment={"Variables": {"TOKEN": "other-value"}}
    )
    for form in ("text", "json"):
        result = applied.run("status", "--format", form)
        assert "sentinel-value" not in result.out + result.err
        assert "other-value" not in result.out + result.err


# --- watching ------------------------------------------------------------------------------------------------------------


def test_watching_shows_it_anew_tells_what_fails_and_ends_by_ctrl_c(
    applied: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    between: list[Callable[[], Any]] = [
        lambda: applied.lambda_.update_function_configuration(FunctionName="checkout", Timeout=9),
        lambda: setattr(
            applied.sandbox.gate, "script", Script([Fault("GetFunction", code="AccessDeniedException", status=403)])
        ),
        lambda: setattr(applied.sandbox.gate, "script", Script([])),
    ]

    def sleep(_seconds: float) -> None:
        if not between:
            raise KeyboardInterrupt
        between.pop(0)()

    monkeypatch.setattr("reconciler.cli.looking.is_terminal", lambda: True)
    monkeypatch.setattr("reconciler.commands.output.sleep", sleep)
    result = applied.run("status", "checkout", "--watch", "--every", "2")
    assert (result.exit_code, result.err) == (0, "")
    screens = result.out.split("\x1b[H\x1b[2J\x1b[3J")[1:]
    assert [screen.splitlines()[-1] for screen in screens][0::3] == [
        "1 function: 1 in sync.", "1 function: 1 with changes."
    ]  # fmt: skip
    assert screens[1] == screens[3]
    assert "allow lambda:GetFunction" in screens[2]


@pytest.mark.parametrize(
    "flags", [("--watch",), ("--watch", "--format", "json"), ("--watch", "--every", "0"), ("--every", "nan")]
)
def test_watching_is_for_terminals_and_takes_its_time(applied: House, flags: tuple[str, ...]) -> None:
    result = applied.run("status", *flags)
    assert result.exit_code == 2
