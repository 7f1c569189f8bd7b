"""`ci drift`: one issue a function, opened after some sightings, edited, closed, opened again; nothing in AWS is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.apply.houses import OURS
from tests.commands.ci.merging import JOB, Shop, shop_of
from tests.conftest import House, Result, function_spec
from tests.github.fake import Hub
from tests.github.fake.state import Issue
from tests.report.pages import OURS as OUR_NODES
from tests.report.pages import nodes
from tests.snapshot.test_reading_isolation import denying

LABEL = "reconcile-drift"


def timed(name: str, seconds: int, extra: str = "") -> str:
    return function_spec(name, configuration=f"Timeout: {seconds}", extra=extra)


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3), "two.yaml": timed("two", 3)})


def moved(shop: Shop, name: str = "one", seconds: int = 77) -> None:
    """Somebody changes a function behind git's back."""
    shop.house.lambda_.update_function_configuration(FunctionName=name, Timeout=seconds)


def looked(shop: Shop, *words: str, event: str = "schedule", **variables: str) -> Result:
    """A run of the schedule with its artifact. It writes nothing in AWS."""
    folder = shop.house.root / JOB
    for name in ("snapshot.json", "drift.json"):
        (folder / name).unlink(missing_ok=True)
    shop.house.sandbox.requests.clear()
    result = shop.job(event, {}, "drift", "-o", f"{JOB}/snapshot.json", *words, **variables)
    assert shop.house.writes() == []
    files = {name: (folder / name).read_text() for name in ("snapshot.json", "drift.json") if (folder / name).exists()}
    if files:
        shop.hub.artifact("reconcile-snapshot-default", files, run=shop.hub.run(shop.head, event=event, branch="main"))
    return result


def issues(shop: Shop) -> list[Issue]:
    return shop.hub.issues(LABEL)


def only(shop: Shop) -> Issue:
    (issue,) = issues(shop)
    return issue


def kept(shop: Shop, name: str = "drift.json") -> Any:
    return json.loads((shop.house.root / JOB / name).read_text())


def test_a_function_that_drifted_gets_an_issue_the_second_time_it_is_seen(shop: Shop) -> None:
    moved(shop)
    first = looked(shop)
    assert (first.exit_code, issues(shop)) == (0, [])
    assert kept(shop)["sightings"][0] | {"since": ""} == {"address": "test/us-west-2/one", "count": 1, "since": ""}
    since = kept(shop)["sightings"][0]["since"]
    second = looked(shop)
    assert second.exit_code == 0, second.err
    issue = only(shop)
    assert issue.title == "Drift: test/us-west-2/one"
    assert issue.body.startswith("<!-- reconcile:drift:default:test/us-west-2/one -->\n")
    assert f"Seen since {since}." in issue.body
    assert (
        "| <code>configuration&#46;Timeout</code> | <b>77</b> | 3 | [specs/one&#46;yaml:8](<https://github.com/acme/shop/blob/"
        in issue.body
    )
    looked(shop)
    assert only(shop).body == issue.body


def test_of_very_many_a_run_keeps_some_and_the_next_ones_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.commands.ci.drift.MOST_STEPS", 1)
    for name in ("one", "two"):
        moved(shop, name)
    looked(shop)
    second = looked(shop)
    assert [issue.title for issue in issues(shop)] == ["Drift: test/us-west-2/one"]
    assert "::notice::kept by the next runs, 1 each: 1 more issue" in second.out
    assert "1 more issue" in shop.summary
    looked(shop)
    assert sorted(issue.title for issue in issues(shop)) == ["Drift: test/us-west-2/one", "Drift: test/us-west-2/two"]


def test_an_issue_says_who_did_it_where_that_is_asked(shop: Shop) -> None:
    moved(shop)
    looked(shop, "--sightings", "1", RECONCILE_CI_DRIFT_WHO="false")
    assert "changed by" not in only(shop).body
    moved(shop, "two")
    looked(shop, "--sightings", "1", RECONCILE_CI_DRIFT_WHO="true")
    (body,) = (issue.body for issue in issues(shop) if issue.title.endswith("/two"))
    assert "\n- function: changed by sandbox via Boto3 at 20" in body


def test_a_run_tells_the_job_and_later_steps(shop: Shop) -> None:
    moved(shop)
    result = looked(shop, "--sightings", "1")
    assert shop.outputs == {"drifted": "1"}
    assert shop.summary.startswith("### 🟠 1 of 2 functions drifted\n")
    number = only(shop).number
    assert (
        f"- [issue {number}](<https://github.com/acme/shop/issues/{number}>) opened: test/us-west-2/one" in shop.summary
    )
    assert "**Drift**" in shop.summary
    (line,) = [line for line in result.out.splitlines() if line.startswith("::")]
    assert line == (
        "::warning file=specs/one.yaml,line=8::test/us-west-2/one was changed behind git's back"
        "%0Aconfiguration.Timeout: AWS holds 77, git says 3"
    )
    moved(shop, seconds=3)
    looked(shop)
    assert shop.outputs == {"drifted": "0"}
    assert shop.summary.startswith("### 🟢 None of 2 functions drifted\n")


def test_an_issue_is_edited_when_the_drift_changes_closed_when_it_ends_and_opened_again(shop: Shop) -> None:
    moved(shop)
    looked(shop, "--sightings", "1")
    number = only(shop).number
    moved(shop, seconds=88)
    looked(shop, "--sightings", "1")
    assert "<b>88</b>" in only(shop).body
    moved(shop, seconds=3)
    looked(shop, "--sightings", "1")
    assert not only(shop).is_open
    assert "AWS holds what git says." in only(shop).body
    assert "To end it" not in only(shop).body
    looked(shop, "--sightings", "1")
    moved(shop, seconds=99)
    looked(shop)
    assert not only(shop).is_open
    looked(shop)
    issue = only(shop)
    assert (issue.number, issue.is_open) == (number, True)
    assert "<b>99</b>" in issue.body


def test_a_function_that_somebody_deleted_has_drifted(shop: Shop) -> None:
    shop.house.lambda_.delete_function(FunctionName="one")
    looked(shop, "--sightings", "1")
    assert "| the function | <b>(nothing)</b> | it is there |" in only(shop).body


def test_a_look_alike_by_somebody_else_is_left_alone(shop: Shop) -> None:
    body = "<!-- reconcile:drift:default:test/us-west-2/one -->\n<!-- x -->\n"
    theirs = shop.hub.issue("Drift: test/us-west-2/one", body, labels=(LABEL,), author="mallory")
    moved(shop)
    looked(shop, "--sightings", "1")
    left, ours = issues(shop)
    assert (left.body, left.number) == (body, theirs.number)
    assert ours.author == shop.hub.author
    moved(shop, seconds=3)
    looked(shop)
    assert [issue.is_open for issue in issues(shop)] == [True, False]


def test_what_cannot_be_read_opens_none_and_leaves_its_issue(shop: Shop) -> None:
    moved(shop)
    looked(shop, "--sightings", "1")
    before = only(shop).body
    moved(shop, seconds=88)
    moved(shop, "two")
    shop.house.sandbox.gate.watch = denying("GetFunction", function="one")
    result = looked(shop, "--sightings", "1")
    assert result.exit_code == 21
    assert shop.summary.startswith("### 🟠 1 of 2 functions drifted, 1 could not be judged\n")
    one, two = issues(shop)
    assert (one.body, one.is_open) == (before, True)
    assert "test/us-west-2/two" in two.title
    assert [entry["count"] for entry in kept(shop)["sightings"]] == [1, 1]


def test_where_nothing_can_be_read_no_issue_is_touched_and_no_artifact_left(shop: Shop) -> None:
    moved(shop)
    looked(shop, "--sightings", "1")
    shop.house.sandbox.gate.watch = denying("GetFunction")
    shop.hub.requests.clear()
    result = looked(shop)
    assert result.exit_code == 26
    assert shop.hub.writes() == []
    assert not (shop.house.root / JOB / "snapshot.json").exists()
    assert "cannot be read" in shop.summary


def test_a_refused_function_opens_none(shop: Shop) -> None:
    shop.house.lambda_.tag_resource(
        Resource=shop.house.lambda_.get_function(FunctionName="one")["Configuration"]["FunctionArn"],
        Tags={"managed-by": "them", "reconcile:managed-by": "them"},
    )
    moved(shop)
    result = looked(shop, "--sightings", "1")
    refused = shop.house.plan()["diagnostics"]
    assert [note["severity"] for note in refused if note["address"] == "test/us-west-2/one"] == ["refusal"]
    assert result.exit_code == 21
    assert issues(shop) == []


def test_what_is_not_applied_yet_opens_none(shop: Shop) -> None:
    shop.house.write("one.yaml", timed("one", 9))
    shop.commit("merged, and not applied yet")
    result = looked(shop, "--sightings", "1")
    assert result.exit_code == 0, result.err
    assert issues(shop) == []
    assert shop.outputs == {"drifted": "0"}
    moved(shop, "one", 55)
    looked(shop, "--sightings", "1")
    assert "<b>55</b>" in only(shop).body


def test_an_issue_of_a_function_without_a_spec_is_closed(shop: Shop) -> None:
    moved(shop)
    looked(shop, "--sightings", "1")
    shop.house.remove("one.yaml")
    shop.commit("one is nobody's any more")
    looked(shop, "--sightings", "1")
    assert not only(shop).is_open
    assert "no spec names this function any more" in only(shop).body


def test_of_a_part_of_the_specs_the_other_issues_stay(shop: Shop) -> None:
    moved(shop)
    looked(shop, "--sightings", "1")
    moved(shop, seconds=3)
    looked(shop, "specs/two.yaml")
    assert only(shop).is_open


def test_without_the_right_to_write_issues_the_summary_says_it_and_the_exit_stays(shop: Shop) -> None:
    shop.hub.permissions["issues"] = "read"
    moved(shop)
    result = looked(shop, "--sightings", "1")
    assert result.exit_code == 0
    assert shop.summary.startswith("### 🟠 1 of 2 functions drifted\n")
    assert any("issues are not kept" in line and "issues: write" in line for line in result.out.splitlines())
    assert kept(shop)["sightings"][0]["count"] == 1
    shop.hub.permissions["issues"] = "write"
    looked(shop)
    assert only(shop).is_open


def test_a_forge_that_does_not_answer_about_earlier_runs_ends_the_run(shop: Shop) -> None:
    moved(shop)
    shop.hub.without("actions")
    result = looked(shop, "--sightings", "1")
    assert result.exit_code == 26
    assert "permissions: {actions: read}" in shop.summary.replace("&#123;", "{").replace("&#125;", "}")
    assert issues(shop) == []


@pytest.mark.parametrize(
    ("event", "ref"), [("pull_request", "refs/pull/1/merge"), ("workflow_dispatch", "refs/heads/topic")]
)
def test_only_runs_on_the_default_branch_keep_issues(shop: Shop, event: str, ref: str) -> None:
    moved(shop)
    document = {"repository": {"default_branch": "main"}, "pull_request": {"base": {"ref": "main", "sha": shop.head}}}
    result = shop.job(event, document, "drift", "-o", f"{JOB}/snapshot.json", "--sightings", "1", GITHUB_REF=ref)
    assert result.exit_code == 0, result.err
    assert issues(shop) == []
    assert "would keep an issue: Drift: test/us-west-2/one (runs on main keep issues, and no others)" in result.err


def test_without_a_token_and_outside_actions_it_says_what_it_would_do(shop: Shop) -> None:
    moved(shop)
    untold = looked(shop, GITHUB_TOKEN="")
    assert untold.exit_code == 0
    assert "would keep an issue: Drift: test/us-west-2/one (GITHUB_TOKEN is not set)" in untold.err
    outside = shop.house.run("ci", "drift", "-o", f"{JOB}/snapshot.json")
    assert outside.exit_code == 0
    assert "would keep an issue: Drift: test/us-west-2/one (outside Actions nothing is written)" in outside.err
    assert "would hand on: drifted=1" in outside.err
    assert shop.hub.issues() == []


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format_version": "1.1", "kind": "drift", "taken_at": "", "sightings": 7}']
)
def test_sightings_that_cannot_be_read_count_for_nothing(shop: Shop, text: str) -> None:
    moved(shop)
    shop.hub.artifact("reconcile-snapshot-default", {"drift.json": text}, run=shop.run_on_main())
    result = looked(shop)
    assert result.exit_code == 0
    assert "earlier sightings are not counted" in result.err
    assert issues(shop) == []


def test_sightings_of_a_fork_count_for_nothing(shop: Shop) -> None:
    moved(shop)
    looked(shop)
    text = (shop.house.root / JOB / "drift.json").read_text().replace('"count": 1', '"count": 99')
    run = shop.hub.run(shop.head, branch="main", is_fork=True)
    shop.hub.artifact("reconcile-snapshot-default", {"drift.json": text}, run=run)
    looked(shop, "--sightings", "5")
    assert kept(shop)["sightings"][0]["count"] == 2


def test_hostile_values_make_no_mention_and_no_markdown(shop: Shop) -> None:
    hostile = "@octocat closes #1 <img src=x> <!-- reconcile:drift:default:x --> |\n::error::x"
    shop.house.lambda_.update_function_configuration(FunctionName="one", Description=hostile)
    result = looked(shop, "--sightings", "1")
    body = only(shop).body
    page = "".join(body.splitlines(keepends=True)[2:]).replace("github.com/acme/shop/", "github.com/o/r/")
    assert nodes(page) <= OUR_NODES
    assert "@octocat" not in page.partition("```diff")[0]
    assert [
        line for line in result.out.splitlines() if line.startswith("::") and "file=specs/one.yaml" not in line
    ] == []


def test_the_snapshot_is_what_a_fork_is_planned_against(shop: Shop) -> None:
    looked(shop)
    number = shop.opened({"one.yaml": timed("one", 9), "new.yaml": function_spec("new")}, is_fork=True)
    shop.hub.read_only()
    shop.git("checkout", "-q", f"topic-{number}")
    result = shop.job("pull_request", shop.request_event(number), "validate")
    assert result.exit_code == 0, result.err
    assert "### 🟡 1 function is new, 1 changes" in shop.summary


def test_the_name_of_the_sightings_is_no_name_for_the_snapshot(shop: Shop) -> None:
    assert shop.house.run("ci", "drift", "-o", "drift.json").exit_code == 2


SECRET, SHOWN = "hunter2-of-nobody", "in-git-anyway"


def test_who_holds_the_snapshot_can_test_guesses_only_of_what_git_shows(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.core.sealing import fingerprint

    extra = "publish: true\nignore: [/configuration/Environment/Variables/THEIRS]\n"
    spec = function_spec("one", extra=extra, configuration=f"Environment: {{Variables: {{STAGE: {SHOWN}}}}}")
    shop = shop_of(house, hub, monkeypatch, {"one.yaml": spec}, OURS)
    shop.house.lambda_.update_function_configuration(
        FunctionName="one", Environment={"Variables": {"STAGE": SHOWN, "THEIRS": SECRET}}
    )
    result = looked(shop)
    assert result.exit_code == 0, result.err
    document = kept(shop, "snapshot.json")
    text = json.dumps(document)
    assert SECRET not in text
    assert SHOWN not in text
    assert fingerprint(SHOWN, document["salt"]) in text
    assert fingerprint(SECRET, document["salt"]) not in text
    assert house.run("plan", "--snapshot", f"{JOB}/snapshot.json", "--detailed-exitcode").exit_code == 0
    house.write("one.yaml", spec.replace(SHOWN, "another"))
    assert house.verbs("--snapshot", f"{JOB}/snapshot.json") == {"one": "update", "one/version/published": "create"}
