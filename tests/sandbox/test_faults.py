"""What goes wrong on purpose: scripts, throttling, lost answers, hooks; and the log that remembers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.exceptions import ConnectionError as BotoConnectionError

from reconciler.sandbox import Fault, Sandbox, read_faults
from reconciler.sandbox.around.faults import BadFaults, Script, Throttle, parse_faults
from reconciler.sandbox.front import as_faults
from reconciler.sandbox.refusals import Refused, Reset
from tests.sandbox.conftest import ACCOUNT, REGION, ROLE, Aws, Clock, refused, zipped

ROLE_MESSAGE = "The role defined for the function cannot be assumed by Lambda."


@pytest.fixture
def scripted(aws: Aws) -> Iterator[Aws]:
    yield aws
    aws.sandbox.gate.script = Script([])
    aws.sandbox.gate.watch = lambda *_: None
    aws.sandbox.gate.watch_answer = lambda *_: None


def follow(aws: Aws, *faults: dict[str, Any]) -> None:
    aws.sandbox.gate.script = Script(as_faults(faults))


def test_the_third_of_an_operation_answers_503(scripted: Aws) -> None:
    name = scripted.published()
    scripted.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    follow(scripted, {"operation": "UpdateAlias", "nth": 3, "status": 503})
    for number in range(1, 5):
        if number == 3:
            with refused("ServiceException", status=503):
                scripted.client.update_alias(FunctionName=name, Name="live")
        else:
            scripted.client.update_alias(FunctionName=name, Name="live")


def test_a_star_counts_all_operations(scripted: Aws) -> None:
    name = scripted.function()
    follow(scripted, {"operation": "*", "nth": 2, "status": 500})
    scripted.client.list_functions()
    with refused("ServiceException", status=500):
        scripted.client.get_function(FunctionName=name)


def test_a_role_is_not_assumable_yet_a_number_of_times(scripted: Aws) -> None:
    code = "InvalidParameterValueException"
    follow(scripted, {"operation": "CreateFunction", "first": 2, "code": code, "message": ROLE_MESSAGE})
    for _ in range(2):
        with refused(code, ROLE_MESSAGE, 400):
            scripted.create()
    assert scripted.create()["State"] == "Pending"


@pytest.mark.parametrize(("when", "is_done"), [("before", False), ("after", True)])
@pytest.mark.parametrize("how", [{"reset": True}, {"status": 503}], ids=["reset", "503"])
def test_a_fault_strikes_before_or_after_the_deed(scripted: Aws, how: dict[str, Any], when: str, is_done: bool) -> None:
    found = scripted.get(scripted.function())
    follow(scripted, {"operation": "TagResource", "nth": 1, "when": when, **how})
    if "reset" in how:
        with pytest.raises((ConnectionClosedError, BotoConnectionError)):
            scripted.client.tag_resource(Resource=found["FunctionArn"], Tags={"a": "b"})
        assert (scripted.sandbox.requests[-1].status, scripted.sandbox.requests[-1].code) == (0, "Reset")
    else:
        with refused("ServiceException", status=503):
            scripted.client.tag_resource(Resource=found["FunctionArn"], Tags={"a": "b"})
    assert bool(scripted.client.list_tags(Resource=found["FunctionArn"])["Tags"]) is is_done


def test_latency_is_waited_for(scripted: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("reconciler.sandbox.gate.time.sleep", waited.append)
    follow(scripted, {"operation": "ListFunctions", "latency_seconds": 0.2})
    scripted.client.list_functions()
    assert waited == [0.2]


def test_a_429_says_when_to_come_back(scripted: Aws) -> None:
    follow(scripted, {"operation": "ListFunctions", "status": 429})
    with pytest.raises(Exception, match="TooManyRequestsException") as caught:
        scripted.client.list_functions()
    response: Mapping[str, Any] = getattr(caught.value, "response")  # noqa: B009
    assert response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"


def test_hooks_see_every_request_before_and_after(scripted: Aws) -> None:
    seen: list[tuple[Any, ...]] = []
    scripted.sandbox.gate.watch = lambda operation, params: seen.append((operation, dict(params)))
    scripted.sandbox.gate.watch_answer = lambda operation, _, status: seen.append((operation, status))
    scripted.client.list_functions(MaxItems=1)
    assert seen == [("ListFunctions", {"MaxItems": 1}), ("ListFunctions", 200)]


@pytest.mark.parametrize("hook", ["watch", "watch_answer"])
def test_a_hook_may_refuse_or_break_the_request(scripted: Aws, hook: str) -> None:
    def refuse(*_: Any) -> None:
        raise Refused("ServiceException", "by the hook", 500)

    def reset(*_: Any) -> None:
        raise Reset

    setattr(scripted.sandbox.gate, hook, refuse)
    with refused("ServiceException", "by the hook"):
        scripted.client.list_functions()
    setattr(scripted.sandbox.gate, hook, reset)
    with pytest.raises((ConnectionClosedError, BotoConnectionError)):
        scripted.client.list_functions()


# --- scripts in files ----------------------------------------------------------------------------------------------


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(
        '[{"operation": "*", "nth": 7, "reset": true, "when": "after", "latency_seconds": 1}]'
    )
    assert read_faults(tmp_path / "f.json") == (Fault("*", nth=7, reset=True, when="after", latency_seconds=1),)


BAD_SCRIPTS = {
    "no list": ("{}", "a fault script is a list of objects"),
    "no JSON": ("[", "f.json: "),
    "no operation": ('[{"nth": 1}]', "fault 1: needs `operation`"),
    "unknown operation": (
        '[{"operation": "UpdateAlais", "status": 500}]',
        "fault 1: Lambda has no operation UpdateAlais",
    ),
    "unknown member": ('[{"operation": "*", "stauts": 500}]', "fault 1: stauts is not known; known are operation, nth"),
    "wrong kind": ('[{"operation": "*", "nth": "3", "status": 500}]', "fault 1: `nth` must be int, not '3'"),
    "true as a number": ('[{"operation": "*", "nth": true, "status": 500}]', "fault 1: `nth` must be int"),
    "negative": ('[{"operation": "*", "nth": -1, "status": 500}]', "must not be negative"),
    "bad when": ('[{"operation": "*", "status": 500, "when": "later"}]', "`when` must be before or after"),
    "nth and first": ('[{"operation": "*", "status": 500, "nth": 1, "first": 2}]', "exclude each other"),
    "nothing to do": ('[{"operation": "*", "nth": 1}]', "does nothing"),
    "a status of success": ('[{"operation": "*", "status": 200}]', "fault 1: `status` must be an error's, 400 to 599"),
    "what cannot fail": ('[{"operation": "GetFunction", "fails": "x"}]', "`fails` is for CreateFunction"),
    "the second of two": ('[{"operation": "*", "status": 500}, 7]', "fault 2: needs `operation`"),
}


@pytest.mark.parametrize(("text", "message"), BAD_SCRIPTS.values(), ids=BAD_SCRIPTS)
def test_a_bad_script_is_told_by_entry(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(BadFaults) as caught:
        read_faults(tmp_path / "f.json")
    assert message in str(caught.value)
    assert str(tmp_path / "f.json") in str(caught.value)


def test_all_complaints_are_told_at_once() -> None:
    with pytest.raises(BadFaults) as caught:
        parse_faults([{"operation": "Nope", "status": 500}, {"operation": "*"}], "here")
    assert str(caught.value).count("here: fault ") == 2


# --- throttling ----------------------------------------------------------------------------------------------------


def taken(throttle: Throttle, operation: str, now: float, region: str = REGION) -> int:
    """How many requests of one moment get through."""
    for number in range(1000):
        try:
            throttle.take(ACCOUNT, region, operation, now)
        except Refused as refused_:
            assert (refused_.code, refused_.status) == ("TooManyRequestsException", 429)
            assert refused_.headers["Retry-After"] == "1"
            return number
    return 1000


@pytest.mark.parametrize(
    ("operation", "rate"), [("GetFunction", 100), ("GetPolicy", 15), ("ListFunctions", 15), ("Invoke", 1000)]
)
def test_a_bucket_holds_a_seconds_worth_and_fills_again(operation: str, rate: int) -> None:
    throttle = Throttle()
    assert taken(throttle, operation, 0.0) == rate
    if operation != "Invoke":
        assert taken(throttle, operation, 0.0) == 0
        assert taken(throttle, operation, 1.0) == rate
        assert taken(throttle, operation, 1.5) == rate // 2
        assert taken(throttle, operation, 100.0) == rate


def test_all_other_operations_share_one_bucket_and_getfunction_has_its_own() -> None:
    throttle = Throttle()
    assert taken(throttle, "UpdateAlias", 0.0) == 15
    assert taken(throttle, "GetFunctionConfiguration", 0.0) == 0
    assert taken(throttle, "GetFunction", 0.0) == 100
    assert taken(throttle, "GetPolicy", 0.0) == 15


def test_regions_have_buckets_of_their_own() -> None:
    throttle = Throttle()
    assert taken(throttle, "ListFunctions", 0.0) == 15
    assert taken(throttle, "ListFunctions", 0.0, "eu-west-1") == 15


def test_a_throttled_sandbox_answers_429(aws: Aws) -> None:
    clock = Clock()
    with Sandbox(throttle=True, clock=clock) as sandbox:
        client = sandbox.clients.get("lambda", ACCOUNT, REGION)
        for _ in range(15):
            client.list_functions()
        with refused("TooManyRequestsException", "Rate exceeded", 429):
            client.list_functions()
        clock.move(0.1)
        client.list_functions()


# --- the log -------------------------------------------------------------------------------------------------------


def test_the_log_knows_what_was_asked_and_answered_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with Sandbox(settle_seconds=0, log_path=path, clock=Clock()) as sandbox:
        client = sandbox.clients.get("lambda", ACCOUNT, REGION)
        with refused("InvalidParameterValueException"):
            client.create_function(
                FunctionName="a", Role=f"{ROLE}-nowhere", Runtime="python3.13", Handler="a.b", Code={"ZipFile": zipped()},
                Environment={"Variables": {"PASSWORD": "hush-hush"}},
            )  # fmt: skip
        client.list_functions()
        created, listed = sandbox.requests
        assert sandbox.writes == [created]
    assert (created.operation, created.status, created.code) == (
        "CreateFunction",
        400,
        "InvalidParameterValueException",
    )
    assert created.params["Environment"]["Variables"] == {"PASSWORD": "(sensitive)"}
    assert created.params["Code"]["ZipFile"] == f"({len(zipped())} bytes)"
    assert (created.account, created.region, created.at) == (ACCOUNT, REGION, Clock().now)
    assert (listed.status, listed.code, listed.is_write) == (200, "", False)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["operation"] for line in lines] == ["CreateFunction", "ListFunctions"]
    assert set(lines[0]) == {"operation", "account", "region", "params", "at", "status", "code"}
    assert "hush-hush" not in path.read_text()


def test_the_log_counts_an_invocations_bytes_and_keeps_none(aws: Aws) -> None:
    with refused("ResourceNotFoundException"):
        aws.client.invoke(FunctionName="nowhere", Payload=b'{"hush": 1}')
    assert aws.sandbox.requests[-1].params["Payload"] == "(11 bytes)"
    assert not aws.sandbox.requests[-1].is_write
