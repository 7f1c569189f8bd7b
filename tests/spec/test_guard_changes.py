"""With a base, a pull request does not loosen its own guards: the base judges, and what differs is told first."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from reconciler.spec.loosening import common
from tests.conftest import CONFIG, ROLE, House, Result, function_spec

OTHER = "210987654321"
ENTRY = '{name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2]}'
OFF = '\n    - {name: off, accountId: "111111111111", regions: [us-west-2]}\n'
JUDGES = CONFIG.rstrip() + OFF + "managedBy: shop\nguards: {maxDeletes: 0, maxDeletePercent: 10}\n"
ABSENT = "function: {}\naccount: test\nregion: us-west-2\nstate: absent\n"
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]


def git(house: House, *words: str) -> None:
    subprocess.run([*GIT, *words], cwd=house.root, check=True, capture_output=True)


def based(house: House, *names: str, config: str = JUDGES) -> None:
    """A house with these functions applied and committed as `base`."""
    house.write("reconcile.yaml", config, stock=False)
    for name in names or ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name.rpartition("/")[2]))
    house.apply()
    git(house, "init", "-q", "-b", "base")
    (house.root / ".gitignore").write_text("reports\nplan.json\n")
    git(house, "add", "-A")
    git(house, "commit", "-qm", "base")
    git(house, "checkout", "-qb", "change")
    house.sandbox.requests.clear()


def rewritten(house: House, old: str, new: str, name: str = "reconcile.yaml") -> None:
    path = house.root / "specs" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def told(result: Result) -> list[str]:
    """The guard changes, which stand before everything else."""
    lines = result.out.splitlines()
    found = [line for line in lines if line.startswith("guard change: ")]
    assert lines[: len(found)] == found
    return [line.removeprefix("guard change: ") for line in found]


def changes(house: House, *arguments: str) -> dict[str, tuple[Any, Any]]:
    """Path -> (before, after), as the plan's document has them."""
    found = house.plan("--base", "base", *arguments)["configuration"]["changes"]
    return {f"{item['path'] or item['file']}": (item["before"], item["after"]) for item in found}


# --- reconcile.yaml -------------------------------------------------------------------------------------------------

TRICKS = {
    "maxDeletes raised": ("maxDeletes: 0", "maxDeletes: 9", {"/guards/maxDeletes": (0, 9)}),
    "maxDeletePercent raised": ("maxDeletePercent: 10", "maxDeletePercent: 100", {"/guards/maxDeletePercent": (10, 100)}),
    "guards taken out": (
        "guards: {maxDeletes: 0, maxDeletePercent: 10}\n", "",
        {"/guards/maxDeletes": (0, None), "/guards/maxDeletePercent": (10, None)},
    ),
    "another mark": ("managedBy: shop", "managedBy: bakery", {"/managedBy": ("shop", "bakery")}),
    "no mark": ("managedBy: shop\n", "", {"/managedBy": ("shop", None)}),
    "another account": ("123456789012", OTHER, {"/aws/accounts/test/accountId": ("123456789012", OTHER)}),
    "a role": ("regions: [us-west-2]}", "regions: [us-west-2], assumeRole: role/r}", {"/aws/accounts/test/assumeRole": (None, "arn:aws:iam::123456789012:role/r")}),
    "a profile": ("regions: [us-west-2]}", "regions: [us-west-2], profile: mine}", {"/aws/accounts/test/profile": (None, "mine")}),
    "an account enabled": ("{name: off,", "{name: off, lambdaEnabled: true,", {"/aws/accounts/off/lambdaEnabled": (None, True)}),
    "a lock": ("managedBy", "lock: s3://strangers/lock\nmanagedBy", {"/lock": (None, "s3://strangers/lock")}),
    "reports": ("managedBy", "reports: s3://strangers/r\nmanagedBy", {"/reports": (None, "s3://strangers/r")}),
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_the_base_judges_and_the_difference_is_told_first(house: House, trick: str) -> None:
    old, new, expected = TRICKS[trick]
    based(house)
    text = (house.root / "specs" / "reconcile.yaml").read_text()
    (house.root / "specs" / "reconcile.yaml").write_text(text.replace(old, new, 1))
    house.write("one.yaml", ABSENT.format("one"), stock=False)
    result = house.run("plan", "--base", "base")
    lines = told(result)
    assert all(line.startswith("specs/reconcile.yaml:") for line in lines)
    assert changes(house) == expected
    assert result.exit_code == 21
    assert "guards.maxDeletes is 0 and guards.maxDeletePercent is 10" in result.out
    assert house.run("apply", "--yes", "--base", "base").exit_code == 21
    assert house.writes() == []
    markdown = house.run("plan", "--base", "base", "--format", "markdown").out
    assert markdown.startswith("### 🔴 Refused: ")  # the verdict, and then nothing before the guard changes
    assert markdown.splitlines()[2].startswith("- **guard change** ")


def test_a_comment_or_another_order_is_no_guard_change(house: House) -> None:
    based(house)
    house.write("reconcile.yaml", "# ours\n" + JUDGES.replace("test, lambdaEnabled: true", "test"), stock=False)
    rewritten(house, "{name: test,", "{lambdaEnabled: true, name: test,")
    result = house.run("plan", "--base", "base")
    assert (told(result), result.exit_code) == ([], 0)


def test_what_a_guard_change_hides_is_hidden(house: House) -> None:
    based(house)
    rewritten(house, ENTRY, ENTRY.replace("regions", "externalId: sentinel-id, regions"))
    result = house.run("plan", "--base", "base", "-o", "plan.json")
    assert "sentinel" not in result.out + (house.root / "plan.json").read_text()
    assert told(result) == ['specs/reconcile.yaml:5: aws.accounts.test.externalId  (unset) → "(sensitive)"']


def test_reports_go_where_the_base_says(house: House) -> None:
    s3 = house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    for bucket in ("ours", "strangers"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    based(house, config=JUDGES + "reports: s3://ours/r\nlock: s3://ours/lock\n")
    rewritten(house, "s3://ours/r", "s3://strangers/r")
    rewritten(house, "s3://ours/lock", "s3://strangers/lock")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    assert house.run("apply", "--yes", "--base", "base").exit_code == 0
    assert "Contents" not in s3.list_objects_v2(Bucket="strangers")
    assert s3.list_objects_v2(Bucket="ours")["KeyCount"] == 4


def test_an_account_that_the_base_does_not_know_is_not_reached(house: House) -> None:
    """No pull request chooses by whose rights it is planned; what it does elsewhere is planned."""
    based(house)
    rewritten(
        house, OFF, f'\n    - {{name: mine, lambdaEnabled: true, accountId: "{OTHER}", assumeRole: role/mine}}\n{OFF}'
    )
    house.write("three.yaml", function_spec("three").replace("account: test", "account: mine"))
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    house.sandbox.requests.clear()
    result = house.run("plan", "--base", "base")
    assert result.exit_code == 21
    assert "account mine is not in the base's specs/reconcile.yaml; merge its entry first" in result.out
    assert "1 to update" in result.out
    assert {request.account for request in house.sandbox.requests} == {"123456789012"}
    assert [line.split("  ")[0].split(" ")[1] for line in told(result)] == [
        f"aws.accounts.mine.{name}" for name in ("accountId", "assumeRole", "lambdaEnabled", "name")
    ]
    assert house.plan("--base", "base")["summary"]["refused"] == 1
    report = house.apply("--base", "base")
    assert {task["target"]: task["status"]["failed"] for task in report["tasks"]} == {
        "mine/us-west-2/three": True, "test/us-west-2/one": False,
    }  # fmt: skip


def test_where_nothing_is_reached_the_guard_changes_are_told_all_the_same(house: House) -> None:
    based(house, config=JUDGES)
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name).replace("account: test", "account: off"), stock=False)
    rewritten(house, "{name: off,", "{name: off, lambdaEnabled: true,")
    result = house.run("plan", "--base", "base")
    assert result.exit_code == 21
    first, last = result.err.splitlines()[0], result.err.splitlines()[-1]
    assert first.startswith("error: guard change: specs/reconcile.yaml:6:")
    assert last == "error: account off is not enabled by the base's specs/reconcile.yaml; merge that first (R248)"


def test_a_house_that_the_base_switches_off_stays_off(house: House) -> None:
    based(house)
    git(house, "checkout", "-q", "base")
    rewritten(house, "lambda: {enabled: true}", "lambda: {enabled: false}")
    git(house, "commit", "-qam", "off")
    git(house, "checkout", "-q", "change")
    result = house.run("plan", "--base", "base")
    assert result.exit_code == 21
    assert "guard change: specs/reconcile.yaml:3: aws.lambda.enabled  false → true" in result.err
    assert "aws.lambda.enabled is false in the base's specs/reconcile.yaml" in result.err


def test_what_the_files_switch_off_is_off_whatever_the_base_says(house: House) -> None:
    based(house)
    rewritten(house, "lambda: {enabled: true}", "lambda: {enabled: false}")
    result = house.run("plan", "--base", "base")
    assert result.exit_code == 21
    assert "specs/reconcile.yaml: aws.lambda.enabled is false" in result.err


def test_a_region_that_the_base_does_not_allow_is_not_reached(house: House) -> None:
    based(house)
    rewritten(house, ENTRY, ENTRY.replace("us-west-2]", "us-west-2, eu-west-1]"))
    house.write("three.yaml", function_spec("three").replace("us-west-2", "eu-west-1"))
    result = house.run("plan", "--base", "base")
    assert result.exit_code == 21
    assert "account test has no eu-west-1 in the base's specs/reconcile.yaml; merge that first" in result.out


def test_a_base_that_cannot_judge_lets_nothing_pass(house: House) -> None:
    based(house)
    git(house, "checkout", "-q", "base")
    good = (house.root / "specs" / "reconcile.yaml").read_text()
    (house.root / "specs" / "reconcile.yaml").write_text(good + "gaurds: {}\n")
    git(house, "commit", "-qam", "broken")
    (house.root / "specs" / "reconcile.yaml").write_text(good)
    result = house.run("plan", "--base", "base")
    assert result.exit_code == 21
    assert "specs/reconcile.yaml of base cannot judge, for it is not valid" in result.err
    assert "mend it there first, or leave out --base (R247)\n" in result.err


def test_a_folder_that_is_a_link_at_the_base_is_followed_there(house: House) -> None:
    based(house)
    (house.root / "specs").rename(house.root / "real")
    (house.root / "specs").symlink_to("real")
    git(house, "add", "-A")
    git(house, "commit", "-qm", "linked")
    git(house, "branch", "-f", "base")
    rewritten(house, "maxDeletes: 0", "maxDeletes: 9")
    assert changes(house) == {"/guards/maxDeletes": (0, 9)}


def test_a_configuration_behind_a_link_judges_as_what_the_link_led_to(house: House) -> None:
    based(house)
    shared = house.root / "shared.yaml"
    (house.root / "specs" / "reconcile.yaml").rename(shared)
    (house.root / "specs" / "reconcile.yaml").symlink_to("../shared.yaml")
    git(house, "add", "-A")
    git(house, "commit", "-qm", "linked")
    git(house, "branch", "-f", "base")
    shared.write_text(JUDGES.replace("maxDeletes: 0", "maxDeletes: 9"))
    assert changes(house) == {"/guards/maxDeletes": (0, 9)}


# --- specs ----------------------------------------------------------------------------------------------------------


def test_what_a_spec_newly_ignores_is_compared_all_the_same(house: House) -> None:
    based(house)
    house.lambda_.update_function_configuration(FunctionName="one", Timeout=77, MemorySize=777)
    house.write("one.yaml", function_spec("one", extra="ignore: [/configuration/Timeout]\n"))
    result = house.run("plan", "--base", "base")
    assert told(result) == [
        "specs/one.yaml:10: ignore  (unset) → /configuration/Timeout  (compared all the same)",
    ]
    assert "configuration.Timeout" in result.out
    assert "configuration.MemorySize" in result.out


def test_what_a_wider_pattern_adds_is_compared_and_what_both_ignore_is_not(house: House) -> None:
    based(house)
    variables = "Environment: {Variables: {A1: a, B1: b}}"
    narrow = function_spec("one", configuration=variables, extra="ignore: [/configuration/Environment/Variables/A1]\n")
    house.write("one.yaml", narrow)
    house.apply()
    git(house, "commit", "-qam", "narrow")
    git(house, "branch", "-f", "base")
    house.write("one.yaml", narrow.replace("/configuration/Environment/Variables/A1", "/configuration/Environment"))
    live = {"Variables": {"A1": "theirs", "B1": "moved"}}
    house.lambda_.update_function_configuration(FunctionName="one", Environment=live)
    plan = house.plan("--base", "base")
    (fields,) = [action["fields"] for action in plan["targets"][0]["actions"]]
    assert [field["path"] for field in fields] == ["/configuration/Environment/Variables/B1"]
    assert changes(house) == {"/ignore": (None, "/configuration/Environment")}


@pytest.mark.parametrize(
    ("before", "now", "both"),
    [
        (["/a/b"], ["/a"], ("/a/b",)),
        (["/a"], ["/a/b"], ("/a/b",)),
        (["/a/*"], ["/a/b"], ("/a/b",)),
        (["/a/*/c"], ["/a/b"], ("/a/b/c",)),
        (["/tags/team-*"], ["/tags/team-x"], ("/tags/team-x",)),
        (["/tags/team-x"], ["/tags/team-*"], ("/tags/team-x",)),
        (["/tags/team-*"], ["/tags/team-x-*"], ("/tags/team-x-*",)),
        (["/tags/team-*"], ["/tags/*-x"], ()),
        (["/tags/team-*"], ["/tags/other-x"], ()),
        (["/tags/a[1]"], ["/tags/a[1]", "/tags/*"], ("/tags/a[1]",)),
        (["/a"], ["/b"], ()),
        ([], ["/a"], ()),
        (["/a/b~1c"], ["/a/*"], ("/a/b~1c",)),
    ],
)
def test_what_two_lists_ignore_is_the_narrower_of_each_pair(
    before: list[str], now: list[str], both: tuple[str, ...]
) -> None:
    assert common(before, now) == both


def test_what_the_base_ignores_stays_ignored(house: House) -> None:
    based(house)
    house.write("one.yaml", function_spec("one", extra="ignore: [/configuration/Timeout]\n"))
    git(house, "commit", "-qam", "ignored")
    git(house, "branch", "-f", "base")
    house.lambda_.update_function_configuration(FunctionName="one", Timeout=77)
    result = house.run("plan", "--base", "base")
    assert (told(result), house.verbs("--base", "base")) == ([], {})


@pytest.mark.parametrize("name", ["adopt", "allow_replace"])
def test_what_a_spec_allows_itself_is_told(house: House, name: str) -> None:
    based(house)
    house.write("one.yaml", function_spec("one", extra=f"{name}: true\n"))
    assert told(house.run("plan", "--base", "base")) == [f"specs/one.yaml:10: {name}  (unset) → true"]


def test_a_file_that_was_moved_has_no_more_to_hide(house: House) -> None:
    based(house)
    git(house, "mv", "specs/one.yaml", "specs/renamed.yaml")
    rewritten(house, "S3Key: v1.zip}\n", "S3Key: v1.zip}\nignore: [/configuration/Timeout]\n", "renamed.yaml")
    house.lambda_.update_function_configuration(FunctionName="one", Timeout=77)
    result = house.run("plan", "--base", "base")
    assert told(result) == ["specs/renamed.yaml:10: ignore  (unset) → /configuration/Timeout  (compared all the same)"]
    assert "configuration.Timeout" in result.out


def test_more_guard_changes_than_a_comment_holds_are_counted_by_file(house: House) -> None:
    based(house)
    keys = ", ".join(f"/tags/{'x' * 100}{number}" for number in range(400))
    house.write("one.yaml", function_spec("one", extra=f"ignore: [{keys}]\n"))
    text = house.run("plan", "--base", "base", "--format", "markdown").out
    assert len(text) <= 60_000
    (line,) = [line for line in text.splitlines() if "guard changes more, in" in line]
    assert line.endswith(" more, in specs/one&#46;yaml; reconcile plan -o plan.json writes the whole plan")
    assert text.count("- **guard change**") + int(line.split()[3]) == 401
    assert len(told(house.run("plan", "--base", "base"))) == 400


# --- which reconcile.yaml -------------------------------------------------------------------------------------------


def nested(house: House, *arguments: str) -> Result:
    return house.run("plan", "--base", "base", *arguments)


def test_a_second_reconcile_yaml_nearer_to_the_specs_does_not_judge(house: House) -> None:
    based(house, "shop/one", "shop/two")
    house.write("shop/reconcile.yaml", CONFIG, stock=False)
    house.write("shop/one.yaml", ABSENT.format("one"), stock=False)
    result = nested(house, "specs/shop")
    assert result.exit_code == 21
    assert "guards.maxDeletes is 0" in result.out
    first, *rest = told(result)
    assert first == (
        "specs/shop/reconcile.yaml:1: file  specs/reconcile.yaml → specs/shop/reconcile.yaml"
        "  (specs/reconcile.yaml of base judges)"
    )
    assert any("managedBy  shop → (unset)" in line for line in rest)
    (line,) = told(nested(house))
    assert line.startswith("specs/shop/reconcile.yaml:1: file  (unset) → specs/shop/reconcile.yaml")


def test_a_reconcile_yaml_that_went_still_judges(house: House) -> None:
    based(house, "one", "two")
    house.remove("reconcile.yaml")
    (house.root / "reconcile.yaml").write_text(CONFIG)
    house.write("one.yaml", ABSENT.format("one"), stock=False)
    result = nested(house)
    assert result.exit_code == 21
    assert told(result)[0].startswith("reconcile.yaml:1: file  specs/reconcile.yaml → reconcile.yaml")
    assert "guards.maxDeletes is 0" in result.out
    (house.root / "reconcile.yaml").unlink()
    assert nested(house).exit_code == 20


def test_specs_behind_a_link_are_judged_by_what_governed_the_link(house: House) -> None:
    based(house, "one", "two")
    lax = house.root / "lax"
    (house.root / "specs").rename(lax)
    (lax / "reconcile.yaml").write_text(CONFIG)
    (lax / "one.yaml").write_text(ABSENT.format("one"))
    two = (lax / "two.yaml").read_text()
    (lax / "two.yaml").write_text(two + "ignore: [/configuration/Timeout]\n")
    house.lambda_.update_function_configuration(FunctionName="two", Timeout=77)
    (house.root / "specs").symlink_to("lax")
    result = nested(house)
    assert result.exit_code == 21
    assert "guards.maxDeletes is 0" in result.out
    assert "configuration.Timeout" in result.out


def test_a_spec_that_moves_below_another_reconcile_yaml_is_told(house: House) -> None:
    (house.root / "lax").mkdir()
    (house.root / "lax" / "reconcile.yaml").write_text(CONFIG)
    (house.root / "lax" / "three.yaml").write_text(function_spec("three"))
    based(house)
    git(house, "mv", "specs/one.yaml", "lax/one.yaml")
    result = nested(house, "lax")
    assert told(result) == [
        "lax/one.yaml:1: file  specs/one.yaml → lax/one.yaml  (specs/one.yaml was under specs/reconcile.yaml)"
    ]


def test_a_first_reconcile_yaml_judges_itself_and_is_told_once(house: House) -> None:
    (house.root / "readme").write_text("x")
    for words in (["init", "-q", "-b", "base"], ["add", "readme"], ["commit", "-qm", "first"]):
        git(house, *words)
    house.write("reconcile.yaml", JUDGES, stock=False)
    house.write("one.yaml", function_spec("one", extra="adopt: true\n"))
    result = nested(house)
    assert result.exit_code == 0
    (line,) = told(result)
    assert line.endswith("(at base there is none to judge, so this one does)")


# --- approval -------------------------------------------------------------------------------------------------------


def test_a_plan_with_a_guard_change_that_was_reviewed_is_applied_after_the_merge(house: House) -> None:
    based(house)
    rewritten(house, "maxDeletes: 0", "maxDeletes: 5")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    assert nested(house, "-o", "plan.json").exit_code == 0
    house.writes()
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0
    assert house.writes() == ["UpdateFunctionConfiguration"]


def test_an_account_that_was_looked_at_elsewhere_is_not_approved(house: House) -> None:
    """The base's account was compared; the merge points its name to another."""
    based(house)
    rewritten(house, "123456789012", OTHER)
    rewritten(house, "regions: [us-west-2]}", "regions: [us-west-2], assumeRole: role/r}")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    assert nested(house, "-o", "plan.json").exit_code == 0
    house.writes()
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 23
    assert f"+/aws/accounts/test/accountId: {OTHER}" in result.out
    assert house.writes() == []


def test_what_is_judged_otherwise_is_not_said_to_be_alike(house: House) -> None:
    based(house)
    assert house.plan("--base", "base")["in_sync"]
    rewritten(house, "managedBy: shop", "managedBy: bakery")
    assert not house.plan("--base", "base")["in_sync"]
    assert ROLE in (house.root / "specs" / "one.yaml").read_text()
