"""Daily questions: what a function logs, what it answers, what was done to it, and where the console shows it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.aws.client import Aws
from reconciler.core.model import Target
from reconciler.report.answers import SCHEMAS
from reconciler.report.console import console_address
from reconciler.report.formats.json import document_json, streamed
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.snapshot.log_events import LATE_MS, Line, Tail, Wanted, is_wanted
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
GROUP = "/aws/lambda/checkout"


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("daily", "looking"):
        monkeypatch.setattr(f"reconciler.cli.{module}.is_terminal", lambda: True)


@pytest.fixture
def applied(house: House) -> House:
    house.write(
        "checkout.yaml", function_spec(extra=LIVE, configuration="Environment: {Variables: {TOKEN: sentinel-value}}")
    )
    house.apply()
    return house


def invoke(house: House, qualifier: str = "$LATEST", function: str = "checkout", **event: Any) -> None:
    house.lambda_.invoke(FunctionName=function, Qualifier=qualifier, Payload=json.dumps(event).encode())


def logs_of(house: House) -> Any:
    return house.sandbox.clients.get("logs", ACCOUNT, REGION)


def put(house: House, message: str, *, seconds_ago: float = 0.0, stream: str = "somebody") -> None:
    logs = logs_of(house)
    if not logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    line = {"timestamp": int((time.time() - seconds_ago) * 1000), "message": message}
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=[line])


# --- logs ------------------------------------------------------------------------------------------------------------


def test_logs_are_the_lines_of_all_versions_by_time_or_of_those_of_an_alias(applied: House) -> None:
    invoke(applied, "$LATEST", order=1)
    invoke(applied, "live", order=2)
    found = applied.run("logs", "checkout")
    assert found.exit_code == 0, found.err
    lines = found.out.splitlines()
    assert [re.sub(r"^\S+Z", "AT", line).split(" RequestId")[0] for line in lines] == [
        "AT [$LATEST] START", "AT [$LATEST] called with {'order': 1}", "AT [$LATEST] END", "AT [$LATEST] REPORT",
        "AT [1] START", "AT [1] called with {'order': 2}", "AT [1] END", "AT [1] REPORT",
    ]  # fmt: skip
    for name in ("live", "1"):
        assert applied.run("logs", f"test/{REGION}/checkout", "--alias", name).out.splitlines() == lines[4:]
    assert applied.run("logs", "checkout", "--filter", '"called with"').out.splitlines() == [lines[1], lines[5]]
    document = applied.run("logs", "checkout", "--alias", "live", "--format", "json").json()
    assert (document["kind"], document["address"], document["log_group"]) == ("logs", "test/us-west-2/checkout", GROUP)
    assert [event["version"] for event in document["events"]] == ["1"] * 4


def test_logs_go_as_far_back_as_is_asked(applied: House) -> None:
    invoke(applied)
    for minutes in (5, 50, 500):
        put(applied, f"{minutes} minutes", seconds_ago=60 * minutes)
    said = {since: applied.run("logs", "checkout", "--since", since).out for since in ("10m", "1h", "1d", "1s")}
    assert {since: re.findall(r"\d+ minutes", out) for since, out in said.items()} == {
        "10m": ["5 minutes"], "1h": ["50 minutes", "5 minutes"], "1d": ["500 minutes", "50 minutes", "5 minutes"], "1s": [],
    }  # fmt: skip
    assert applied.run("logs", "checkout", "--since", "2099-01-01").err.startswith(f"Nothing in {GROUP} since 2099-01")


def test_a_group_of_several_functions_is_read_for_one(house: House) -> None:
    shared = "LoggingConfig: {LogGroup: /shop}"
    for name in ("checkout", "till"):
        house.write(f"{name}.yaml", function_spec(name, configuration=shared))
    house.apply()
    invoke(house, order=1)
    invoke(house, function="till", order=2)
    out = house.run("logs", "till").out
    assert "{'order': 2}" in out
    assert "{'order': 1}" not in out


def test_a_group_that_is_not_there_yet_is_told_with_what_makes_it(applied: House) -> None:
    result = applied.run("logs", "checkout", "--format", "json")
    assert result.exit_code == 26
    assert f"there is no log group {GROUP}; Lambda makes it when the function is first invoked" in result.err
    assert result.json()["kind"] == "error"


def test_what_a_function_has_in_its_environment_is_not_shown_and_controls_are_inert(applied: House) -> None:
    invoke(applied)
    stream = "2026/01/01/[1]" + "0" * 32
    put(applied, "it is sentinel-value \x1b[31m\u202e\n::error::x\n  second", stream=stream)
    for form in ("text", "json"):
        out = applied.run("logs", "checkout", "--format", form).out
        assert "sentinel-value" not in out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "(sensitive)" in out
    assert "\n::error" not in applied.run("logs", "checkout").out


def test_a_function_that_is_gone_still_has_its_logs(applied: House) -> None:
    invoke(applied, order=1)
    applied.lambda_.delete_function(FunctionName="checkout")
    assert "{'order': 1}" in applied.run("logs", "checkout").out


def test_an_alias_that_is_not_there_is_told(applied: House) -> None:
    result = applied.run("logs", "checkout", "--alias", "liev")
    assert result.exit_code == 26
    assert "test/us-west-2/checkout has no alias liev; did you mean live?" in result.err


def test_as_json_lines_are_shown_as_they_come_in_one_document(applied: House, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[str] = []
    monkeypatch.setattr("reconciler.cli.looking.show", held.append)
    about, lines = {"kind": "logs"}, iter([{"id": "1"}, {"id": "2\u2028\n"}])
    shown = iter(streamed(about, "events", lines))
    assert [next(shown), next(shown)] == ['{\n  "kind": "logs",\n  "events": [', '\n    {\n      "id": "1"\n    }']
    assert next(lines)["id"] == "2\u2028\n"
    invoke(applied)
    assert applied.run("logs", "checkout", "--format", "json").exit_code == 0
    assert len(held) > 4
    assert "".join(held) == document_json(json.loads("".join(held)))


def test_of_no_line_there_is_a_document_too() -> None:
    assert "".join(streamed({"kind": "logs"}, "events", ())) == document_json({"kind": "logs", "events": []})


def test_what_ends_the_lines_early_stands_in_the_document(applied: House) -> None:
    invoke(applied)
    logs = logs_of(applied)
    stream = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]["logStreamName"]
    for start in range(0, 12_000, 6000):
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": str(start + number)} for number in range(6000)]
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)
    applied.sandbox.gate.script = Script([Fault("FilterLogEvents", nth=2, code="AccessDeniedException", status=403)])
    result = applied.run("logs", "checkout", "--format", "json")
    document = result.json()
    Draft202012Validator(SCHEMAS["logs"]).validate(document)
    assert (result.exit_code, len(document["events"]) >= 10_000) == (26, True)
    assert "logs:FilterLogEvents" in document["problem"]
    assert f"error: {document['problem']}" in result.err


def test_following_shows_each_line_once_also_one_that_comes_late_and_ctrl_c_is_its_end(
    applied: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke(applied, order=1)
    waits: list[Callable[[], None]] = [
        lambda: invoke(applied, order=2),
        lambda: put(applied, "late", seconds_ago=20),
        lambda: put(applied, "new"),
    ]

    def pause(_self: Aws, _seconds: float) -> None:
        if not waits:
            raise KeyboardInterrupt
        waits.pop(0)()

    monkeypatch.setattr(Aws, "pause", pause)
    result = applied.run("logs", "checkout", "--follow")
    assert (result.exit_code, result.err) == (0, "")
    told = [line.split("] ")[-1].split("Z ")[-1] for line in result.out.splitlines()]
    assert [line for line in told if "RequestId" not in line] == [
        "called with {'order': 1}", "called with {'order': 2}", "late", "new"
    ]  # fmt: skip
    assert len(told) == len(set(result.out.splitlines())) == 2 * 3 + 4


def test_following_ends_when_nobody_reads(applied: House, monkeypatch: pytest.MonkeyPatch) -> None:
    invoke(applied)
    monkeypatch.setattr("reconciler.commands.logs.is_read", lambda: False)
    assert applied.run("logs", "checkout", "--follow").exit_code == 0


def line(name: str, at_ms: int) -> Line:
    return Line(name, at_ms, "s", "", name)


def test_a_tail_looks_back_as_far_as_lines_may_be_late_and_remembers_no_more() -> None:
    tail = Tail(0)
    found = [line(str(number), number * 10_000) for number in range(20)]
    assert list(tail.fresh(found, 10**9)) == found
    assert tail.since_ms == 190_000 - LATE_MS
    again = [one for one in found if one.at_ms >= tail.since_ms]
    assert list(tail.fresh([*again, line("late", 150_000)], 10**9)) == [line("late", 150_000)]
    assert list(tail.fresh([*again, line("late", 150_000)], 10**9)) == []
    assert len(tail._seen) == len(again) + 1


def test_a_line_from_the_future_does_not_hide_those_of_now() -> None:
    tail = Tail(0)
    list(tail.fresh([line("future", 10**9)], 500_000))
    assert tail.since_ms == 500_000 - LATE_MS
    assert list(tail.fresh([line("future", 10**9), line("now", 500_001)], 500_002)) == [line("now", 500_001)]


@pytest.mark.parametrize(
    ("versions", "version", "function", "is_one"),
    [
        ((), "7", "", True),
        ((), "", "", True),
        ((), "7", "till", False),
        (("7",), "7", "checkout", True),
        (("7",), "8", "", False),
        (("7",), "", "", False),
    ],
)
def test_whose_a_line_is(versions: tuple[str, ...], version: str, function: str, is_one: bool) -> None:
    wanted = Wanted(Target("test", REGION, "checkout"), GROUP, frozenset(versions))
    assert is_wanted(wanted, version, function) is is_one


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("logs", "chekout"), "did you mean checkout?"),
        (("logs", "checkout", "--since", "soon"), "'soon' is no moment"),
        (("logs", "checkout", "--since", "99999999d"), "is no moment"),
        (("logs", "checkout", "--follow", "--format", "json"), "--follow has no end"),
        (("logs", " "), "it is empty"),
        (("open", "chekout"), "did you mean checkout?"),
        (("open", "other/us-west-2/checkout"), "did you mean test/us-west-2/checkout?"),
        (("tasks", "--newest", "0"), "--newest"),
        (("tasks", "--since", "soon"), "'soon' is no moment"),
    ],
)
def test_a_mistake_of_the_command_line_is_told(applied: House, arguments: tuple[str, ...], words: str) -> None:
    result = applied.run(*arguments)
    assert result.exit_code == 2
    assert words in result.err
    if "json" in arguments:
        assert words in result.json()["messages"][0]
    else:
        assert result.out == ""


# --- open ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "qualifier", "address"),
    [
        ("us-west-2", "", "https://us-west-2.console.aws.amazon.com/lambda/home?region=us-west-2#/functions/f"),
        ("us-west-2", "$LATEST", "https://us-west-2.console.aws.amazon.com/lambda/home?region=us-west-2#/functions/f"),
        ("eu-west-1", "7", "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/f/versions/7"),
        ("cn-north-1", "live", "https://cn-north-1.console.amazonaws.cn/lambda/home?region=cn-north-1#/functions/f/aliases/live"),
        ("us-gov-west-1", "", "https://console.amazonaws-us-gov.com/lambda/home?region=us-gov-west-1#/functions/f"),
        ("us-iso-east-1", "", ""),
    ],
)  # fmt: skip
def test_a_function_has_its_page_in_the_console_of_its_partition(region: str, qualifier: str, address: str) -> None:
    assert console_address(region, "f", qualifier) == address


def test_what_stands_in_an_address_cannot_change_where_it_leads() -> None:
    shown = console_address("us-west-2", "a/../b?x", "l#i")
    assert shown.endswith("#/functions/a%2F..%2Fb%3Fx/aliases/l%23i")


def test_open_prints_the_address_and_opens_it_on_a_terminal(applied: House, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)
    applied.sandbox.requests.clear()
    shown = applied.run("open", "checkout", "--alias", "live")
    assert (shown.exit_code, opened) == (0, [])
    assert shown.out == f"{console_address(REGION, 'checkout', 'live')}\n"
    on_a_terminal(monkeypatch)
    assert applied.run("open", "checkout", "--alias", "live", "--print").out == shown.out
    assert opened == []
    assert applied.run("open", "checkout", "--alias", "live").out == shown.out
    assert opened == [shown.out.strip()]
    assert applied.sandbox.requests == []


# --- invoke and functions ----------------------------------------------------------------------------------------------


def test_on_a_terminal_an_answer_is_its_status_payload_and_log_once(
    applied: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_terminal(monkeypatch)
    short = applied.run("invoke", "checkout", "--alias", "live", "--payload", '{"order": 7}')
    assert short.exit_code == 0, short.err
    verdict, payload, *log = short.out.splitlines()
    assert verdict == "Status 200 from version 1"
    assert json.loads(payload)["event"] == {"order": 7}
    assert [entry.split()[0] for entry in log] == ["START", "called", "END", "REPORT"]
    assert "\\u0009" not in short.out + applied.run("logs", "checkout").out
    full = applied.run("invoke", "checkout", "--alias", "live", "--full").json()
    assert {"sdkHttpMetadata", "sdkResponseMetadata"} <= set(full)
    assert set(full) == set(applied.run("invoke", "checkout", "--format", "json").json())


def test_a_function_is_invoked_by_its_address(house: House) -> None:
    two = "regions: [us-west-2, eu-west-1]"
    house.write("reconcile.yaml", CONFIG.replace("regions: [us-west-2]", two), stock=False)
    house.write("one.yaml", function_spec("one").replace("region: us-west-2", two))
    house.apply()
    assert house.run("invoke", "eu-west-1/one").json()["statusCode"] == 200
    assert house.newest_report()["tasks"][0]["target"] == "test/eu-west-1/one"
    assert "one may be test/eu-west-1/one, test/us-west-2/one" in house.run("invoke", "test/*/one").err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["chekout"], "test/us-west-2/chekout does not exist in AWS; did you mean checkout?"),
        (["test/us-west-2/chekout"], "test/us-west-2/chekout does not exist in AWS; did you mean checkout?"),
        (["zzz"], "test/us-west-2/zzz does not exist in AWS; there are checkout, till"),
        (["till"], "test/us-west-2/till does not exist in AWS; `reconcile plan` tells what would make it"),
        (["checkout", "--alias", "lvie"], "test/us-west-2/checkout has no alias lvie; did you mean live?"),
        (["checkout", "--alias", "zzz"], "test/us-west-2/checkout has no alias zzz; it has live"),
        (["checkout", "--alias", "7"], "has no version 7; `reconcile versions test/us-west-2/checkout` lists those"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_invoked_and_told_with_what_may_be_meant(
    applied: House, words: list[str], text: str
) -> None:
    applied.write("till.yaml", function_spec("till"))
    result = applied.run("invoke", *words)
    assert result.exit_code == 26
    assert text in result.err
    assert "Invoke" not in [request.operation for request in applied.sandbox.requests]
    assert "ResourceNotFoundException" not in result.out + result.err
    error = applied.run("invoke", *words, "--format", "json")
    assert (error.exit_code, error.json()["kind"]) == (26, "error")


def test_an_invocation_that_aws_refuses_is_told_in_every_format(applied: House) -> None:
    for form in ("text", "json"):
        denied = Fault("Invoke", nth=1, code="AccessDeniedException", status=403)
        applied.sandbox.gate.script = Script([denied])
        result = applied.run("invoke", "checkout", "--format", form)
        assert result.exit_code == 25
        assert "AccessDenied" in result.err
    assert result.json()["type"] == "EXCEPTION"


def test_functions_are_a_table_on_a_terminal(applied: House, monkeypatch: pytest.MonkeyPatch) -> None:
    document = applied.run("functions").json()
    on_a_terminal(monkeypatch)
    assert applied.run("functions").out.split()[:3] == ["test/us-west-2/checkout", "python3.13", "128"]
    assert applied.run("functions", "--format", "json").json() == document


def test_a_name_that_no_function_has_is_told_beside_an_empty_list(applied: House) -> None:
    for words in (["chekout"], ["test/*/chekout"], ["--function", "chekout"]):
        result = applied.run("functions", *words)
        assert (result.json(), result.exit_code) == ([], 0)
        assert "AWS has no function" in result.err
        assert re.search(r"did you mean (test/us-west-2/)?checkout\?", result.err)
    both = applied.run("functions", "checkout", "zzz")
    assert len(both.json()) == 1
    assert "AWS has no function zzz; there are checkout" in both.err
    assert applied.run("functions", "checkout").err == ""


# --- tasks -------------------------------------------------------------------------------------------------------------


def test_tasks_of_a_layer_are_found_by_its_name_and_its_address(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.write(
        "layer.yaml", "layer: shared\naccount: test\nregion: us-west-2\ncode: {S3Bucket: artifacts, S3Key: v1.zip}\n"
    )
    house.apply()
    for word in ("layer/shared", "layer/*", "us-west-2/layer/shared", "test/us-west-2/layer/shared"):
        (entry,) = house.run("tasks", "--function", word).out.splitlines()
        assert "test/us-west-2/layer/shared  PublishLayerVersion" in entry
    assert "No tasks." in house.run("tasks", "--function", "shared").out


def test_tasks_tell_when_how_long_and_in_which_run_and_can_be_chosen_among(applied: House) -> None:
    applied.write("till.yaml", function_spec("till"))
    applied.apply()
    applied.run("invoke", "checkout")
    applied.sandbox.gate.script = Script([Fault("Invoke", nth=1, code="AccessDeniedException", status=403)])
    applied.run("invoke", "till")
    run = applied.newest_report()["run"]["id"]

    def told(*flags: str) -> list[tuple[str, str]]:
        lines = [re.split("  +", entry) for entry in applied.run("tasks", *flags).out.splitlines()]
        return [(cells[5].rpartition("/")[2], cells[1]) for cells in lines]

    whole = [("till", "failed"), ("checkout", "completed"), ("till", "completed"), ("checkout", "completed")]
    assert told() == whole
    assert told("--newest", "2") == whole[:2]
    assert told("--function", "check*") == [whole[1], whole[3]]
    assert told("--function", "test/*/till", "--failed") == [whole[0]]
    assert told("--since", "1h") == whole
    unknown = applied.run("tasks", "--function", "chekout")
    assert (unknown.out, unknown.exit_code) == ("No tasks.\n", 0)
    assert "no task is of chekout; did you mean checkout?" in unknown.err
    assert "no task" not in applied.run("tasks", "--function", "checkout", "--failed").err
    assert applied.run("tasks", "--since", "2099-01-01").out == "No tasks.\n"
    newest = applied.run("tasks", "--newest", "1").out
    assert re.fullmatch(
        rf"[0-9a-f-]{{36}}  failed +\d{{4}}-\d\d-\d\dT[\d:.]+Z  \d+\.\d\d s  run {run}  test/us-west-2/till  Invoke \(failed\)\n", newest
    )  # fmt: skip
    as_json = applied.run("tasks", "--newest", "2", "--format", "json").json()
    assert [task["target"].rpartition("/")[2] for task in as_json] == ["checkout", "till"]
