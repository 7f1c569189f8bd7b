"""`prune: true` in reconcile.yaml: dropping a spec is the deletion that it means, under the same guards, and only of what is ours."""

from __future__ import annotations

import pytest

from tests.apply.houses import OURS, house_of
from tests.conftest import House, function_spec


@pytest.fixture
def dropped(house: House) -> House:
    """Two functions that live; the spec of one is gone."""
    house_of(house, "one", "two", config=OURS + "prune: true\n")
    house.remove("two.yaml")
    return house


def test_it_is_planned_as_a_deletion_and_done(dropped: House) -> None:
    assert dropped.verbs() == {"two": "delete"}
    dropped.apply()
    assert dropped.writes() == ["DeleteFunction"]
    assert dropped.verbs() == {}


def test_without_it_the_function_is_an_orphan(dropped: House) -> None:
    dropped.write("reconcile.yaml", OURS, stock=False)
    plan = dropped.plan()
    assert plan["orphans"] == ["test/us-west-2/two"]
    assert dropped.verbs() == {}


def test_guards_hold(dropped: House) -> None:
    dropped.write("reconcile.yaml", OURS + "prune: true\nguards: {maxDeletes: 0}\n", stock=False)
    assert dropped.run("apply", "--yes").exit_code == 21
    assert dropped.writes() == []


def test_of_a_part_of_the_tree_nothing_is_pruned(dropped: House) -> None:
    result = dropped.run("apply", "specs/one.yaml", "--yes")
    assert result.exit_code == 0
    assert dropped.writes() == []


def test_a_function_of_another_house_stays(dropped: House) -> None:
    arn = "arn:aws:lambda:us-west-2:123456789012:function:two"
    dropped.lambda_.tag_resource(Resource=arn, Tags={"reconcile:managed-by": "bakery"})
    assert dropped.verbs() == {}


def test_a_pull_request_that_turns_it_on_is_judged_by_its_base(dropped: House) -> None:
    import subprocess

    from tests.apply.houses import commit

    dropped.write("reconcile.yaml", OURS, stock=False)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=dropped.root, check=True)
    commit(dropped.root, "without")
    dropped.write("reconcile.yaml", OURS + "prune: true\n", stock=False)
    result = dropped.run("plan", "--base", "HEAD")
    assert "guard change: specs/reconcile.yaml" in result.out
    assert "prune" in result.out
    assert "- function" not in result.out


def test_without_an_owner_mark_it_is_a_mistake_at_its_line(house: House) -> None:
    house.write("reconcile.yaml", OURS.replace("managedBy: shop\n", "") + "prune: true\n", stock=False)
    house.write("one.yaml", function_spec("one"))
    result = house.run("validate")
    assert (result.exit_code, "reconcile.yaml:6:8: prune deletes what bears our mark" in result.err) == (20, True)
