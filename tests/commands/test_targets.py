"""`targets`: accounts and regions with their number of targets, of which each can be planned and applied by a machine of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.apply import lock
from reconciler.aws import bucket
from reconciler.commands import targets, wiring, workspaces
from reconciler.commands.distant import store
from reconciler.commands.schemas import GENERATORS
from reconciler.report.applied import applied
from tests.conftest import House, function_spec

TWO = """
aws:
  lambda: {enabled: true}
  accounts:
    - {name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2, eu-west-1]}
managedBy: example/shop
"""
APART = "lock: s3://locks/shop/{{ account.name }}/{{ region }}\n"
SHARD = ("--account", "test", "--region", "us-west-2")


def spec(name: str, *regions: str, extra: str = "") -> str:
    return function_spec(name, extra=extra).replace("region: us-west-2", f"regions: [{', '.join(regions)}]")


@pytest.fixture
def wide(house: House) -> House:
    """Two functions in two regions, and one in one of them."""
    house.write("reconcile.yaml", TWO, stock=False)
    house.write("both.yaml", spec("both", "us-west-2", "eu-west-1"))
    house.write("one.yaml", spec("one", "us-west-2"))
    house.sandbox.clients.get("s3", "123456789012", "us-west-2").create_bucket(
        Bucket="locks", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    return house


@pytest.fixture
def s3(wide: House) -> bucket.Store:
    """Where the locks are, which stand apart for each region."""
    wide.write("reconcile.yaml", TWO + APART, stock=False)
    workspace = workspaces.read([wide.root / "specs"])
    return store(workspace, wiring.connect(workspace.config, ["test"]))


def shards(house: House, *flags: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.run("targets", "--format", "json", *flags).json()["shards"]
    return found


def test_each_account_and_region_is_told_with_its_targets(wide: House) -> None:
    assert wide.run("targets").out == "test/eu-west-1  1 target\ntest/us-west-2  2 targets\n"
    document = wide.run("targets", "--format", "json").json()
    Draft202012Validator(GENERATORS["targets"]()).validate(document)
    matrix = json.loads(wide.run("targets", "--format", "matrix").out)
    assert matrix == {"include": document["shards"]}
    assert matrix["include"] == [
        {"account": "test", "region": "eu-west-1", "targets": 1},
        {"account": "test", "region": "us-west-2", "targets": 2},
    ]
    assert wide.sandbox.requests == []


def test_a_matrix_is_one_line_for_an_output(wide: House) -> None:
    assert wide.run("targets", "--format", "matrix").out.count("\n") == 1


def test_a_tree_without_a_spec_is_no_empty_matrix(wide: House) -> None:
    """Which Actions would refuse, with words of its own."""
    wide.remove("both.yaml")
    wide.remove("one.yaml")
    result = wide.run("targets", "--format", "matrix")
    assert (result.exit_code, "has no spec; write one" in result.err) == (20, True)


def test_where_reconcile_yaml_prunes_a_place_without_a_spec_counts(wide: House) -> None:
    wide.write("reconcile.yaml", f"{TWO}prune: true\n", stock=False)
    wide.remove("both.yaml")
    assert [(one["region"], one["targets"]) for one in shards(wide)] == [("eu-west-1", 0), ("us-west-2", 1)]
    assert [one["region"] for one in shards(wide, "one")] == ["us-west-2"]


def test_one_lock_for_all_is_refused_with_what_to_write(wide: House) -> None:
    wide.write("reconcile.yaml", f"{TWO}lock: s3://locks/shop\n", stock=False)
    result = wide.run("targets", "--format", "matrix")
    assert result.exit_code == 21
    assert "s3://locks/shop is one lock for 2 jobs side by side" in result.err
    assert "end it with /{{ account.name }}/{{ region }} (R313)" in result.err
    assert wide.run("targets").exit_code == 0
    wide.write("reconcile.yaml", TWO + APART, stock=False)
    assert wide.run("targets", "--format", "matrix").exit_code == 0


def test_more_places_than_a_matrix_has_jobs_are_refused_with_what_to_do(
    wide: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert targets.MOST_JOBS == 256
    monkeypatch.setattr(targets, "MOST_JOBS", 1)
    result = wide.run("targets", "--format", "matrix")
    assert result.exit_code == 21
    assert "there are 2 accounts and regions, and GitHub Actions runs no more than 1 jobs of a matrix" in result.err
    assert "once for each of several folders (`specs`, each with its `name`)" in result.err
    assert "(R316)" in result.err
    assert wide.run("targets").exit_code == 0


def test_a_region_that_only_specs_name_is_refused_where_reconcile_yaml_prunes(wide: House) -> None:
    """Its last spec would take its job along, and what is to be deleted would stay; a region that is named keeps its job."""
    pruning = TWO.replace(", regions: [us-west-2, eu-west-1]", "") + "prune: true\n"
    wide.write("reconcile.yaml", pruning, stock=False)
    result = wide.run("targets", "--format", "matrix")
    assert result.exit_code == 21
    assert "prunes, and test/eu-west-1, test/us-west-2 would have no job any more once its last spec goes" in result.err
    assert "write regions of its account (R317)" in result.err
    wide.write("reconcile.yaml", f"{TWO}prune: true\n", stock=False)
    wide.write("both.yaml", spec("both", "us-west-2"))
    matrix = json.loads(wide.run("targets", "--format", "matrix").out)
    assert [(one["region"], one["targets"]) for one in matrix["include"]] == [("eu-west-1", 0), ("us-west-2", 2)]


def test_accounts_side_by_side_say_their_numbers(house: House) -> None:
    """Or nobody sees that two names are one account, whose functions would have two owners."""
    other = "    - {name: other, lambdaEnabled: true, regions: [us-west-2]}\nmanagedBy"
    house.write("reconcile.yaml", TWO.replace("managedBy", other), stock=False)
    house.write("one.yaml", function_spec("one"))
    house.write("two.yaml", function_spec("two").replace("account: test", "account: other"), stock=False)
    result = house.run("targets", "--format", "matrix")
    assert (result.exit_code, "write accountId of other (R315)" in result.err) == (21, True)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("s3://locks/{{ function }}", "a lock is held for an account and region, and not for a function"),
        ("s3://locks/{{ ssm('x') }}", "ssm and secret are read in values"),
        ("s3://locks/{{ nothing }}", "must be one of account.id"),
    ],
)
def test_a_lock_that_no_account_and_region_tells_is_refused_at_its_line(written: str, said: str, wide: House) -> None:
    wide.write("reconcile.yaml", f'{TWO}lock: "{written}"\n', stock=False)
    result = wide.run("validate")
    assert result.exit_code == 20
    assert said in result.err
    assert "(R314)" in result.err


def test_an_apply_holds_the_locks_of_all_that_it_may_change(wide: House, s3: bucket.Store) -> None:
    with lock.held(s3, "s3://locks/shop/test/eu-west-1", "other"):
        whole = wide.run("apply", "--yes")
        assert (whole.exit_code, "holds the lock s3://locks/shop/test/eu-west-1" in whole.err) == (24, True)
        assert wide.run("apply", "--yes", *SHARD).exit_code == 0  # of the other region
    assert {request.region for request in wide.sandbox.writes} == {"us-west-2"}


def test_a_dead_runs_locks_are_taken_away_wherever_they_are(wide: House, s3: bucket.Store) -> None:
    with lock.held(s3, "s3://locks/shop/test/eu-west-1", "dead"):
        freed = wide.run("unlock", "dead")
        assert "no longer holds s3://locks/shop/test/eu-west-1" in freed.out + freed.err
    nothing = wide.run("unlock", "dead")
    assert nothing.exit_code == 24
    assert nothing.err.count("nobody holds the lock") == 2


# --- what was carried out where -----------------------------------------------------------------------------------------


def report(at: int, commit: str, place: str = "", status: str = "succeeded", *targets: str) -> dict[str, Any]:
    tasks = [{"target": target, "status": {"completed": True, "failed": False}} for target in targets]
    run = {"command": "ci apply", "started_at": f"2026-01-01T00:00:{at:02}Z", **({"place": place} if place else {})}
    provenance = {"commit": commit, "dirty": False}
    return {"run": run, "provenance": provenance, "outcome": {"status": status}, "tasks": tasks}


def test_a_shards_run_speaks_of_its_own_targets_alone() -> None:
    reports = [
        report(1, "a"),
        report(2, "b", "test/us-west-2"),
        report(3, "c", "test/eu-west-1", "partial", "test/eu-west-1/x"),
    ]
    known = applied(reports)
    assert known.commit_of("test/us-west-2/x") == "b"
    assert known.commit_of("test/eu-west-1/x") == "c"
    assert known.commit_of("test/eu-west-1/y") == "a"
    assert known.commit_of("other/us-west-2/y") == "a"
    assert (known.last, known.whole) == ("c", "a")


def test_to_a_shard_its_own_run_is_of_the_whole_and_anothers_is_none() -> None:
    reports = [report(1, "a"), report(2, "b", "test/us-west-2"), report(3, "c", "test/eu-west-1")]
    assert [applied(reports, f"test/{region}").whole for region in ("us-west-2", "eu-west-1", "sa-east-1")] == [
        "b",
        "c",
        "a",
    ]
    assert applied(reports, "test/us-west-2").last == "b"
    assert applied([*reports, report(4, "d")], "test/us-west-2").whole == "d"


def test_what_was_carried_out_stays_so_when_its_place_is() -> None:
    reports = [report(1, "b", "test/us-west-2", "partial", "test/us-west-2/x"), report(2, "c", "test/us-west-2")]
    assert applied(reports).by_target == {"test/us-west-2/x": "c"}
