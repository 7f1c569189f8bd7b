"""`ci validate` of a fork's pull request: without credentials it shows what the change would do to what AWS held lately."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.apply.houses import foreign
from tests.commands.ci.merging import Shop, shop_of
from tests.conftest import House, Result, function_spec
from tests.github.fake import Hub
from tests.github.fake.state import Run

REFERENCE = "Environment: {Variables: {TOKEN: \"{{ ssm('/shop/token') }}\"}}"


def timed(name: str, seconds: int, extra: str = "") -> str:
    return function_spec(name, configuration=f"Timeout: {seconds}", extra=extra)


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)})


def snapshot(shop: Shop, *, taken_at: str = "") -> str:
    """What `reconcile snapshot` says, at another time if one is wanted."""
    document = json.loads(shop.house.run("snapshot").out)
    return json.dumps(document | ({"taken_at": taken_at} if taken_at else {}))


def kept(shop: Shop, *, run: Run | None = None, name: str = "default", **facts: Any) -> None:
    """A snapshot as a run left it, by default one on main."""
    shop.hub.artifact(
        f"reconcile-snapshot-{name}", {"snapshot.json": snapshot(shop, **facts)}, run=run or shop.run_on_main()
    )


def validated(shop: Shop, number: int, *words: str, **variables: str) -> Result:
    """The one job that a fork's pull request has: no credentials, and a token that reads."""
    shop.hub.read_only()
    shop.git("checkout", "-q", f"topic-{number}")
    shop.house.sandbox.requests.clear()
    shop.hub.requests.clear()
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    result = shop.job("pull_request", shop.request_event(number), "validate", *words, **none, **variables)
    shop.git("checkout", "-q", "main")
    assert shop.house.sandbox.requests == []
    assert shop.hub.writes() == []
    return result


def commands(result: Result) -> list[str]:
    return [line for line in result.out.splitlines() if line.startswith("::")]


def test_a_forks_edit_is_planned_and_marked_with_the_age(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(shop, taken_at="2026-01-31T12:00:00.000Z")
    monkeypatch.setattr("reconciler.commands.wiring.now", lambda: "2026-01-31T17:30:00.000Z")
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    result = validated(shop, number)
    assert result.exit_code == 0, result.err
    age = "lanned against what AWS held 5 hours ago (2026-01-31T12:00:00.000Z), without asking AWS now"
    first, second = commands(result)
    assert first == f"::notice::p{age}"
    assert second == "::notice file=specs/one.yaml,line=8::configuration.Timeout: 3 → 9 in AWS (test/us-west-2/one)"
    assert "### 🟢 1 spec valid, 1 target" in shop.summary
    assert "> P" + age.replace("01-31T12:00:00.000Z", "01-31T12:00:00&#46;000Z") in shop.summary
    assert "### 🟡 1 function changes" in shop.summary
    assert "configuration.Timeout  3 → 9" in result.out


def test_a_forks_addition_is_new_and_what_exists_unread_is_refused_without_failing(shop: Shop) -> None:
    foreign(shop.house, "theirs")
    kept(shop)
    number = shop.opened({"new.yaml": function_spec("new"), "theirs.yaml": function_spec("theirs")}, is_fork=True)
    result = validated(shop, number)
    assert result.exit_code == 0, result.err
    assert "<b>new function</b>" in shop.summary
    assert "the snapshot was taken without this target, which exists" in shop.summary
    assert not any(line.startswith("::error") for line in commands(result))
    assert any(line.startswith("::warning file=specs/theirs.yaml,") for line in commands(result))


def test_a_reference_stays_not_looked_up(shop: Shop) -> None:
    kept(shop)
    number = shop.opened({"one.yaml": function_spec("one", configuration=f"Timeout: 3\n{REFERENCE}")}, is_fork=True)
    result = validated(shop, number)
    assert result.exit_code == 0, result.err
    assert "/shop/token" in shop.summary or "TOKEN" in shop.summary


def test_causes_are_told_by_the_base_and_drift_is_no_edit(shop: Shop) -> None:
    shop.house.lambda_.update_function_configuration(FunctionName="one", MemorySize=512)
    kept(shop)
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    assert validated(shop, number).exit_code == 0
    assert "**Drift**" in shop.summary


@pytest.mark.parametrize(
    "facts",
    [
        {"is_fork": True, "branch": "main"},  # a stranger's branch may have any name
        {"branch": "topic-9"},
    ],
)
def test_only_what_runs_on_the_default_branch_left_is_believed(shop: Shop, facts: dict[str, Any]) -> None:
    kept(shop, run=shop.hub.run(shop.head, **facts))
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    result = validated(shop, number)
    assert result.exit_code == 0
    assert commands(result) == []
    assert "no run on main has left a snapshot, so what this change would do is not told" in result.err


def test_the_default_branch_is_the_repositorys_whatever_the_base_is(shop: Shop) -> None:
    kept(shop)
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    event = shop.request_event(number)
    event["pull_request"]["base"]["ref"] = "release"
    event["repository"] = {"default_branch": "main"}
    shop.git("checkout", "-q", f"topic-{number}")
    assert shop.job("pull_request", event, "validate").exit_code == 0
    assert "### 🟡 1 function changes" in shop.summary


def test_another_workspace_has_a_snapshot_of_its_own(shop: Shop) -> None:
    kept(shop, name="other")
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    assert "has left a snapshot" in validated(shop, number).err
    assert "### 🟡 1 function changes" not in shop.summary
    validated(shop, number, "--name", "other")
    assert "### 🟡 1 function changes" in shop.summary


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no zip", "no zip that can be read"),
        ({"snapshot.json": "{"}, "is not JSON"),
        ({"snapshot.json": "{}"}, "is no document of reconcile"),
        ({"../snapshot.json": "{}", "plan.json": "{}"}, "has left a snapshot"),
    ],
)
def test_a_snapshot_that_cannot_be_read_fails_nothing_and_is_told(shop: Shop, content: Any, said: str) -> None:
    shop.hub.artifact("reconcile-snapshot-default", content, run=shop.run_on_main())
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    result = validated(shop, number)
    assert result.exit_code == 0
    assert said in result.err + "".join(commands(result))
    assert not (shop.house.root / "snapshot.json").exists()


def test_what_the_token_may_not_read_fails_nothing_and_is_told(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    shop.hub.without("actions")
    result = validated(shop, number)
    assert result.exit_code == 0
    assert "permissions: {actions: read}" in commands(result)[0]
    assert "### 🟢 1 spec valid" in shop.summary


def test_a_named_file_is_taken_and_nobody_is_asked(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    (shop.house.root / "job" / "live.json").write_text(snapshot(shop))
    shop.hub.requests.clear()
    result = validated(shop, number, "--snapshot", "job/live.json")
    assert result.exit_code == 0
    assert "### 🟡 1 function changes" in shop.summary
    assert shop.hub.requests == []
    missing = validated(shop, number, "--snapshot", "job/none.json")
    assert missing.exit_code == 0
    assert commands(missing)[0].startswith("::warning::what this change would do is not told: job/none.json")


def test_mistakes_come_before_any_plan(shop: Shop) -> None:
    kept(shop)
    number = shop.opened({"one.yaml": timed("one", 99999)}, is_fork=True)
    result = validated(shop, number)
    assert result.exit_code == 20
    assert len(commands(result)) == 1


def test_in_a_shallow_clone_it_is_planned_without_causes(shop: Shop) -> None:
    kept(shop)
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    event = shop.request_event(number)
    event["pull_request"]["base"]["sha"] = "d" * 40
    shop.git("checkout", "-q", f"topic-{number}")
    result = shop.job("pull_request", event, "validate")
    assert result.exit_code == 0
    assert "causes are not told" in result.err
    assert "### 🟡 1 function changes" in shop.summary


def test_outside_actions_it_validates_and_plans_against_a_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.house.root / "job" / "live.json").write_text(snapshot(shop))
    result = shop.house.run("ci", "validate", "--snapshot", "job/live.json")
    assert result.exit_code == 0
    assert "would annotate: notice::planned against what AWS held just now" in result.err
