"""`ci apply`: what pull requests have shown is carried out and nothing else, and each is told what became of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import OURS
from tests.commands.ci.merging import Shop, shop_of
from tests.conftest import House, function_spec
from tests.github.fake import Hub


def timed(name: str, seconds: int, extra: str = "") -> str:
    return function_spec(name, configuration=f"Timeout: {seconds}", extra=extra)


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3), "two.yaml": timed("two", 3)})


def timeout(shop: Shop, name: str) -> int:
    return int(shop.house.lambda_.get_function_configuration(FunctionName=name)["Timeout"])


def test_what_a_pull_request_showed_is_carried_out_and_told_in_its_one_comment(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    assert shop.planned(number).exit_code == 0
    assert shop.comment(number).startswith("<!-- reconcile:default -->\n### 🟡 1 function changes")
    shop.merged(number)
    result = shop.applied()
    assert result.exit_code == 0, result.err
    assert timeout(shop, "one") == 9
    assert shop.comment(number).startswith("<!-- reconcile:default -->\n### 🟢 Apply succeeded: 1 of 1 function done\n")
    assert "Timeout" in shop.comment(number)  # the plan stays to be read
    assert shop.comment(number).count("/actions/runs/") == 1  # of this run, not as if the plan were its
    assert shop.outputs["outcome"] == "succeeded"
    assert "### 🟢 Apply succeeded" in shop.summary


def test_what_no_pull_request_showed_is_refused_and_approved_by_hand(shop: Shop) -> None:
    shop.house.write("one.yaml", timed("one", 9))
    shop.commit("straight to main")
    result = shop.applied()
    assert result.exit_code == 23
    assert shop.house.writes() == []
    digest = shop.outputs["digest"]
    assert f"`approve` = `{digest}`" in shop.summary
    wrong = shop.applied("--approve", "0" * 64, event="workflow_dispatch")
    assert wrong.exit_code == 23
    assert "(R265)" in wrong.err
    assert timeout(shop, "one") == 3
    right = shop.applied("--approve", digest, event="workflow_dispatch")
    assert right.exit_code == 0, right.err
    assert timeout(shop, "one") == 9


def test_of_two_that_are_open_on_one_function_neither_blocks_the_other(shop: Shop) -> None:
    first = shop.opened({"one.yaml": timed("one", 9)})
    second = shop.opened({"one.yaml": timed("one", 3, extra="tags: {team: payments}\n")})
    for number in (first, second):
        assert shop.planned(number).exit_code == 0
    shop.merged(first)
    assert shop.applied().exit_code == 0
    shop.git("checkout", "-q", "topic-2" if second == 2 else f"topic-{second}")
    shop.git("merge", "-q", "-X", "theirs", "main")
    shop.house.write("one.yaml", timed("one", 9, extra="tags: {team: payments}\n"))
    shop.hub.push(second, shop.commit("with main") if shop.git("status", "--porcelain") else shop.head)
    shop.git("checkout", "-q", "main")
    assert shop.planned(second).exit_code == 0
    shop.merged(second)
    result = shop.applied()
    assert result.exit_code == 0, result.err


def test_a_run_that_the_queue_dropped_is_made_up_for_by_the_next(shop: Shop) -> None:
    before = shop.head
    dropped, other = shop.opened({"one.yaml": timed("one", 9)}), shop.opened({"two.yaml": timed("two", 8)})
    for number in (dropped, other):
        shop.planned(number)
        shop.merged(number)
    result = shop.applied()
    assert result.exit_code == 0, result.err
    assert (timeout(shop, "one"), timeout(shop, "two")) == (9, 8)
    for number in (dropped, other):
        assert "### 🟢 Apply succeeded: 1 of 1 function done" in shop.comment(number)
    assert before != shop.head


def test_an_old_run_that_comes_late_takes_nothing_back(shop: Shop) -> None:
    old = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(old)
    stale = shop.merged(old)
    new = shop.opened({"one.yaml": timed("one", 12)})
    shop.planned(new)
    shop.merged(new)
    assert shop.applied().exit_code == 0
    shop.house.sandbox.requests.clear()
    shop.git("checkout", "-q", stale)
    late = shop.applied()
    assert late.exit_code == 23
    assert "(R266)" in late.err
    assert shop.comment(old).startswith("<!-- reconcile:default -->\n### 🟢 Apply succeeded: 1 of 1 function done\n")
    assert shop.house.sandbox.requests == []
    assert timeout(shop, "one") == 12


def test_what_an_old_run_leaves_again_is_older_than_what_newer_runs_left(shop: Shop) -> None:
    """A job that is run again keeps the reports of its first attempt, in an artifact that is the newest."""
    old = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(old)
    stale = shop.merged(old)
    assert shop.applied().exit_code == 0
    kept = max(shop.hub.artifacts.values(), key=lambda artifact: artifact.identifier)
    new = shop.opened({"one.yaml": timed("one", 12)})
    shop.planned(new)
    shop.merged(new)
    assert shop.applied().exit_code == 0
    shop.git("checkout", "-q", stale)
    shop.hub.artifact(kept.name, kept.content, run=kept.run)
    late = shop.applied()
    assert late.exit_code == 23
    assert "(R266)" in late.err
    assert timeout(shop, "one") == 12


def test_a_run_that_failed_half_way_goes_on_when_it_is_run_again(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9), "two.yaml": timed("two", 9)})
    shop.planned(number)
    shop.merged(number)
    refusal = Fault("UpdateFunctionConfiguration", nth=2, status=403, code="AccessDeniedException")
    shop.house.sandbox.gate.script = Script([refusal])
    half = shop.applied()
    assert half.exit_code == 25, half.err
    assert "### 🟠 Apply partial: 1 of 2 functions done" in shop.comment(number)
    assert "re-run the failed jobs of [this run](https://github.com/acme/shop/actions/runs/" in shop.comment(number)
    shop.house.sandbox.gate.script = Script([])
    again = shop.applied()
    assert again.exit_code == 0, again.err
    assert (timeout(shop, "one"), timeout(shop, "two")) == (9, 9)
    assert "### 🟢 Apply succeeded: 1 of 1 function done" in shop.comment(number)
    assert re.search(r"^Nothing was left to do about test/us-west-2/(one|two)\.$", shop.comment(number), re.MULTILINE)


def test_somebody_elses_change_since_the_plan_is_not_overwritten(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)
    shop.house.lambda_.update_function_configuration(FunctionName="one", MemorySize=256)
    result = shop.applied()
    assert result.exit_code == 23
    assert timeout(shop, "one") == 3
    assert "### 🔴 Apply refused" in shop.comment(number)
    assert f"`approve` = `{shop.outputs['digest']}`" in shop.comment(number)
    assert f"plan {shop.outputs['digest'][:8]} of" in shop.comment(
        number
    )  # what would be approved, and not what was shown
    assert "<code>MemorySize</code> 256 → <b>128</b>" in shop.comment(number)


def test_what_a_changed_house_asks_for_and_nobody_saw_is_told_to_who_changed_it(shop: Shop) -> None:
    for files in ({"two.yaml": None}, {"reconcile.yaml": OURS + "prune: true\n"}):  # an orphan, then the end of orphans
        number = shop.opened(files)
        assert shop.planned(number).exit_code == 0
        shop.merged(number)
        result = shop.applied()
    assert result.exit_code == 23
    assert "### 🔴 Apply refused: 0 of 1 function done" in shop.comment(number)
    assert f"`approve` = `{shop.outputs['digest']}`" in shop.comment(number)
    assert shop.applied("--approve", shop.outputs["digest"], event="workflow_dispatch").exit_code == 0
    assert "### 🟢 Apply succeeded: 1 of 1 function done" in shop.comment(number)


def test_a_house_may_do_without_approval_once_it_has_said_so(shop: Shop) -> None:
    shop.house.write("reconcile.yaml", OURS + "approval: none\n", stock=False)
    shop.house.write("one.yaml", timed("one", 9))
    shop.commit("its own permission")
    assert shop.applied().exit_code == 23
    assert shop.applied("--approve", shop.outputs["digest"], event="workflow_dispatch").exit_code == 0
    shop.house.write("two.yaml", timed("two", 9))
    shop.commit("straight to main")
    result = shop.applied()
    assert result.exit_code == 0, result.err
    assert timeout(shop, "two") == 9


@pytest.mark.parametrize("content", [{"plan.json": "{}"}, {"other.json": "{}"}, b"no zip", {"plan.json": "[" * 9000}])
def test_an_artifact_that_is_no_plan_approves_nothing_and_is_told(shop: Shop, content: Any) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.hub.artifact("reconcile-plan-default", content, commit=shop.hub.pulls[number].head)
    shop.merged(number)
    result = shop.applied()
    assert result.exit_code == 23
    assert f"#{number}" in shop.comment(number)
    assert "without a plan that can be compared" in shop.comment(number)


def test_a_plan_that_was_tampered_with_approves_nothing(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    (artifact,) = [one for one in shop.hub.artifacts.values() if one.run.commit == shop.hub.pulls[number].head]
    from tests.github.fake.state import zipped

    plan = json.loads((shop.folder.parent / "plan.json").read_text())
    plan["targets"][0]["actions"][0]["fields"][0]["after"] = 99
    artifact.content = zipped({"plan.json": json.dumps(plan)})
    artifact.size = len(artifact.content)
    shop.merged(number)
    assert shop.applied().exit_code == 23
    assert "checksum" in shop.comment(number)


def test_a_forks_artifact_approves_nothing(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    for artifact in shop.hub.artifacts.values():
        artifact.run.is_fork |= artifact.run.branch == f"topic-{number}"
    shop.merged(number)
    assert shop.applied().exit_code == 23


def test_a_record_of_a_pull_requests_run_moves_nothing(shop: Shop) -> None:
    """Whoever may open a pull request may leave an artifact of any name."""
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    forged = json.loads(next(path for path in shop.reports() if path.suffix == ".json").read_text())
    forged["provenance"]["commit"] = shop.merged(number)
    forged["run"]["started_at"] = "2999-01-01T00:00:00.000Z"
    topic = shop.hub.run(shop.hub.pulls[number].head, branch=f"topic-{number}")
    shop.hub.artifact(
        "reconcile-report-default", {"29990101T000000000000Z-000000000000.json": json.dumps(forged)}, run=topic
    )
    result = shop.applied()
    assert result.exit_code == 0, result.err
    assert timeout(shop, "one") == 9


def test_mistakes_on_main_are_told_to_the_pull_request_that_brought_them(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9999)})
    shop.merged(number)
    assert shop.applied().exit_code == 20
    assert "### 🔴 Invalid: 1 mistake in 1 file" in shop.comment(number)
    assert "mend the specs in a new pull request" in shop.comment(number)


def test_more_deletions_than_guards_allow_are_permitted_by_the_very_number_in_a_commit(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("one", "two")
    files = {f"{name}.yaml": timed(name, 3) for name in names}
    shop = shop_of(house, hub, monkeypatch, files, OURS + "guards: {maxDeletes: 1}\nprune: true\n")
    gone: dict[str, str | None] = {f"{name}.yaml": None for name in names}
    refused = shop.opened({**gone, "three.yaml": timed("three", 3)})
    assert shop.planned(refused).exit_code == 21
    assert "Reconcile-Allow-Deletes: 2" in shop.comment(refused)
    shop.pushed(refused, {"three.yaml": timed("three", 4)}, "for good\n\nReconcile-Allow-Deletes: 2")
    assert shop.planned(refused).exit_code == 0
    shop.merged(refused, "Clean up\n\n* for good\n\nReconcile-Allow-Deletes: 2")
    result = shop.applied()
    assert result.exit_code == 0, result.err
    assert {item["FunctionName"] for item in shop.house.lambda_.list_functions()["Functions"]} == {"three"}


def test_deletions_whose_permission_the_merge_lost_are_permitted_by_hand(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{name}.yaml": timed(name, 3) for name in ("one", "two", "three")}
    shop = shop_of(house, hub, monkeypatch, files, OURS + "guards: {maxDeletes: 1}\nprune: true\n")
    number = shop.opened({"one.yaml": None, "two.yaml": None}, "gone\n\nReconcile-Allow-Deletes: 2")
    assert shop.planned(number).exit_code == 0
    shop.merged(number, "gone")
    assert shop.applied().exit_code == 21
    assert "`allow-deletes` = that number" in shop.comment(number)
    assert shop.applied("--allow-deletes", "2", event="workflow_dispatch").exit_code == 0


def test_without_a_token_nothing_is_applied(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)
    result = shop.job("push", {"before": shop.git("rev-parse", "HEAD~1")}, "apply", GITHUB_TOKEN="")
    assert result.exit_code == 26
    assert "GITHUB_TOKEN is not set" in result.err
    assert shop.house.writes() == []


def test_a_github_that_does_not_answer_ends_the_run_before_anything_is_written(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)
    shop.hub.fails(502, on="/actions/", times=50)
    result = shop.applied()
    assert result.exit_code == 26
    assert shop.house.writes() == []


def test_a_comment_that_cannot_be_written_changes_no_exit_code(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)
    shop.hub.read_only()
    result = shop.applied()
    assert result.exit_code == 0, result.err
    assert f"#{number} is not told" in result.out
    assert "### 🟢 Apply succeeded" in shop.summary


def test_a_shallow_clone_cannot_tell_which_commit_is_newer(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)
    before = shop.git("rev-parse", "HEAD~1")
    (shop.house.root / ".git" / "shallow").write_text(shop.head + "\n")
    result = shop.applied(before=before)
    assert result.exit_code == 2
    assert "fetch-depth: 0" in result.err


def test_a_target_that_stays_refused_makes_no_run_tell_again_what_earlier_ones_told(shop: Shop) -> None:
    first, second = shop.opened({"one.yaml": timed("one", 9)}), shop.opened({"three.yaml": timed("three", 9)})
    for size, number, verdict in (
        (256, first, "🟢 Apply succeeded: 1 of 1"),
        (512, second, "🟠 Apply partial: 1 of 2"),
    ):
        shop.planned(number)
        shop.merged(number)
        shop.house.lambda_.update_function_configuration(FunctionName="two", MemorySize=size)
        shop.hub.requests.clear()
        assert shop.applied().exit_code == 23
        assert shop.comment(number).startswith(f"<!-- reconcile:default -->\n### {verdict}")
        assert len([call for call in shop.hub.writes() if "comments" in call]) == 1
    assert timeout(shop, "three") == 9


@pytest.mark.parametrize("event", ["pull_request", "merge_group", "pull_request_target", "issue_comment", ""])
def test_what_is_not_merged_is_not_carried_out(shop: Shop, event: str) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.git("checkout", "-q", f"topic-{number}")
    result = shop.job(event, shop.request_event(number), "apply")
    assert result.exit_code == 21
    assert "(R269)" in result.err
    assert shop.house.writes() == []


def test_a_fault_of_ours_is_told_as_well(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("reconciler.commands.ci.apply.ordered", broken)
    result = shop.applied()
    assert result.exit_code == 1
    assert "Traceback" not in result.err
    assert "a fault of ours" in shop.comment(number)


def test_outside_actions_nothing_is_changed(shop: Shop) -> None:
    shop.house.write("one.yaml", timed("one", 9))
    result = shop.house.run("ci", "apply")
    assert result.exit_code == 0
    assert "outside Actions nothing is changed" in result.err
    assert shop.house.writes() == []
