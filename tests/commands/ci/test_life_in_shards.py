"""The same life where each account and region has jobs of its own: one comment, one outcome, and what was done is told apart by place."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable

import pytest

from reconciler.report import files
from reconciler.sandbox.around.faults import Fault, Script
from tests.commands.ci.life.specs import spec
from tests.commands.ci.life.town import Life
from tests.commands.ci.test_life import life as whole_life
from tests.conftest import ACCOUNT

EAST, WEST = "eu-west-1", "us-west-2"
CONFIG = f"""
aws:
  lambda: {{enabled: true}}
  accounts:
    - {{name: test, lambdaEnabled: true, accountId: "{ACCOUNT}", regions: [{WEST}, {EAST}]}}
managedBy: shop
lock: s3://locks/shop/{{{{ account.name }}}}/{{{{ region }}}}
"""
DENIED = Fault(
    "UpdateFunctionConfiguration", nth=1, status=403, code="AccessDeniedException", message="not by this role"
)
THROTTLED = [
    Fault("UpdateFunctionConfiguration", nth=number, status=429) for number in range(2, 10)
]  # as often as it is tried
HOLDER = json.dumps({"owner": "ada@laptop", "run": "0123456789ab", "expires_at": 0, "lease_seconds": 120})
PLANS, APPLIES = ({f"{job} test/{region}" for region in (EAST, WEST)} for job in ("plan", "apply"))

unsharded = whole_life  # the fixture that this one goes on with


def in_east(name: str, seconds: int = 3) -> str:
    return spec(name, seconds).replace(f"region: {WEST}", f"region: {EAST}")


@pytest.fixture
def life(unsharded: Life) -> Life:
    unsharded.runner.inputs = {**unsharded.runner.inputs, "shards": True}  # type: ignore[dict-item]
    s3 = unsharded.house.sandbox.clients.get("s3", ACCOUNT, WEST)
    s3.create_bucket(Bucket="locks", CreateBucketConfiguration={"LocationConstraint": WEST})
    unsharded.commits({"reconcile.yaml": CONFIG}, "two regions")
    unsharded.git("push", "-q", "origin", "main")
    number = unsharded.opens({"west.yaml": spec("west"), "east.yaml": in_east("east")}, "functions")
    assert unsharded.jobs.keys() == {"validate", "shards", *PLANS, "comment", "gate"}
    assert all(job.exit_code == 0 for job in unsharded.jobs.values())
    assert unsharded.verdict(number) == "🟡 2 functions are new · nothing is deleted"
    unsharded.jobs.clear()
    unsharded.merges(number)
    unsharded.lands()
    ends(unsharded)
    assert unsharded.verdict(number) == "🟢 Apply succeeded: 2 of 2 functions done"
    return unsharded


def ends(life: Life, *codes: int, jobs: Iterable[str] = ("shards", *APPLIES, "outcome", "gate")) -> dict[str, int]:
    """That an apply ran as it does with shards; what failed of it, and by which code."""
    failed = {name: job.exit_code for name, job in life.jobs.items() if job.exit_code}
    assert life.jobs.keys() == {*jobs}
    assert set(failed.values()) == {*codes, *([1] if codes else [])}  # the gate's
    life.jobs.clear()
    return failed


def timeout(life: Life, name: str, region: str) -> int:
    client = life.house.sandbox.clients.get("lambda", ACCOUNT, region)
    return int(client.get_function_configuration(FunctionName=name)["Timeout"])


def left(life: Life, name: str) -> dict[str, bytes]:
    """The newest artifact of this name."""
    import io
    import zipfile

    newest = max((one for one in life.hub.artifacts.values() if one.name == name), key=lambda one: one.identifier)
    with zipfile.ZipFile(io.BytesIO(newest.content)) as archive:
        return {file: archive.read(file) for file in archive.namelist()}


def test_each_region_is_planned_and_applied_by_its_own_jobs_and_told_once(life: Life) -> None:
    number = life.opens({"west.yaml": spec("west", 9), "east.yaml": in_east("east", 8)}, "longer")
    assert [life.jobs[f"plan test/{region}"].outputs["updates"] for region in (EAST, WEST)] == ["1", "1"]
    assert life.verdict(number) == "🟡 2 functions change · nothing is deleted"
    shown = json.loads(left(life, "reconcile-plan-default")["plan.json"])
    assert [target["address"] for target in shown["targets"]] == [f"test/{EAST}/east", f"test/{WEST}/west"]
    life.jobs.clear()
    life.merges(number)
    life.lands()
    asked = {name: life.jobs[name].changed_aws for name in APPLIES}
    assert asked == {name: ["UpdateFunctionConfiguration"] for name in APPLIES}
    told = [call for call in life.jobs["outcome"].calls if "comments" in call]
    assert [call.split()[0] for call in told] == ["GET", "PATCH"]
    assert not any("comments" in call for name in APPLIES for call in life.jobs[name].calls)
    ends(life)
    assert life.verdict(number) == "🟢 Apply succeeded: 2 of 2 functions done"
    assert (timeout(life, "west", WEST), timeout(life, "east", EAST)) == (9, 8)
    reports = [
        json.loads(text)["run"]
        for name, text in left(life, "reconcile-report-default").items()
        if name.endswith(".json")
    ]
    assert {run["place"] for run in reports} == {f"test/{EAST}", f"test/{WEST}"}
    assert len({run["group"] for run in reports}) == 1


def test_a_shard_that_fails_holds_no_other_up_and_goes_on_when_it_is_run_again(life: Life) -> None:
    number = life.opens({"west.yaml": spec("west", 9), "east.yaml": in_east("east", 8)}, "longer")
    life.jobs.clear()
    life.merges(number)
    life.house.sandbox.gate.script = Script([DENIED])
    life.lands()
    assert "Apply partial: 1 of 2 functions done" in life.jobs["outcome"].summary
    failed = ends(life, 25)
    assert failed == {f"apply test/{EAST}": 25, "gate": 1}
    assert life.verdict(number) == "🟠 Apply partial: 1 of 2 functions done"
    assert "re-run the failed jobs of [this run]" in life.comment(number)
    assert (timeout(life, "west", WEST), timeout(life, "east", EAST)) == (9, 3)
    life.house.sandbox.gate.script = Script([])
    locks = life.house.sandbox.clients.get("s3", ACCOUNT, WEST)
    locks.put_object(Bucket="locks", Key=f"shop/test/{EAST}", Body=HOLDER)
    again = [f"apply test/{EAST}", "outcome", "gate"]
    life.runs_again()
    ends(life, 24, jobs=again)
    assert "laptop holds the lock" in life.comment(number)
    assert "Nothing was left to do" not in life.comment(number)  # nobody has looked
    locks.delete_object(Bucket="locks", Key=f"shop/test/{EAST}")
    life.runs_again()
    ends(life, jobs=again)
    assert life.verdict(number) == "🟢 Apply succeeded: 2 of 2 functions done"
    assert "<sub>2 AWS calls" in life.comment(number)
    assert timeout(life, "east", EAST) == 8


def test_what_one_region_has_not_done_yet_is_still_shown_to_it_alone(life: Life) -> None:
    """The run after the failed one carries out both changes in the one region, and nothing in the other."""
    first = life.opens({"west.yaml": spec("west", 9), "east.yaml": in_east("east", 8)}, "longer")
    life.jobs.clear()
    life.merges(first)
    life.house.sandbox.gate.script = Script([DENIED])
    life.lands()
    ends(life, 25)
    life.house.sandbox.gate.script = Script([])
    second = life.opens({"more.yaml": in_east("more")}, "one more")
    life.jobs.clear()
    life.merges(second)
    life.lands()
    assert {name: sorted(life.jobs[name].changed_aws) for name in APPLIES} == {
        f"apply test/{EAST}": ["CreateFunction", "UpdateFunctionConfiguration"], f"apply test/{WEST}": [],
    }  # fmt: skip
    ends(life)
    assert life.verdict(second) == "🟢 Apply succeeded: 2 of 2 functions done"


def test_what_nobody_was_shown_is_approved_by_the_digests_that_are_told(life: Life) -> None:
    life.commits({"west.yaml": spec("west", 9), "east.yaml": in_east("east", 8)}, "straight to main")
    life.lands()
    digests = [life.jobs[f"apply test/{region}"].outputs["digest"] for region in (EAST, WEST)]
    summary = life.jobs["outcome"].summary
    ends(life, 23)
    assert f"`approve` = `{' '.join(digests)}`" in summary
    life.is_started_by_hand(approve=" ".join(digests))
    ends(life)
    assert (timeout(life, "west", WEST), timeout(life, "east", EAST)) == (9, 8)


def test_a_shard_whose_job_left_nothing_is_told(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    original = files.write_result

    def lost(path: object, text: str) -> None:
        if EAST not in text:
            original(path, text)  # type: ignore[arg-type]

    monkeypatch.setattr("reconciler.commands.ci.plan.write_result", lost)
    number = life.opens({"west.yaml": spec("west", 9), "east.yaml": in_east("east", 8)}, "longer")
    assert f"test/{EAST}: its job ended before it could leave a plan" in life.comment(number)
    life.jobs.clear()


def test_a_region_that_is_new_with_its_specs_is_a_shard_that_the_base_does_not_reach(life: Life) -> None:
    north = spec("north").replace(WEST, "eu-north-1")
    number = life.opens({"reconcile.yaml": CONFIG.replace(EAST, f"{EAST}, eu-north-1"), "north.yaml": north})
    failed = {name: job.exit_code for name, job in life.jobs.items() if job.exit_code}
    assert failed == {"plan test/eu-north-1": 21, "gate": 1}
    assert "account test has no eu-north-1 in the base's specs/reconcile&#46;yaml" in life.comment(number)
    life.jobs.clear()


OTHER = "210987654321"
FOUR = [f"{account}/{region}" for account in ("prod", "test") for region in (EAST, WEST)]


@pytest.mark.sweep
def test_of_four_shards_three_fail_each_in_its_way_and_only_they_are_run_again(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    new = life.opens({"reconcile.yaml": of_two_accounts(), **everywhere(3)}, "another account")
    failed = {name: job.exit_code for name, job in life.jobs.items() if job.exit_code}
    assert failed == {f"plan prod/{EAST}": 21, f"plan prod/{WEST}": 21, "gate": 1}
    life.jobs.clear()
    life.merges(new)
    life.lands()
    assert life.verdict(new) == "🟠 Apply partial: 2 of 4 functions done"
    digests = [life.jobs[f"apply {place}"].outputs["digest"] for place in FOUR[:2]]
    life.jobs.clear()
    life.is_started_by_hand(approve=" ".join(digests))
    life.jobs.clear()
    number = life.opens(everywhere(9), "longer")
    life.jobs.clear()
    life.merges(number)
    locks = life.house.sandbox.clients.get("s3", ACCOUNT, WEST)
    locks.put_object(Bucket="locks", Key=f"shop/{FOUR[3]}", Body=HOLDER)
    life.house.sandbox.gate.script = Script([DENIED, *THROTTLED])
    life.lands()
    codes = [life.jobs[f"apply {place}"].exit_code for place in FOUR]
    assert codes == [25, 25, 0, 24]
    assert life.verdict(number) == "🟠 Apply partial: 1 of 3 functions done"
    assert "TooManyRequestsException" in life.comment(number)
    assert "laptop holds the lock" in life.comment(number)
    assert "Nothing was left to do" not in life.comment(number)
    assert "<sub>4 AWS calls" in life.comment(number)
    life.jobs.clear()
    locks.delete_object(Bucket="locks", Key=f"shop/{FOUR[3]}")
    life.house.sandbox.gate.script = Script([])
    life.runs_again()
    again = [f"apply {place}" for place in (*FOUR[:2], FOUR[3])]
    assert {name: job.changed_aws for name, job in life.jobs.items()} == {
        **{name: ["UpdateFunctionConfiguration"] for name in again}, "outcome": [], "gate": [],
    }  # fmt: skip
    ends(life, jobs=[*again, "outcome", "gate"])
    assert life.verdict(number) == "🟢 Apply succeeded: 4 of 4 functions done"


def of_two_accounts() -> str:
    regions = f"lambdaEnabled: true, regions: [{WEST}, {EAST}]"
    accounts = f"""    - {{name: test, accountId: "{ACCOUNT}", {regions}}}
    - {{name: prod, accountId: "{OTHER}", assumeRole: role/reconcile, {regions}}}"""
    return re.sub("    - .*", accounts, CONFIG, count=1)


def everywhere(seconds: int) -> dict[str, str]:
    """A function in each of the four places."""
    return {f"{place.replace('/', '-')}.yaml": in_place(place, seconds) for place in FOUR}


def in_place(place: str, seconds: int) -> str:
    account, region = place.split("/")
    text = spec("four", seconds).replace("account: test", f"account: {account}").replace(WEST, region)
    return text.replace(ACCOUNT, OTHER) if account == "prod" else text


def test_what_the_last_spec_of_a_region_leaves_behind_is_deleted_by_its_own_job(life: Life) -> None:
    number = life.opens({"reconcile.yaml": f"{CONFIG}prune: true\n"}, "what no spec names goes")
    life.jobs.clear()
    life.merges(number)
    life.lands()
    life.jobs.clear()
    number = life.opens({"east.yaml": None}, "nothing more in the east")
    assert life.jobs.keys() >= PLANS
    assert life.verdict(number) == "🟠 1 function is deleted"
    life.jobs.clear()
    life.merges(number)
    life.lands()
    assert life.jobs[f"apply test/{EAST}"].changed_aws == ["DeleteFunction"]
    ends(life)
    assert life.verdict(number) == "🟢 Apply succeeded: 1 of 1 function done"
