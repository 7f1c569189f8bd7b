"""`ci apply` and plans of pull requests that somebody made by hand: they approve nothing, stop nothing, and say nothing to others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.sealing import checksum
from tests.apply.houses import OURS
from tests.commands.ci.merging import Shop, shop_of
from tests.commands.ci.test_apply import timed
from tests.conftest import House, function_spec
from tests.github.fake import Hub
from tests.github.fake.state import Run, zipped
from tests.report.pages import OURS as OUR_NODES
from tests.report.pages import nodes

RELEASED = "publish: true\naliases:\n  live: {FunctionVersion: published}\n"
PAYLOAD = "x>) @acme/all [y](<http://evil.example>) ![z](http://evil.example/z) <img src=z> fixes #1"


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_of(house, hub, monkeypatch, {"one.yaml": released(3)}, OURS)


def released(seconds: int) -> str:
    return function_spec("one", configuration=f"Timeout: {seconds}", extra=RELEASED)


def merged_with(shop: Shop, change: Callable[[dict[str, Any]], object]) -> int:
    """A merged pull request whose plan was changed by somebody who can count checksums."""
    number = shop.opened({"one.yaml": released(9)})
    assert shop.planned(number).exit_code == 0
    plan = json.loads((shop.folder.parent / "plan.json").read_text())
    change(plan)
    left_as_plan(shop, number, {"plan.json": json.dumps({**plan, "checksum": checksum(plan)})})
    shop.merged(number)
    return number


def left_as_plan(shop: Shop, number: int, content: Any) -> None:
    (artifact,) = [one for one in shop.hub.artifacts.values() if one.run.commit == shop.hub.pulls[number].head]
    artifact.content = content if isinstance(content, bytes) else zipped(content)
    artifact.size = len(artifact.content)


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def field(plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = plan["targets"][0]["actions"][0]["fields"][0]
    return found


def traffic(plan: dict[str, Any]) -> dict[str, Any]:
    (found,) = [action["traffic"] for action in plan["targets"][0]["actions"] if "traffic" in action]
    assert isinstance(found, dict)
    return found


FORGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a commit that is no text": lambda plan: plan["provenance"].update(commit=True),
    "a value in 600 lists": lambda plan: field(plan).update(before=nested(600)),
    "a share that is a word": lambda plan: traffic(plan).update(before={"1": "x", "2": "y"}),
    "a share beyond counting": lambda plan: traffic(plan).update(before={"1": 1, "2": 10**400}),
    "a commit that is half a character": lambda plan: plan["provenance"].update(commit="\ud800"),
}


@pytest.mark.parametrize("case", FORGED)
def test_no_plan_that_was_made_by_hand_is_a_fault_of_ours(shop: Shop, case: str) -> None:
    number = merged_with(shop, FORGED[case])
    result = shop.applied()
    assert result.exit_code in (0, 23), result.err
    assert "### 🟢" in shop.comment(number) or "### 🔴 Apply refused" in shop.comment(number)


SAYING: dict[str, Callable[[Shop, int], object]] = {
    "a kind": lambda shop, number: left_as_plan(shop, number, {"plan.json": json.dumps({"kind": PAYLOAD})}),
    "a version": lambda shop, number: left_as_plan(
        shop, number, {"plan.json": json.dumps({"kind": "plan", "format_version": PAYLOAD})}
    ),
    "the name of a file": lambda shop, number: left_as_plan(shop, number, renamed_inside(PAYLOAD)),
}


def renamed_inside(name: str) -> bytes:
    """A zip that calls its file otherwise in front of it than in its list."""
    asked, rest = b"plan.json", len(name) - len("plan.json")
    front, inside, listed = zipped({asked.decode() + "x" * rest: "{}"}).split(asked + b"x" * rest)
    return front + name.encode() + inside + asked + b"\0" * rest + listed


@pytest.mark.parametrize("case", SAYING)
def test_what_an_artifact_says_of_itself_is_nothing_but_text_in_the_comment(shop: Shop, case: str) -> None:
    number = shop.opened({"one.yaml": released(9)})
    shop.planned(number)
    SAYING[case](shop, number)
    shop.merged(number)
    assert shop.applied().exit_code == 23
    assert "evil" in shop.comment(number)
    assert_inert(shop.comment(number))


def test_the_commit_that_a_plan_names_leads_nowhere_but_to_a_commit(shop: Shop) -> None:
    number = merged_with(shop, lambda plan: plan["provenance"].update(commit=PAYLOAD))
    assert shop.applied().exit_code == 0
    assert_inert(shop.comment(number))


def assert_inert(comment: str) -> None:
    page = comment.partition("\n")[2]
    assert nodes(page, "https://github.com/acme/shop") <= OUR_NODES
    assert "@acme" not in page
    assert " #1" not in page


def test_a_plan_that_says_much_makes_no_record_of_its_size(shop: Shop) -> None:
    """A record too large to be read would keep every later run from telling what was carried out."""

    def swollen(plan: dict[str, Any]) -> None:
        one = field(plan)
        more = [{**one, "path": f"/configuration/{number}", "after": "long" * 500} for number in range(500)]
        plan["targets"][0]["actions"][0]["fields"] += more
        plan["targets"][0]["digest"] = "0" * 64

    number = merged_with(shop, swollen)
    assert shop.applied().exit_code == 23
    assert max(path.stat().st_size for path in shop.reports()) < 100_000
    assert "and 480 more" in shop.comment(number)


@pytest.mark.parametrize("content", [{"plan.json": json.dumps({"kind": "long" * 50_000})}, "long" * 15_000])
def test_a_word_as_long_as_a_book_leaves_room_for_the_comment(shop: Shop, content: Any) -> None:
    number = shop.opened({"one.yaml": released(9)})
    shop.planned(number)
    left_as_plan(shop, number, renamed_inside(content) if isinstance(content, str) else content)
    shop.merged(number)
    assert shop.applied().exit_code == 23
    assert "without a plan that can be compared" in shop.comment(number)


# --- what says that it is a record ------------------------------------------------------------------------------------


def left_as_record(shop: Shop, run: Run, commit: str) -> None:
    report = json.loads(next(path for path in shop.reports() if path.suffix == ".json").read_text())
    report["provenance"]["commit"] = commit
    report["run"]["started_at"] = "2999-01-01T00:00:00.000Z"
    files = {"29990101T000000000000Z-000000000000.json": json.dumps(report)}
    shop.hub.artifact("reconcile-report-default", files, run=run)


def shown_and_merged(shop: Shop) -> int:
    number = shop.opened({"one.yaml": released(9)})
    shop.planned(number)
    shop.merged(number)
    return number


def test_a_pull_request_that_goes_out_from_the_branch_leaves_no_record(shop: Shop) -> None:
    """Into a branch of his own, whoever may push one: the workflow is what he makes it, branch and commit are those of main."""
    shown_and_merged(shop)
    left_as_record(shop, shop.hub.run(shop.head, event="pull_request", branch="main"), shop.head)
    result = shop.applied()
    assert result.exit_code == 0, result.err
    assert "UpdateFunctionConfiguration" in shop.house.writes()


def test_nor_does_it_keep_the_records_from_being_read(shop: Shop) -> None:
    shown_and_merged(shop)
    run = shop.hub.run(shop.head, event="pull_request", branch="main")
    shop.hub.artifact("reconcile-report-default", b"no zip", run=run)
    assert shop.applied().exit_code == 0


def test_a_record_of_another_commit_than_its_runs_counts_as_none(shop: Shop) -> None:
    """A tag that is called like the branch starts runs of any commit."""
    earlier = shop.head
    shown_and_merged(shop)
    left_as_record(shop, shop.hub.run(earlier, event="push", branch="main"), shop.head)
    assert shop.applied().exit_code == 0
    assert "UpdateFunctionConfiguration" in shop.house.writes()


# --- what says that it was shown --------------------------------------------------------------------------------------


def test_a_plan_that_was_made_after_the_merge_approves_nothing(shop: Shop) -> None:
    """Any developer may run a closed pull request's job again; nobody reviews what comes of it."""
    number = shown_and_merged(shop)
    shop.house.lambda_.update_function_configuration(FunctionName="one", MemorySize=256)
    assert shop.applied().exit_code == 23
    shop.planned(number)
    assert shop.applied().exit_code == 23


def test_what_was_shown_and_done_permits_it_no_second_time(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One target that stays refused keeps old pull requests in sight; what somebody mends at night is not set back by one of them."""
    shop = shop_of(house, hub, monkeypatch, {f"{name}.yaml": timed(name, 3) for name in ("one", "two", "three")})
    resized(shop, "two", 256)
    first = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(first)  # it shows that the second function is set back, too
    shop.merged(first)
    resized(shop, "three", 512)
    assert shop.applied().exit_code == 23
    assert shop.house.lambda_.get_function_configuration(FunctionName="two")["MemorySize"] == 128
    second = shop.opened({"one.yaml": timed("one", 12)})
    shop.planned(second)
    resized(shop, "two", 256)
    shop.merged(second)
    assert shop.applied().exit_code == 23
    assert shop.house.lambda_.get_function_configuration(FunctionName="two")["MemorySize"] == 256
    assert shop.house.lambda_.get_function_configuration(FunctionName="one")["Timeout"] == 12


def resized(shop: Shop, name: str, size: int) -> None:
    shop.house.lambda_.update_function_configuration(FunctionName=name, MemorySize=size)


def test_a_plan_that_another_branch_judged_approves_nothing(shop: Shop) -> None:
    """A pull request may be opened for a branch of its author's, whose guards are his, and led to main once it is green."""
    shop.git("checkout", "-q", "-b", "lenient", "main")
    shop.house.write("reconcile.yaml", OURS + "guards: {maxDeletes: 99}\n", stock=False)
    lenient = shop.commit("my own guards")
    number = shop.opened({"one.yaml": released(9), "reconcile.yaml": OURS + "guards: {maxDeletes: 99}\n"})
    event = shop.request_event(number)
    event["pull_request"]["base"]["sha"] = lenient
    shop.git("checkout", "-q", f"topic-{number}")
    assert shop.job("pull_request", event, "plan", "-o", "plan.json").exit_code == 0
    assert "guard change" not in shop.summary
    plan = (shop.house.root / "plan.json").read_text()
    shop.hub.artifact("reconcile-plan-default", {"plan.json": plan}, commit=shop.hub.pulls[number].head)
    shop.git("checkout", "-q", "main")
    shop.merged(number)
    assert shop.applied().exit_code == 23
    assert "judged by" in shop.comment(number)
    assert shop.house.writes() == []


def test_plans_are_looked_for_in_one_list_however_many_workflows_run(shop: Shop) -> None:
    """A job's token may ask a thousand times an hour, and one target that stays refused makes every run look at a hundred merges."""
    for seconds in (4, 5, 6, 7):
        number = shop.opened({"one.yaml": released(seconds)})
        shop.planned(number)
        for _ in range(20):
            shop.hub.run(shop.hub.pulls[number].head, branch=f"topic-{number}")
        shop.merged(number)
    shop.hub.requests.clear()
    assert shop.applied(before=shop.git("rev-parse", "HEAD~4")).exit_code == 0
    assert [call for call in shop.hub.calls() if call.startswith("GET /actions/runs?")] == []
    assert sum("/artifacts" in call and "/zip" not in call for call in shop.hub.calls()) == 2


def test_a_plan_that_is_not_among_the_newest_is_looked_for_by_its_commit(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.github.approvals.MOST_LISTED", 1)
    number = shop.opened({"one.yaml": released(9)})
    shop.planned(number)
    shop.hub.artifact("reconcile-plan-default", b"", commit="f" * 40)
    shop.merged(number)
    assert shop.applied().exit_code == 0


# --- what says that nothing need be shown -----------------------------------------------------------------------------


def test_where_no_record_is_left_a_change_cannot_permit_itself(shop: Shop) -> None:
    shop.hub.artifacts.clear()
    shop.house.write("reconcile.yaml", OURS + "approval: none\n", stock=False)
    shop.house.write("one.yaml", released(9))
    shop.commit("its own permission")
    assert shop.applied(event="workflow_dispatch").exit_code == 23
    assert shop.house.writes() == []
    assert shop.applied("--approve", shop.outputs["digest"], event="workflow_dispatch").exit_code == 0


def _kept_by_a_stranger(shop: Shop, commit: str) -> None:
    """A report of a whole run of a commit, where whoever changed reconcile.yaml would have it read."""
    s3 = shop.house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    s3.create_bucket(Bucket="strangers", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    forged = json.loads(next(path for path in shop.reports() if path.suffix == ".json").read_text())
    forged["provenance"]["commit"] = commit
    forged["run"]["started_at"] = "2999-01-01T00:00:00.000Z"
    name = "r/29990101T000000000000Z-abcdefabcdef.json"
    s3.put_object(Bucket="strangers", Key=name, Body=json.dumps(forged).encode())
    shop.house.sandbox.requests.clear()


@pytest.mark.parametrize(("event", "is_recorded"), [("push", True), ("workflow_dispatch", False)])
def test_nor_can_one_that_says_where_reports_lie(shop: Shop, event: str, is_recorded: bool) -> None:
    shop.git("checkout", "-q", "-b", "topic")
    shop.house.write("reconcile.yaml", OURS + "approval: none\nreports: s3://strangers/r\n", stock=False)
    shop.house.write("one.yaml", released(9))
    tip = shop.commit("its own permission")
    shop.git("checkout", "-q", "main")
    shop.git("merge", "-q", "--no-ff", "-m", "merged", "topic")
    _kept_by_a_stranger(shop, tip)
    if not is_recorded:
        shop.hub.artifacts.clear()
    assert shop.applied(event=event).exit_code == 23
    assert shop.house.writes() == []


def test_nor_can_one_that_brings_the_configuration(shop: Shop) -> None:
    (shop.house.root / "other").mkdir()
    (shop.house.root / "other" / "reconcile.yaml").write_text(OURS + "approval: none\n")
    (shop.house.root / "other" / "one.yaml").write_text(released(9))
    shop.house.remove("reconcile.yaml")
    shop.house.remove("one.yaml")
    shop.commit("its own permission")
    assert shop.applied("other").exit_code == 23
    assert shop.house.writes() == []
