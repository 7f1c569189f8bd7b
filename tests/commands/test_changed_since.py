"""--changed-since REF: only what a change is about is read, planned and applied; what it left out is said."""

from __future__ import annotations

import subprocess

import pytest

from tests.apply.houses import commit, house_of
from tests.conftest import House, function_spec

SINCE = ("--changed-since", "HEAD")
QUEUE = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}}\n"


@pytest.fixture
def committed(house: House) -> House:
    """Three functions that live and are committed; one has its code beside it."""
    house_of(house)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    (house.root / "specs" / "src").mkdir(parents=True)
    (house.root / "specs" / "src" / "lambda_function.py").write_text("x = 1\n")
    (house.root / ".gitignore").write_text("reports/\n")
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name))
    house.write("local.yaml", function_spec("local").replace("{S3Bucket: artifacts, S3Key: v1.zip}", "{path: src}"))
    house.apply()
    commit(house.root, "all that lives")
    house.sandbox.requests.clear()
    return house


def planned(house: House, *flags: str) -> dict[str, set[str]]:
    """Targets of a plan with the verbs of what acts in them."""
    plan = house.plan(*flags)
    return {
        target["address"].rpartition("/")[2]: {action["verb"] for action in target["actions"]} - {"none"}
        for target in plan["targets"]
    }


def test_nothing_that_changed_is_nothing_read(committed: House) -> None:
    result = committed.run("plan", *SINCE)
    assert (result.exit_code, "left out, for nothing of them changed since HEAD: 3 of 3 targets" in result.out) == (
        0,
        True,
    )
    assert "What git says is what AWS holds" not in result.out
    assert [
        request.operation for request in committed.sandbox.requests if request.operation != "GetCallerIdentity"
    ] == []


def test_without_a_lock_nothing_that_changed_is_nothing_applied_where_no_region_is_named_besides(
    committed: House,
) -> None:
    path = committed.root / "specs" / "reconcile.yaml"
    path.write_text(path.read_text().replace(", regions: [us-west-2]", ""))
    commit(committed.root, "regions stand in specs alone")
    result = committed.run("apply", "--yes", *SINCE)
    assert (result.exit_code, committed.sandbox.writes) == (0, [])


def test_lock_and_reports_are_reached_where_nothing_changed_and_no_region_is_named_besides(committed: House) -> None:
    path = committed.root / "specs" / "reconcile.yaml"
    kept = "lock: s3://artifacts/lock.json\nreports: s3://artifacts/reports\n"
    path.write_text(path.read_text().replace(", regions: [us-west-2]", "") + kept)
    commit(committed.root, "a lock and reports, and regions in specs alone")
    result = committed.run("apply", "--yes", *SINCE)
    assert (result.exit_code, result.err.count("Traceback")) == (0, 0), result.err


def test_an_edited_spec_is_read_alone(committed: House) -> None:
    committed.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    committed.lambda_.update_function_configuration(FunctionName="two", Timeout=77)
    committed.sandbox.requests.clear()
    assert planned(committed, *SINCE) == {"one": {"update"}}
    asked = [
        request.params.get("FunctionName")
        for request in committed.sandbox.requests
        if request.operation == "GetFunction"
    ]
    assert asked == ["one"]
    assert committed.run("apply", "--yes", *SINCE).exit_code == 0
    assert [request.params["FunctionName"] for request in committed.sandbox.writes] == ["one"]


def test_a_new_spec_and_one_that_moved_belong_to_the_change(committed: House) -> None:
    committed.write("new.yaml", function_spec("new"))
    (committed.root / "specs" / "deeper").mkdir()
    (committed.root / "specs" / "two.yaml").rename(committed.root / "specs" / "deeper" / "two.yaml")
    assert planned(committed, *SINCE) == {"new": {"create"}, "two": set()}


def test_local_code_that_changed_belongs_to_the_change(committed: House) -> None:
    (committed.root / "specs" / "src" / "lambda_function.py").write_text("x = 2\n")
    assert planned(committed, *SINCE) == {"local": {"update"}}
    (committed.root / "specs" / "src" / "lambda_function.py").write_text("x = 1\n")
    (committed.root / "specs" / "src" / "new.py").write_text("")
    assert planned(committed, *SINCE) == {"local": {"update"}}


def test_an_event_that_changed_belongs_to_the_change(committed: House) -> None:
    event = committed.root / "events" / "order.json"
    event.parent.mkdir()
    event.write_text('{"id": 1}')
    rollout = "rollout: {steps: [{weight: 0.1, bake: 1m}], smoke: [{event: ../events/order.json}], analysis: {errors: {max: 2%}}}"
    released = f"publish: true\naliases:\n  live:\n    FunctionVersion: published\n    {rollout}\n"
    committed.write("one.yaml", function_spec("one", extra=released))
    commit(committed.root, "an event")
    assert planned(committed, *SINCE) == {}
    event.write_text('{"id": 2}')
    assert set(planned(committed, *SINCE)) == {"one"}


def test_another_reconcile_yaml_concerns_every_target(committed: House) -> None:
    path = committed.root / "specs" / "reconcile.yaml"
    path.write_text(path.read_text() + "guards: {maxDeletes: 3}\n")
    result = committed.run("plan", *SINCE)
    assert "specs/reconcile.yaml is another than at HEAD, so every target counts as changed" in result.out
    assert set(planned(committed, *SINCE)) == {"one", "two", "local"}


def test_a_spec_that_is_gone_is_told_and_pruned_only_where_that_is_asked(committed: House) -> None:
    committed.remove("two.yaml")
    committed.lambda_.create_function(
        FunctionName="orphan", Runtime="python3.13", Handler="a.b", Role="arn:aws:iam::123456789012:role/lambda",
        Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, Tags={"reconcile:managed-by": "shop"},
    )  # fmt: skip
    committed.sandbox.requests.clear()
    told = committed.run("plan", *SINCE).out
    assert "test/us-west-2/two has had no spec since HEAD: it stays as it is, an orphan" in told
    assert planned(committed, *SINCE) == {}
    assert planned(committed, *SINCE, "--prune") == {"two": {"delete"}}
    assert committed.run("apply", "--yes", *SINCE, "--prune", "--allow-deletes", "1").exit_code == 0
    left = {item["FunctionName"] for item in committed.lambda_.list_functions()["Functions"]}
    assert left == {"one", "local", "orphan"}


def test_what_another_house_holds_is_not_pruned(committed: House) -> None:
    committed.remove("two.yaml")
    arn = "arn:aws:lambda:us-west-2:123456789012:function:two"
    committed.lambda_.tag_resource(Resource=arn, Tags={"reconcile:managed-by": "bakery"})
    result = committed.run("apply", "--yes", *SINCE, "--prune")
    assert (result.exit_code, "managed by bakery" in result.out) == (21, True)


def test_a_function_that_git_renamed_waits_for_its_successor(committed: House) -> None:
    committed.remove("two.yaml")
    committed.write("three.yaml", function_spec("three", extra="was: two\n"))
    committed.write("two-gone.yaml", "function: two\naccount: test\nregion: us-west-2\nstate: absent\n")
    result = committed.run("plan", *SINCE)
    assert "renamed to three" in result.out
    assert "renamed from two" in result.out


def test_one_change_among_many_costs_a_handful_of_calls(committed: House) -> None:
    extra = "publish: true\naliases: {live: {FunctionVersion: published}}\n" + QUEUE.replace("'}}", "', alias: live}}")
    for number in range(30):
        committed.write(f"f{number}.yaml", function_spec(f"f{number}", extra=extra.replace(":q'", f":q{number}'")))
    committed.apply()
    commit(committed.root, "thirty more")
    committed.write("f7.yaml", function_spec("f7", configuration="Timeout: 9", extra=extra.replace(":q'", ":q7'")))
    committed.sandbox.requests.clear()
    assert planned(committed, *SINCE) == {"f7": {"update", "create"}}
    assert len(committed.sandbox.requests) <= 15


@pytest.mark.parametrize(
    ("revision", "told"),
    [
        ("nowhere", "in CI, fetch the base branch"),
        ("--upload-pack=x", "is no revision"),
        ("0" * 40, "so GitHub tells of a branch that is new; compare with the branch it began at"),
    ],
)
def test_a_revision_that_there_is_not_is_told(committed: House, revision: str, told: str) -> None:
    result = committed.run("plan", f"--changed-since={revision}")
    assert (result.exit_code, "no revision" in result.err, result.out) == (2, True, "")
    assert told in result.err


def test_with_a_base_the_base_judges_what_changed(committed: House) -> None:
    committed.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    plan = committed.plan("--base", "HEAD", *SINCE)
    (target,) = plan["targets"]
    assert target["actions"][0]["cause"] == "edit"


@pytest.mark.parametrize("how", ["a flag", "reconcile.yaml"])
def test_a_spec_that_moved_out_of_the_paths_is_not_gone(committed: House, how: str) -> None:
    if how == "reconcile.yaml":
        path = committed.root / "specs" / "reconcile.yaml"
        path.write_text(path.read_text() + "prune: true\n")
    for folder in ("a", "b"):
        (committed.root / "specs" / folder).mkdir()
    committed.remove("two.yaml")
    committed.write("a/two.yaml", function_spec("two"))
    commit(committed.root, "in a")
    (committed.root / "specs" / "a" / "two.yaml").rename(committed.root / "specs" / "b" / "two.yaml")
    committed.write("a/three.yaml", function_spec("three"))
    committed.sandbox.requests.clear()
    flags = ("--prune",) if how == "a flag" else ()
    result = committed.run("apply", "specs/a", "--yes", *SINCE, *flags)
    assert result.exit_code == (21 if flags else 0)
    assert "has had no spec" not in result.out
    assert "DeleteFunction" not in committed.writes()
