"""What every function has, from spec to deletion: recursive loops and updates of the runtime. `{}` says AWS's defaults, nothing is ever made
or deleted, and a new function needs a call only where its spec says otherwise."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, house_of
from tests.conftest import House, function_spec

LOOP, RUNTIME = "PutFunctionRecursionConfig", "PutRuntimeManagementConfig"
PATCH = "arn:aws:lambda:us-west-2::runtime:" + "0123456789abcdef" * 4
ALLOW = {"recursion": {"RecursiveLoop": "Allow"}}
PINNED = {"runtime_management": {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": PATCH}}
WITH_FUNCTION = {"runtime_management": {"UpdateRuntimeOn": "FunctionUpdate"}}
DEFAULTS: Mapping[str, Any] = {"recursion": {}, "runtime_management": {}}


def says(house: House, sections: Mapping[str, Any], extra: str = "", **more: str) -> None:
    written = "".join(f"{name}: {json.dumps(entry)}\n" for name, entry in sections.items())
    house.write("one.yaml", function_spec("one", extra=extra + written, **more))


def held(house: House) -> dict[str, Any]:
    """What AWS answers of both."""
    loop = house.lambda_.get_function_recursion_config(FunctionName="one")
    runtime = house.lambda_.get_runtime_management_config(FunctionName="one")
    house.sandbox.requests.clear()
    members = ("RecursiveLoop", "UpdateRuntimeOn", "RuntimeVersionArn")
    return {name: answer[name] for answer in (loop, runtime) for name in members if name in answer}


AUTO = {"RecursiveLoop": "Terminate", "UpdateRuntimeOn": "Auto"}


@pytest.mark.parametrize(
    ("before", "after", "calls", "then"),
    [
        (DEFAULTS, ALLOW, [LOOP], AUTO | {"RecursiveLoop": "Allow"}),
        (ALLOW, {"recursion": {}}, [LOOP], AUTO),
        (ALLOW, {"recursion": {"RecursiveLoop": "Terminate"}}, [LOOP], AUTO),
        (DEFAULTS, PINNED, [RUNTIME], AUTO | PINNED["runtime_management"]),
        (PINNED, {"runtime_management": {}}, [RUNTIME], AUTO),
        (PINNED, WITH_FUNCTION, [RUNTIME], AUTO | {"UpdateRuntimeOn": "FunctionUpdate"}),
        (WITH_FUNCTION, PINNED, [RUNTIME], AUTO | PINNED["runtime_management"]),
        ({**ALLOW, **PINNED}, DEFAULTS, [LOOP, RUNTIME], AUTO),
        (ALLOW, {}, [], AUTO | {"RecursiveLoop": "Allow"}),
    ],
    ids=["allowed", "set back", "said", "pinned", "let go", "with the function", "pinned again", "both", "not owned"],
)
def test_each_change_is_one_call_and_the_next_plan_is_empty(
    house: House, before: Mapping[str, Any], after: Mapping[str, Any], calls: list[str], then: Mapping[str, Any]
) -> None:
    house_of(house)
    says(house, before)
    house.apply()
    house.writes()
    says(house, after)
    assert set(house.verbs().values()) == ({"update"} if calls else set())
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == calls
    assert (house.verbs(), held(house)) == ({}, then)


def test_a_runtime_that_aws_moved_by_itself_is_no_change(house: House) -> None:
    house_of(house)
    says(house, WITH_FUNCTION)
    house.apply()
    region, _ = house.sandbox.gate.region("123456789012", "us-west-2")
    region.functions["one"].runtime_management["$LATEST"]["RuntimeVersionArn"] = PATCH
    assert house.verbs() == {}


def test_a_new_function_is_set_before_its_first_version_and_before_code(house: House) -> None:
    house_of(house)
    says(house, {**ALLOW, **PINNED}, "publish: true\n")
    house.apply()
    assert house.writes() == ["CreateFunction", LOOP, RUNTIME, "PublishVersion"]
    assert house.lambda_.get_runtime_management_config(FunctionName="one", Qualifier="1")["UpdateRuntimeOn"] == "Manual"
    assert house.verbs() == {}
    house.writes()
    says(house, {**ALLOW, **WITH_FUNCTION}, "publish: true\n", key="v2.zip", configuration="Timeout: 9")
    house.apply()
    assert house.writes() == ["UpdateFunctionConfiguration", RUNTIME, "UpdateFunctionCode", "PublishVersion"]
    assert house.verbs() == {}


def test_one_call_each_is_read_of_functions_that_declare_them_and_none_of_others(house: House) -> None:
    house_of(house, "two")
    says(house, {**ALLOW, **PINNED})
    house.apply()
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    assert Counter(request.operation for request in house.sandbox.requests) == {
        "GetFunction": 2, "GetFunctionRecursionConfig": 1, "GetRuntimeManagementConfig": 1,
    }  # fmt: skip


def test_what_is_left_to_others_is_not_touched(house: House) -> None:
    house_of(house, "one")
    house.lambda_.put_function_recursion_config(FunctionName="one", RecursiveLoop="Allow")
    for path in ("/recursion", "/recursion/RecursiveLoop"):
        says(house, {"recursion": {}}, f"ignore: [{path}]\n")
        assert house.verbs() == {}, path


# --- what is around them -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "configuration"),
    [("UpdateFunctionConfiguration", "Timeout: 9"), ("CreateFunction", "")],
    ids=["changed", "new"],
)
def test_what_somebody_set_since_the_plan_is_not_written_over(house: House, when: str, configuration: str) -> None:
    house_of(house, *(["one"] if configuration else []))
    says(house, PINNED, configuration=configuration)

    def act(operation: str, _params: object, _status: int) -> None:
        if operation == when:
            region, _unused = house.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].runtime_management["$LATEST"] = {"UpdateRuntimeOn": "FunctionUpdate"}

    house.sandbox.gate.watch_answer = act
    report = house.apply()
    house.sandbox.gate.watch_answer = lambda *_: None
    assert report["outcome"]["exit_code"] == 23
    assert "UpdateRuntimeOn Auto → FunctionUpdate" in json.dumps(report, ensure_ascii=False)
    assert held(house)["UpdateRuntimeOn"] == "FunctionUpdate"


def test_a_function_that_gets_another_revision_by_it_is_looked_at_before_the_next_call(house: House) -> None:
    """AWS says of none of these calls whether the function's RevisionId changes with it."""
    house_of(house, "one")
    says(house, {**ALLOW, **PINNED}, key="v2.zip")

    def moved(operation: str, _params: object, _status: int) -> None:
        if operation in (LOOP, RUNTIME):
            region, _unused = house.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].latest.revision = f"after {operation}"

    house.sandbox.gate.watch_answer = moved
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == [LOOP, RUNTIME, "UpdateFunctionCode"]
    assert house.verbs() == {}


def test_they_are_set_again_with_their_function(house: House) -> None:
    house_of(house)
    says(house, {**ALLOW, "runtime_management": {}})
    house.apply()
    house.writes()
    says(
        house, {**ALLOW, "runtime_management": {}}, "allow_replace: true\n",
        configuration="TenancyConfig: {TenantIsolationMode: PER_TENANT}",
    )  # fmt: skip
    assert house.verbs() == {"one": "replace", "one/recursion": "create"}
    assert "recursion Allow" not in house.run("plan").out
    house.apply()
    assert house.writes() == ["DeleteFunction", "CreateFunction", LOOP]
    assert (house.verbs(), held(house)["RecursiveLoop"]) == ({}, "Allow")


def test_a_loop_that_is_allowed_is_told_before(house: House) -> None:
    house_of(house, "one")
    says(house, ALLOW)
    assert "lets the function invoke itself in a loop" in house.run("plan").out
    house.apply()
    says(house, ALLOW, configuration="Timeout: 9")
    assert "lets the function invoke itself in a loop" not in house.run("plan").out


def test_an_image_that_manages_a_runtime_is_worth_a_warning(house: House) -> None:
    image = "function: one\naccount: test\nregion: us-west-2\ncode: {ImageUri: '123456789012.dkr.ecr.us-west-2.amazonaws.com/one:v1'}\n"
    house.write("one.yaml", image + "runtime_management: {UpdateRuntimeOn: Auto}\n")
    assert "an image brings its own runtime" in house.run("validate").err
    house.write("one.yaml", image + "runtime_management: {}\n")
    assert "W225" not in house.run("validate").err


def test_the_list_and_the_export_have_them(house: House) -> None:
    house_of(house)
    says(house, {**ALLOW, **PINNED})
    house.apply()
    (item,) = house.run("functions").json()
    assert (item["recursion"], item["runtimeManagement"]["updateRuntimeOn"]) == ({"recursiveLoop": "Allow"}, "Manual")
    house.write("one.yaml", ABSENT.format("one"))
    (export,) = house.apply()["exports"]
    assert {name: export["spec"][name] for name in (*ALLOW, *PINNED)} == {**ALLOW, **PINNED}


def test_who_may_not_read_them_still_gets_the_list_of_functions(house: House) -> None:
    house_of(house, "one")
    denied = Fault("GetRuntimeManagementConfig", status=403, code="AccessDeniedException")
    house.sandbox.gate.script = Script([denied])
    (item,) = house.run("functions").json()
    assert (item["recursion"], item["runtimeManagement"]) == ({"recursiveLoop": "Terminate"}, None)
