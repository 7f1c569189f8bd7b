"""Freezes, over HTTP: what an apply is kept from, what it does all the same, who breaks one, and what is on record of that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.report.answers import SCHEMAS as ANSWERS
from reconciler.report.journal import read_json
from reconciler.report.schemas import SCHEMAS
from tests.apply.test_layers import layer
from tests.apply.test_many_places import CONFIG as PLACES
from tests.apply.test_many_places import OTHER
from tests.apply.test_retention import NEWEST, numbers, says, with_versions
from tests.commands.test_versions import commit
from tests.conftest import CONFIG, REGION, House, function_spec, opened
from tests.spec.test_hostile_git import git

BREAKING = ("--break-freeze", "christmas", "--because", "the till is down")
HOSTILE = "over\x1b[2J\u202e\n::error::it"


def freeze(more: str = "", *, name: str = "christmas", days: int = 1) -> str:
    """One that holds since some days, and for as many."""
    now = datetime.now(UTC)
    begins, ends = (f"{now + timedelta(days=number):%Y-%m-%dT%H:%M}" for number in (-days, days))
    return f"freezes:\n  - {{name: {name}, from: {begins}, to: {ends}, timezone: UTC{more}}}\n"


def writes(house: House, seconds: int, name: str = "checkout", key: str = "v1.zip") -> None:
    house.write(f"{name}.yaml", function_spec(name, key, configuration=f"Timeout: {seconds}"))


@pytest.fixture
def changed(house: House) -> House:
    """Two functions that live, and an edit of each."""
    for seconds in (3, 9):
        for name in ("checkout", "orders"):
            writes(house, seconds, name)
        if seconds == 3:
            house.apply()
    house.writes()
    return house


def frozen(house: House, more: str = "", **others: Any) -> House:
    house.write("reconcile.yaml", CONFIG + freeze(more, **others), stock=False)
    return house


def timeout(house: House, name: str = "checkout") -> int:
    return int(house.lambda_.get_function_configuration(FunctionName=name)["Timeout"])


def rules(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(note["rule"], note["severity"], note["address"]) for note in plan["diagnostics"] if "until" in note]


def test_scenario_16_drift_is_allowed_an_edit_is_refused_and_another_account_is_applied(house: House) -> None:
    """Of what was last applied a record tells, from a clean commit: else nobody knows what is drift."""
    house.write("reconcile.yaml", PLACES + freeze(", accounts: [staging], allow: [drift]"), stock=False)
    (house.root / ".gitignore").write_text("reports\n")

    def spec(name: str, seconds: int, account: str = "staging") -> None:
        text = function_spec(name, configuration=f"Timeout: {seconds}").replace("account: test", f"account: {account}")
        house.write(f"{name}.yaml", text.replace("123456789012", "{{ account.id }}"))

    for name, account in (("moved", "staging"), ("edited", "staging"), ("elsewhere", "prod")):
        spec(name, 3, account)
    git(house.root, "init", "-q", "-b", "main")
    commit(house, "three functions")
    there = house.apply(*BREAKING)
    assert there["outcome"]["status"] == "succeeded"
    house.lambda_.update_function_configuration(FunctionName="moved", Timeout=30)
    spec("edited", 9)
    spec("elsewhere", 9, "prod")
    commit(house, "two edits")
    house.writes()

    plan = house.plan()
    assert rules(plan) == [("W257", "warning", "staging/us-west-2/edited")]
    report = house.apply()
    assert report["outcome"] == {"status": "partial", "exit_code": 21}
    refused = {task["target"] for task in report["tasks"] if task["status"]["failed"]}
    assert refused == {"staging/us-west-2/edited"}
    assert (timeout(house, "moved"), timeout(house, "edited")) == (3, 3)
    other = house.sandbox.clients.get("lambda", OTHER, REGION)
    assert other.get_function_configuration(FunctionName="elsewhere")["Timeout"] == 9
    assert house.run("plan", "--detailed-exitcode").exit_code == 10


def test_what_only_goes_back_to_git_is_not_known_without_a_record(changed: House) -> None:
    """An edit that nobody has carried out yet would pass as drift."""
    git(changed.root, "init", "-q", "-b", "main")
    commit(changed, "all there is")
    result = frozen(changed, ", allow: [drift]").run("apply", "--yes")
    assert result.exit_code == 21
    assert "no record tells what was last applied to it" in result.out
    assert changed.writes() == []


def test_scenario_17_a_freeze_is_broken_by_name_and_the_record_keeps_why(changed: House) -> None:
    frozen(changed, ", functions: [check*]")
    held = changed.run("apply", "--yes")
    assert held.exit_code == 21
    assert "apply again then, or with --break-freeze christmas --because TEXT (R351)" in held.out
    assert (timeout(changed), timeout(changed, "orders")) == (3, 9)

    done = changed.run("apply", "--yes", *BREAKING)
    assert (done.exit_code, timeout(changed)) == (0, 9)
    assert "note: test/us-west-2/checkout: freeze christmas broken: the till is down" in done.out
    assert "Broke freeze christmas: the till is down" in done.out
    report = changed.newest_report()
    Draft202012Validator(SCHEMAS["report"]).validate(report)
    assert report["run"]["broken"] == {"freezes": ["christmas"], "because": "the till is down"}
    (task,) = report["tasks"]
    assert {"phase": "ORCHESTRATION", "status": "freeze christmas broken: the till is down"} in task["history"]
    assert "freeze christmas broken: the till is down" in changed.run("tasks", task["id"]).out
    assert changed.run("plan", "--detailed-exitcode").exit_code == 0
    assert changed.apply(*BREAKING)["run"].get("broken") is None  # there was nothing to break it for


def test_a_run_that_is_killed_leaves_why_it_broke_a_freeze(changed: House) -> None:
    frozen(changed)
    changed.apply(*BREAKING)
    (changed.root / "reports").joinpath(max(path.name for path in (changed.root / "reports").glob("*.json"))).unlink()
    changed.run("apply", "--yes")
    told = [report["run"].get("broken") for report in map(read_json, (changed.root / "reports").glob("*.json"))]
    assert {"freezes": ["christmas"], "because": "the till is down"} in told


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_what_is_written_into_a_reason_stays_text(changed: House, form: str) -> None:
    result = frozen(changed).run(
        "apply", "--yes", "--break-freeze", "christmas", "--because", HOSTILE, "--format", form
    )
    assert result.exit_code == 0, result.err
    assert not {"\x1b", "\u202e"} & {*result.out, *result.err}
    assert not any(line.startswith("::") for line in (*result.out.splitlines(), *result.err.splitlines()))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--break-freeze", "christmas"], 2, "--break-freeze NAME and --because TEXT go together"),
        (["--because", "x"], 2, "go together"),
        (["--break-freeze", "christmas", "--because", " "], 2, "go together"),
        (["--break-freeze", "", "--because", "x"], 2, "one is empty"),
        (["--break-freeze", "chrismas", "--because", "x"], 2, "has that name; did you mean christmas?"),
        (["--break-freeze", "easter", "--because", "x"], 2, "no freeze of specs/reconcile.yaml has that name"),
    ],
)
def test_a_freeze_is_broken_by_its_very_name(changed: House, arguments: list[str], code: int, message: str) -> None:
    result = frozen(changed).run("apply", "--yes", *arguments)
    assert (result.exit_code, message in result.err) == (code, True), result.err
    assert changed.writes() == []


@pytest.mark.parametrize("command", [("apply",), ("republish", "checkout")], ids=["an apply", "a version anew"])
def test_what_is_agreed_to_once_a_freeze_has_begun_is_not_done(
    changed: House, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """A question waits for as long as nobody answers."""

    class Clock(datetime):
        later = timedelta(0)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + cls.later

    def answered(_: Any) -> None:
        Clock.later = timedelta(days=2)

    if command == ("republish", "checkout"):
        changed.apply()
        changed.writes()
    begins, ends = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M}" for days in (1, 5))
    later = f"freezes:\n  - {{name: audit, from: {begins}, to: {ends}, timezone: UTC}}\n"
    changed.write("reconcile.yaml", CONFIG + later, stock=False)
    monkeypatch.setattr("reconciler.commands.freezing.datetime", Clock)
    monkeypatch.setattr("reconciler.commands.asking.confirm", answered)
    result = changed.run(*command)
    assert (result.exit_code, changed.writes()) == (21, []), result.out + result.err
    assert "freeze audit has begun meanwhile, and holds until " in result.err


def test_all_that_hold_are_broken_or_none_is(changed: House) -> None:
    both = freeze() + freeze(name="audit", days=9).removeprefix("freezes:\n")
    changed.write("reconcile.yaml", CONFIG + both, stock=False)
    result = changed.run("apply", "--yes", *BREAKING)
    assert result.exit_code == 21
    assert "freeze audit holds" in result.out
    assert changed.writes() == []
    assert changed.apply("--break-freeze", "audit christmas", "--because", "x")["run"]["broken"]["freezes"] == [
        "audit",
        "christmas",
    ]


def test_a_plan_and_a_status_tell_of_it_and_exit_as_ever(changed: House) -> None:
    frozen(changed, ", allow: [create], functions: [check*]")
    plan = changed.plan()
    Draft202012Validator(SCHEMAS["plan"]).validate(plan)
    assert rules(plan) == [("W257", "warning", "test/us-west-2/checkout")]
    assert "freeze christmas holds and allows create alone" in changed.run("plan").out
    assert "a freeze holds 1" in changed.run("plan", "--format", "markdown").out
    status = changed.run("status", "--format", "json").json()
    Draft202012Validator(ANSWERS["status"]).validate(status)
    assert [one.get("frozen", {}).get("freezes") for one in status["functions"]] == [["christmas"], None]
    assert "christmas until " in changed.run("status").out


def test_what_was_approved_stays_approved_when_a_freeze_comes_and_goes(changed: House) -> None:
    """It says when something is carried out, not what."""
    changed.run("plan", "-o", "plan.json")
    assert frozen(changed).run("apply", "--approved", "plan.json", "--yes").exit_code == 21
    changed.write("reconcile.yaml", CONFIG, stock=False)
    assert changed.run("apply", "--approved", "plan.json", "--yes").exit_code == 0


def test_a_new_function_may_be_made_and_its_edits_wait(house: House) -> None:
    frozen(house, ", allow: [create]")
    writes(house, 3)
    assert house.apply()["outcome"]["status"] == "succeeded"
    writes(house, 9)
    assert house.apply()["outcome"] == {"status": "refused", "exit_code": 21}


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 60])
def test_where_this_machines_clock_is_another_than_awss_nothing_is_done(
    house: House, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    with opened(monkeypatch, lambda: datetime.now(UTC).timestamp() + 60 * minutes) as sandbox:
        apart = House(house.root, sandbox)
        frozen(apart, ", accounts: [test]")
        writes(apart, 3)
        result = apart.run("apply", "--yes", *BREAKING)
        assert result.exit_code == 26
        assert "set the clock by NTP; nothing was changed (R352)" in result.err
        assert apart.writes() == []
        apart.write("reconcile.yaml", CONFIG, stock=False)
        assert apart.run("apply", "--yes").exit_code == 0


def test_clocks_that_are_four_minutes_apart_are_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(monkeypatch, lambda: datetime.now(UTC).timestamp() + 240) as sandbox:
        near = House(house.root, sandbox)
        frozen(near, ", allow: [create]")
        writes(near, 3)
        assert near.run("apply", "--yes").exit_code == 0


def test_versions_that_are_not_kept_stay_and_nothing_is_refused(house: House) -> None:
    with_versions(house, 4)
    config = (house.root / "specs/reconcile.yaml").read_text()
    house.write("reconcile.yaml", config + freeze(), stock=False)
    says(house, NEWEST)
    assert rules(house.plan()) == [("W258", "note", "test/us-west-2/checkout")]
    report = house.apply()
    assert (report["outcome"], numbers(house)) == ({"status": "unchanged", "exit_code": 0}, [1, 2, 3, 4])
    assert not any("deletes" in house.run(*words).out for words in (("plan",), ("apply", "--yes")))
    house.write("reconcile.yaml", config, stock=False)
    assert (house.apply()["outcome"]["exit_code"], numbers(house)) == (0, [3, 4])


def test_versions_of_a_layer_stay_as_well(house: House) -> None:
    house.write("shared.yaml", layer())
    house.apply()
    house.write("shared.yaml", layer("layers/2.zip", "keep: 1\n"))
    assert rules(frozen(house).plan()) == [
        ("W257", "warning", "test/us-west-2/layer/shared"),
        ("W258", "note", "test/us-west-2/layer_version/shared"),
    ]
    house.writes()
    assert (house.apply()["outcome"]["exit_code"], house.writes()) == (21, [])


@pytest.fixture
def published(house: House) -> House:
    """Two versions, the alias on the second, under a freeze."""
    for key in ("v1.zip", "v2.zip"):
        extra = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
        house.write("checkout.yaml", function_spec(key=key, extra=extra))
        house.apply()
    house.write("reconcile.yaml", CONFIG + freeze(), stock=False)
    house.writes()
    return house


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["rollback", "checkout/live", "--yes"], 0),
        (["invoke", "checkout"], 0),
        (["republish", "checkout", "--yes"], 21),
        (["republish", "checkout", "--yes", *BREAKING], 0),
    ],
    ids=["an alias goes back", "a function is asked", "a version anew", "a version anew, and why"],
)
def test_what_takes_nothing_on_works_whatever_is_frozen(published: House, arguments: list[str], code: int) -> None:
    result = published.run(*arguments)
    assert result.exit_code == code, result.err
    assert code == 0 or "with --break-freeze christmas --because TEXT (R351)" in result.err
    assert code == 0 or published.writes() == []
    assert published.newest_report()["run"].get("broken", {}).get("because") == (
        BREAKING[3] if BREAKING[0] in arguments else None
    )
