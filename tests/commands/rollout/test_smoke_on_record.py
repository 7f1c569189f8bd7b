"""What smoke events were answered: judged on record, shown to nobody who does not ask, and kept nowhere."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.report.rollout_schemas import ROLLOUT, ROLLOUTS
from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import House, Result
from tests.rollout.rolled import LIVE, applies, event, lives, marker, releases, says, traffic

STEPS = "{steps: [{weight: 0.05, bake: 10m}], smoke: [{event: events/order.json, expect: {/statusCode: 200}}]}"
AT_ONCE = STEPS.replace("[{weight: 0.05, bake: 10m}]", "all-at-once")
FAILS = "def lambda_handler(event, context):\n    return {'statusCode': 500}\n"
REASON = "smoke events/order.json: /statusCode is not 200"
ECHOES = """
import os
def lambda_handler(event, context):
    return {'statusCode': 500, 'token': os.environ['TOKEN'], 'stage': os.environ['STAGE'], 'line': '\\x1b[31m\\n::error::', 'long': 'x' * 5000}
"""
SECRETS = 'Environment: {Variables: {TOKEN: "correct horse battery", STAGE: "qa"}}'


def records(house: House) -> list[dict[str, Any]]:
    """Those of the alias, oldest first."""
    folder = house.root / "reports" / "rollouts" / "test" / "us-west-2" / "checkout" / "live"
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    for one in found:
        Draft202012Validator(ROLLOUT).validate(one)
    return found


def judged(outcome: str, *failed: str) -> dict[str, Any]:
    digest = sha256(b"{}").hexdigest()
    return {"event": "events/order.json", "sha256": digest, "outcome": outcome, "failed": list(failed)}


def timeless(smoke: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "milliseconds"} for one in smoke]


def lives_and_releases(house: House, rollout: str = STEPS, text: str = "", **said: Any) -> None:
    event(house)
    lives(house, rollout=rollout, **said)
    releases(house, "two", text=text)


@pytest.mark.parametrize("rollout", [STEPS, AT_ONCE], ids=["in steps", "at once"])
def test_an_apply_begins_the_record_with_what_its_smoke_events_came_to(house: House, rollout: str) -> None:
    lives_and_releases(house, rollout)
    applies(house)
    (record,) = records(house)
    assert timeless(record["smoke"]) == [judged("passed")]
    assert (record["stable"], record["candidate"]) == ("1", "2")
    is_over = rollout == AT_ONCE
    assert (record["status"], bool(record["ended"])) == (("done", True) if is_over else ("shifting", False))
    (tick,) = record["ticks"]
    assert (tick["did"], tick["by"], tick["weight"]) == ("start", "apply", None if is_over else 0.05)
    assert tick["request_id"]
    assert house.run("rollout", "advance").exit_code == 0
    assert len(records(house)) == 1, "the ticks go on in the same one"


@pytest.mark.parametrize("rollout", [STEPS, AT_ONCE], ids=["in steps", "at once"])
def test_who_does_not_pass_is_on_record_by_apply_and_by_retry(house: House, rollout: str) -> None:
    lives_and_releases(house, rollout, FAILS)
    assert house.run("apply", "--yes").exit_code == 27
    (record,) = records(house)
    assert timeless(record["smoke"]) == [judged("failed", "/statusCode is not 200")]
    assert (record["status"], record["reason"], record["candidate"]) == ("rejected", REASON, "2")
    assert record["ended"] == record["begun"]
    house.sandbox.requests.clear()
    again = house.run("rollout", "retry", "checkout/live", "--format", "json", "--report-dir", "again")
    assert again.exit_code == 27, again.err
    Draft202012Validator(ROLLOUTS).validate(again.json())
    (one,) = again.json()["rollouts"]
    assert (one["did"], one["status"], one["version"], one["reason"]) == ("reject", "rejected", "1", REASON)
    assert "Invoke" in [request.operation for request in house.sandbox.requests]
    (kept,) = (house.root / "again" / "rollouts").rglob("*.json")
    assert json.loads(kept.read_text())["status"] == "rejected"
    assert traffic(house) == ("1", {})


def test_a_rejection_that_could_not_be_written_on_the_alias_is_on_record_all_the_same(house: House) -> None:
    lives_and_releases(house, text=FAILS)
    house.sandbox.gate.script = Script([Fault("UpdateAlias", nth=1, code="AccessDeniedException", status=403)])
    assert house.run("apply", "--yes").exit_code == 25
    assert marker(house) is None
    assert [record["status"] for record in records(house)] == ["rejected"]


def test_what_git_ends_is_over_in_its_record_too(house: House) -> None:
    lives_and_releases(house)
    applies(house)
    says(house, rollout=STEPS, version="1")
    applies(house)
    assert [record["status"] for record in records(house)] == ["superseded"]


def test_what_git_lets_go_at_once_is_done(house: House) -> None:
    lives_and_releases(house)
    applies(house)
    says(house, rollout="")
    applies(house)
    assert [(record["status"], record["candidate"]) for record in records(house)] == [("done", "2")]


def everything(house: House, result: Result) -> str:
    kept = [path.read_text() for path in (house.root / "reports").rglob("*.json*")]
    return "".join([result.out, result.err, *kept])


def test_an_answer_is_shown_to_who_asks_and_kept_nowhere(house: House) -> None:
    lives_and_releases(house, text=ECHOES, configuration=SECRETS)
    silent = house.run("apply", "--yes")
    assert silent.exit_code == 27
    for word in ("horse", "xxxx", "'token'", '"token"'):
        assert word not in everything(house, silent)
    for words in (("rollout", "retry", "checkout/live"), ("rollout", "retry", "checkout/live", "--format", "json")):
        asked = house.run(*words, "--show-payloads")
        assert asked.exit_code == 27, asked.err
        (line,) = (line for line in asked.err.splitlines() if "was answered" in line)
        assert line.startswith(f'{LIVE}: events/order.json was answered {{"statusCode": 500, "token": "(sensitive)"')
        assert '"stage": "(sensitive)"' in line, "however short a value of the environment is"
        assert len(line) < 1100
        assert not {"\x1b", "\x07"} & {*(asked.out + asked.err)}
        assert "horse" not in everything(house, asked)
        assert "xxxx" not in asked.out
    assert "xxxx" not in everything(house, silent), "what was shown is in no record"


def test_an_apply_shows_them_where_that_is_asked_for(house: House) -> None:
    lives_and_releases(house)
    result = house.run("apply", "--yes", "--show-payloads", "--format", "json")
    assert result.exit_code == 0, result.err
    assert f'{LIVE}: events/order.json was answered {{"statusCode": 200, "release": "two"}}' in result.err
    assert "release" not in json.dumps(result.json()["tasks"])


def test_an_answer_of_which_nobody_knows_what_is_secret_is_not_shown(house: House) -> None:
    lives_and_releases(house, text=FAILS)
    house.run("apply", "--yes")
    house.sandbox.gate.script = Script([Fault("GetFunction", nth=2, code="AccessDeniedException", status=403)])
    result = house.run("rollout", "retry", "checkout/live", "--show-payloads")
    assert result.exit_code == 27, "what is shown changes nothing else"
    assert "was answered (not shown, for nobody can tell what in it is sensitive: " in result.err
    assert "500" not in result.err
