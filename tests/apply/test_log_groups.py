"""Log groups from spec on, over HTTP: made before their function, read many at once, shared, and never deleted."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import Any

import pytest

from reconciler.sandbox.around import moto_adapter
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, commit, house_of
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
GROUP = "/aws/lambda/one"
POLICY = "account-wide"


def says(house: House, section: str, name: str = "one", extra: str = "", configuration: str = "") -> None:
    """The spec of a function with this log group."""
    spec = function_spec(name, extra=f"{extra}log_group: {section}\n", configuration=configuration)
    house.write(f"{name}.yaml", spec)


def logs(house: House) -> Any:
    return house.sandbox.clients.get("logs", ACCOUNT, REGION)


def held(house: House, name: str = GROUP) -> dict[str, Any] | None:
    """What AWS holds of a group, in the spec's words; None where there is none."""
    groups = logs(house).describe_log_groups(logGroupIdentifiers=[name])["logGroups"]
    house.sandbox.requests.clear()
    words = {"retention_days": "retentionInDays", "class": "logGroupClass", "kms_key": "kmsKeyId"}
    return {word: groups[0][member] for word, member in words.items() if member in groups[0]} if groups else None


def notes(house: House, rule: str) -> list[str]:
    return [note["message"] for note in house.plan()["diagnostics"] if note.get("rule") == rule]


@pytest.fixture
def kept(house: House) -> House:
    """A function whose log group keeps events for a week, applied."""
    house_of(house)
    says(house, "{retention_days: 7}")
    assert house.apply()["outcome"]["exit_code"] == 0
    house.writes()
    return house


STANDARD = {"class": "STANDARD"}


@pytest.mark.parametrize(
    ("before", "after", "calls", "live"),
    [
        ("{}", "{retention_days: 14}", ["PutRetentionPolicy"], STANDARD | {"retention_days": 14}),
        ("{retention_days: 14}", "{retention_days: 30}", ["PutRetentionPolicy"], STANDARD | {"retention_days": 30}),
        ("{retention_days: 14}", "{}", ["DeleteRetentionPolicy"], STANDARD),
        ("{}", f"{{kms_key: '{KEY}'}}", ["AssociateKmsKey"], STANDARD | {"kms_key": KEY}),
        (f"{{kms_key: '{KEY}'}}", f"{{kms_key: '{KEY}2'}}", ["AssociateKmsKey"], STANDARD | {"kms_key": f"{KEY}2"}),
        (f"{{kms_key: '{KEY}'}}", "{class: STANDARD}", ["DisassociateKmsKey"], STANDARD),
        (
            f"{{kms_key: '{KEY}', retention_days: 1}}", "{retention_days: 3}", ["PutRetentionPolicy", "DisassociateKmsKey"],
            STANDARD | {"retention_days": 3},
        ),
        ("{class: DELIVERY}", "{class: DELIVERY, retention_days: 3}", [], {"class": "DELIVERY"}),
        ("{}", "{class: STANDARD}", [], STANDARD),
    ],
)  # fmt: skip
def test_each_change_is_the_calls_that_it_needs_and_the_next_plan_is_empty(
    house: House, before: str, after: str, calls: list[str], live: dict[str, Any]
) -> None:
    house_of(house)
    says(house, before)
    house.apply()
    house.writes()
    says(house, after)
    assert house.verbs() == ({"one/log_group//aws/lambda/one": "update"} if calls else {})
    house.apply()
    assert house.writes() == calls
    assert (house.verbs(), held(house)) == ({}, live)


def test_a_group_is_made_with_all_that_is_said_of_it_before_its_function(house: House) -> None:
    house_of(house)
    says(house, f"{{retention_days: 14, class: INFREQUENT_ACCESS, kms_key: '{KEY}'}}", extra="tags: {team: a}\n")
    house.apply()
    assert house.writes() == ["CreateLogGroup", "PutRetentionPolicy", "CreateFunction"]
    assert held(house) == {"retention_days": 14, "class": "INFREQUENT_ACCESS", "kms_key": KEY}
    assert house.verbs() == {}


def test_the_group_that_lambda_made_by_itself_is_taken_as_it_is(house: House) -> None:
    house_of(house, "one")
    house.lambda_.invoke(FunctionName="one")
    says(house, "{retention_days: 7}")
    house.writes()
    house.apply()
    assert house.writes() == ["PutRetentionPolicy"]
    assert house.verbs() == {}


def test_a_group_that_appears_while_it_is_to_be_made_is_no_mistake(house: House) -> None:
    """Its function's first invocation, between the plan and the call."""
    house_of(house)
    says(house, "{retention_days: 7}")

    def appears(operation: str, _: object) -> None:
        if operation == "CreateLogGroup" and GROUP not in moto_adapter.log_groups(ACCOUNT, REGION):
            moto_adapter.make_log_group(ACCOUNT, REGION, GROUP, {}, None)

    house.sandbox.gate.watch = appears
    assert house.apply()["outcome"]["exit_code"] == 0
    assert (house.verbs(), held(house)) == ({}, STANDARD | {"retention_days": 7})


def test_what_somebody_set_on_the_group_that_appears_is_not_written_over(house: House) -> None:
    house_of(house)
    says(house, "{retention_days: 7}")

    def appears(operation: str, _: object) -> None:
        if operation == "CreateLogGroup" and GROUP not in moto_adapter.log_groups(ACCOUNT, REGION):
            moto_adapter.make_log_group(ACCOUNT, REGION, GROUP, {}, None)
            moto_adapter.log_groups(ACCOUNT, REGION)[GROUP].retention_in_days = 90

    house.sandbox.gate.watch = appears
    report = house.apply()
    assert report["outcome"]["exit_code"] == 23
    assert house.writes() == ["CreateLogGroup"]
    assert held(house) == STANDARD | {"retention_days": 90}


def test_what_somebody_set_since_the_plan_is_not_written_over(kept: House) -> None:
    says(kept, "{retention_days: 30}")

    def acts(operation: str, _: object) -> None:
        if (
            operation == "GetFunction"
            and kept.sandbox.requests
            and kept.sandbox.requests[-1].operation != "GetFunction"
        ):
            moto_adapter.log_groups(ACCOUNT, REGION)[GROUP].retention_in_days = 90

    kept.sandbox.gate.watch = acts
    assert kept.apply()["outcome"]["exit_code"] == 23
    assert kept.writes() == []
    assert held(kept) == STANDARD | {"retention_days": 90}


# --- which one it is -----------------------------------------------------------------------------------------------


def test_it_is_the_group_that_the_configuration_names(kept: House) -> None:
    says(kept, "{retention_days: 7}", configuration="LoggingConfig: {LogGroup: /shop/one}")
    assert kept.verbs() == {"one": "update", "one/log_group//shop/one": "create"}
    kept.apply()
    assert kept.writes() == ["CreateLogGroup", "PutRetentionPolicy", "UpdateFunctionConfiguration"]
    assert (kept.verbs(), held(kept, "/shop/one")) == ({}, STANDARD | {"retention_days": 7})
    assert held(kept) == STANDARD | {"retention_days": 7}, "the one before is left as it is"


def test_a_name_may_be_another_in_each_region(house: House) -> None:
    house_of(house)
    text = "LoggingConfig: {LogGroup: '/shop/{{ region }}/{{ function }}'}"
    says(house, "{}", configuration=text)
    assert house.verbs()["one/log_group//shop/us-west-2/one"] == "create"


def test_a_guess_that_is_wrong_is_told(kept: House) -> None:
    """A spec that does not own the configuration."""
    head = "function: one\naccount: test\nregion: us-west-2\n"
    kept.write("one.yaml", f"{head}log_group: {{retention_days: 7}}\n")
    assert (kept.verbs(), notes(kept, "W233")) == ({}, [])
    kept.lambda_.update_function_configuration(FunctionName="one", LoggingConfig={"LogGroup": "/other"})
    (message,) = notes(kept, "W233")
    assert "is not the log group of the function, which is /other" in message


def test_a_group_of_several_functions_is_read_once_and_made_by_one_of_them(house: House) -> None:
    house_of(house)
    shared = "LoggingConfig: {LogGroup: /shop}"
    for name in ("one", "two", "three"):
        says(house, "{retention_days: 7}", name, configuration=shared)
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0
    assert Counter(house.writes())["CreateFunction"] == 3
    assert (house.verbs(), held(house, "/shop")) == ({}, STANDARD | {"retention_days": 7})
    house.plan()
    calls = Counter(request.operation for request in house.sandbox.requests)
    assert calls == {"GetFunction": 3, "DescribeLogGroups": 1}


def test_specs_that_say_different_things_of_one_group_are_invalid(house: House) -> None:
    shared = "LoggingConfig: {LogGroup: /shop}"
    says(house, "{retention_days: 7}", configuration=shared)
    says(house, "{retention_days: 7, class: STANDARD}", "two", configuration=shared)
    assert house.run("validate").exit_code == 0
    says(house, "{retention_days: 14}", "two", configuration=shared)
    result = house.run("validate")
    assert result.exit_code == 20
    assert "log group /shop has another retention_days at specs/one.yaml:10:1" in result.err
    says(house, "{retention_days: 14}", "two", configuration="LoggingConfig: {LogGroup: /other}")
    assert house.run("validate").exit_code == 0


# --- what a plan costs ---------------------------------------------------------------------------------------------


def test_fifty_groups_are_one_call_and_a_section_that_no_spec_has_makes_none(house: House) -> None:
    house_of(house)
    for number in range(51):
        says(house, "{}", f"f{number}")
    house.sandbox.requests.clear()
    house.plan()
    calls = Counter(request.operation for request in house.sandbox.requests)
    functions = {"GetFunction": 5, "ListFunctions": 1, "GetAccountSettings": 1}
    assert calls == {**functions, "DescribeLogGroups": 2}
    for number in range(51):
        house.write(f"f{number}.yaml", function_spec(f"f{number}"))
    house.sandbox.requests.clear()
    house.plan()
    calls = Counter(request.operation for request in house.sandbox.requests)
    assert calls == functions


def test_a_section_that_is_not_there_is_neither_read_nor_changed(kept: House) -> None:
    kept.write("one.yaml", function_spec("one"))
    assert kept.verbs() == {}
    kept.run("snapshot", "-o", "live.json")
    assert {item["kind"] for item in json.loads((kept.root / "live.json").read_text())["resources"]} == {"function"}
    assert held(kept) == STANDARD | {"retention_days": 7}


def test_groups_that_cannot_be_read_are_told_of_each_function_that_has_one(house: House) -> None:
    house_of(house, "two")
    says(house, "{}")
    house.sandbox.gate.script = Script([Fault("DescribeLogGroups", status=400, code="AccessDeniedException")])
    result = house.run("plan")
    assert result.exit_code == 21
    assert "test/us-west-2/one cannot be read: DescribeLogGroups" in result.out + result.err
    assert "allow logs:DescribeLogGroups to the credentials of account test" in result.out + result.err
    assert "two cannot be read" not in result.out + result.err


def test_a_saved_snapshot_has_the_groups(kept: House) -> None:
    kept.run("snapshot", "-o", "live.json")
    assert "No changes" in kept.run("plan", "--snapshot", "live.json").out
    says(kept, "{retention_days: 14}")
    assert "retention_days  7 → 14" in kept.run("plan", "--snapshot", "live.json").out


# --- what cannot be ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("permission", ["", "allow_replace: true\n"])
def test_a_class_that_cannot_change_is_refused_whatever_may_be_replaced(kept: House, permission: str) -> None:
    says(kept, "{retention_days: 7, class: INFREQUENT_ACCESS}", extra=permission)
    result = kept.run("apply", "--yes")
    assert result.exit_code == 21
    assert "class is STANDARD and cannot change, and no log group is ever deleted; write class: STANDARD" in result.out
    assert "(R293)" in result.out
    assert "(R208)" not in result.out
    assert kept.writes() == []


def test_a_class_that_git_dropped_is_told_with_what_to_write(house: House) -> None:
    house_of(house)
    says(house, "{class: ESSENTIALS}")
    house.apply()
    says(house, "{}")
    assert "write class: ESSENTIALS" in house.run("plan").out


def test_a_retention_that_a_policy_of_the_account_decides_is_neither_compared_nor_changed(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS answers the policy's number in the group's place."""
    from moto.logs.models import LogGroup

    described = LogGroup.to_describe_dict
    monkeypatch.setattr(
        LogGroup, "to_describe_dict",
        lambda self: described(self) | {"retentionInDays": 90, "retentionPolicyName": POLICY},
    )  # fmt: skip
    assert kept.verbs() == {}
    (message,) = notes(kept, "R202")
    assert f"/log_group/retention_days cannot be read (the account's policy {POLICY} decides)" in message
    says(kept, "{retention_days: 14}", "two")
    report = kept.apply()
    assert report["outcome"]["exit_code"] == 0, report
    assert kept.writes() == ["CreateLogGroup", "PutRetentionPolicy", "CreateFunction"]
    assert kept.verbs() == {}


def test_days_of_a_class_that_keeps_for_one_day_are_told_and_not_sent(house: House) -> None:
    house_of(house)
    says(house, "{class: DELIVERY, retention_days: 7}")
    assert "W230" in house.run("validate").err
    house.apply()
    assert house.writes() == ["CreateLogGroup", "CreateFunction"]
    logs(house).put_retention_policy(logGroupName=GROUP, retentionInDays=3)
    assert house.verbs() == {}


# --- the end of its function ---------------------------------------------------------------------------------------


def test_it_stays_when_its_function_goes_and_that_is_told(kept: House) -> None:
    kept.write("one.yaml", ABSENT.format("one"))
    assert notes(kept, "W232") == [
        "log group /aws/lambda/one stays when test/us-west-2/one goes, if there is one, with all that is in it (W232)"
    ]
    report = kept.apply()
    assert (report["outcome"]["exit_code"], kept.writes()) == (0, ["DeleteFunction"])
    assert report["exports"][0]["spec"]["log_group"] == {"retention_days": 7, "class": "STANDARD"}
    assert held(kept) == STANDARD | {"retention_days": 7}


def test_a_function_whose_group_nobody_may_read_can_be_deleted_all_the_same(kept: House) -> None:
    kept.write("one.yaml", ABSENT.format("one"))
    kept.sandbox.gate.script = Script([Fault("DescribeLogGroups", status=400, code="AccessDeniedException")])
    report = kept.apply()
    assert report["outcome"]["exit_code"] == 0
    assert "log_group" not in report["exports"][0]["spec"]


def test_it_stays_as_it_is_when_its_function_is_replaced(kept: House) -> None:
    replaced = "TenancyConfig: {TenantIsolationMode: PER_TENANT}"
    says(kept, "{retention_days: 7}", extra="allow_replace: true\n", configuration=replaced)
    assert kept.verbs() == {"one": "replace"}
    kept.apply()
    assert kept.writes() == ["DeleteFunction", "CreateFunction"]
    assert kept.verbs() == {}


def test_what_an_earlier_function_left_is_found(kept: House) -> None:
    kept.lambda_.delete_function(FunctionName="one")
    says(kept, "{retention_days: 14}")
    kept.writes()
    assert kept.verbs() == {"one": "create", "one/log_group//aws/lambda/one": "update"}
    kept.apply()
    assert kept.writes() == ["PutRetentionPolicy", "CreateFunction"]


# --- how it is told ------------------------------------------------------------------------------------------------


def test_what_is_left_to_others_is_not_touched(kept: House) -> None:
    logs(kept).put_retention_policy(logGroupName=GROUP, retentionInDays=90)
    for path in ("/log_group", "/log_group/retention_days"):
        says(kept, "{retention_days: 7}", extra=f"ignore: [{path}]\n")
        assert kept.verbs() == {}, path
    says(kept, "{retention_days: 7}", extra="ignore: [/log_group/days]\n")
    assert "/log_group has no days" in kept.run("validate").err


def test_the_list_of_functions_has_it_by_awss_names(kept: House) -> None:
    (item,) = kept.run("functions").json()
    assert item["logGroup"] == {"logGroupName": GROUP, "logGroupClass": "STANDARD", "retentionInDays": 7}


def test_a_cause_is_told_of_its_retention(kept: House) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=kept.root, check=True)
    commit(kept.root, "a week")
    logs(kept).put_retention_policy(logGroupName=GROUP, retentionInDays=90)
    actions = kept.plan("--base", "HEAD")["targets"][0]["actions"]
    (action,) = [action for action in actions if action["kind"] == "log_group"]
    assert (action["verb"], action["cause"]) == ("update", "drift")


def test_without_an_owner_mark_it_is_all_the_same(house: House) -> None:
    house.write("reconcile.yaml", CONFIG, stock=False)
    says(house, "{retention_days: 7}")
    house.apply()
    assert house.verbs() == {}
