"""A plan as a comment: the verdict, what is grave, a row for what is alike, differences, notes; and all of it in little room."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from reconciler.report.formats import View
from reconciler.report.formats.markdown import plan as markdown
from tests.conftest import CONFIG, House, function_spec
from tests.report.pages import OURS, nodes
from tests.report.test_hostile_text import field, nasty, note, plan, target
from tests.spec.test_hostile_git import git

GITHUB = View(repository_url="https://github.com/o/r", commit="c" * 40, run_url="https://github.com/o/r/actions/runs/1")
LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
ABSENT = "function: {}\naccount: test\nregion: us-west-2\nstate: absent\n"


def source(file: str, line: int = 8) -> dict[str, Any]:
    return {"file": file, "line": line}


def action(address: str, verb: str = "update", kind: str = "alias", fields: Any = (), **more: Any) -> dict[str, Any]:
    return {"address": address, "kind": kind, "verb": verb, "cause": None, "reason": "", "fields": list(fields), **more}


def like(number: int) -> dict[str, Any]:
    """A change that many functions share, but for what is each one's own."""
    name = f"t/r/team-function-{number:03d}"
    edited = {"cause": "edit", "source": source(f"specs/{number:03d}.yaml"), "author": "298e84ed01 Ada"}
    made = target(
        name,
        field(256, 512, "/configuration/MemorySize", **edited),
        field(f"hash{number}", f"other{number}", "/code/CodeSha256", **edited),
        field(f"team-function-{number:03d}/v1.zip", f"team-function-{number:03d}/v2.zip", "/code/S3Key", **edited),
    )
    version = action(f"{name}/version/published", "create", "version", reason=f"code or configuration differ from version {number}")  # fmt: skip
    moved = field(str(number), "(known after apply)", "/aliases/live/FunctionVersion", known_after_apply=True)
    traffic = {"before": {str(number): 1.0}, "after": {"published": 1.0}, "next_version": str(number + 1)}
    made["actions"] += [version, action(f"{name}/alias/live", fields=[moved], traffic=traffic)]
    return made


def test_five_hundred_like_changes_are_one_row_in_little_room() -> None:
    notes = [{**note(f"t/r/team-function-{number:03d} is left", "note"), "address": f"t/r/team-function-{number:03d}"} for number in range(500)]  # fmt: skip
    text = markdown(plan(*map(like, range(500)), notes=notes), GITHUB)
    assert len(text.encode()) <= 4_000
    assert text.splitlines()[0] == "### 🟡 500 functions change, live traffic moves · nothing is deleted"
    (row,) = re.findall(r"^\| 🔀 .*$", text, re.MULTILINE)
    assert "<b>500 functions</b>" in row
    assert "<code>live</code> 100 %: its version → <b>new</b>" in row
    assert "<code>MemorySize</code> 256 → <b>512</b>" in row
    assert "and 499 functions more" in row
    assert text.count("<details") == 1
    assert '+     code.S3Key: "{{ function }}/v2.zip"' in text


def test_a_deletion_that_is_refused_is_no_deletion() -> None:
    gone = target("t/r/one") | {"actions": [action("t/r/one", "delete", "function")]}
    text = markdown(plan(gone, notes=[{**note("t/r/one was not approved", "refusal"), "address": "t/r/one"}]))
    assert text.splitlines()[0] == "### 🔴 1 function is refused · nothing is deleted"


def test_one_that_differs_has_its_own_row() -> None:
    odd = like(2)
    odd["actions"][0]["fields"][0]["after"] = 1024
    text = markdown(plan(like(0), like(1), odd, like(3)))
    assert re.findall(r"^\| 🔀 \| <b>(.*?)</b>", text, re.MULTILINE) == ["3 functions", "team-function-002"]


def test_what_all_of_them_share_is_shown_as_it_is() -> None:
    text = markdown(plan(*(target(f"t/r/{name}", field("1", "2", "/code/CodeSha256")) for name in "abc")))
    assert "-     code.CodeSha256: 1\n" in text
    assert "a, b, c" in text


@pytest.mark.parametrize(
    ("count", "fields", "is_open"), [(1, 30, True), (2, 2, True), (2, 3, False), (3, 2, False)],
    ids=["one function", "ten lines", "fourteen lines", "fifteen lines"],
)  # fmt: skip
def test_differences_are_open_where_they_are_little_to_read(count: int, fields: int, is_open: bool) -> None:
    made = [
        target(f"t/r/f{one}", *(field(f"v{one}", two, f"/tags/{two}") for two in range(fields))) for one in range(count)
    ]
    assert ("<details open>" in markdown(plan(*made))) == is_open


def test_three_hundred_that_are_refused() -> None:
    targets = [target(f"t/r/fn{number:03d}", field(20, 25, "/configuration/Timeout")) for number in range(252)]
    role = field(
        "arn:aws:iam::123456789012:role/greeter", "arn:aws:iam::123456789012:role/checkout", "/configuration/Role"
    )
    targets += [
        target(f"t/r/fn{number:03d}", field(20, 25, "/configuration/Timeout"), role) for number in range(252, 280)
    ]
    targets += [target(f"t/r/fn{number:03d}", verb="delete", reason="state: absent") for number in range(280, 290)]
    orphans = [f"t/r/fn{number:03d}" for number in range(290, 300)]
    text = markdown(plan(*targets, notes=[note("the plan deletes or replaces 10", "refusal")], orphans=orphans))
    lines = text.splitlines()
    assert lines[0] == "### 🔴 Refused: 10 functions would be deleted, 280 would change · role changes"
    assert lines[2] == "- 🔴 <b>refused</b> the plan deletes or replaces 10"
    assert lines[4].startswith("- ⛔ <b>deleted</b> 10 functions: fn280, fn281, ")
    assert lines[6].startswith("- ❗ <b>role</b> role/greeter → <b>role/checkout</b>: 28 functions: fn252, ")
    assert [line.partition(",")[0] for line in lines if line.startswith("| ")][1:] == [
        "| ⛔ | <b>10 functions</b><br><sub>fn280", "| ✎ | <b>28 functions</b><br><sub>fn252", "| ✎ | <b>252 functions</b><br><sub>fn000"
    ]  # fmt: skip
    assert len(text) <= 6_000


CONCERNS = {
    "public access": ("/urls/live/AuthType", "AWS_IAM", "NONE", True),
    "a URL that asks for a signature": ("/urls/live/AuthType", "NONE", "AWS_IAM", False),
    "public access ": ("/permissions/live/all/Principal", "s3.amazonaws.com", "*", True),
    "access of another account": ("/permissions/live/b/Principal", "s3.amazonaws.com", "999999999999", True),
    "access of another account ": (
        "/permissions/$LATEST/b/Principal", "123456789012", "arn:aws:iam::999999999999:role/r", True,
    ),
    "an account of ours": ("/permissions/live/b/Principal", "*", "123456789012", False),
    "a role of ours": ("/permissions/live/b/Principal", "*", "arn:aws:iam::123456789012:role/r", False),
    "access under fewer conditions": ("/permissions/live/s3/SourceArn", "arn:aws:s3:::b", None, True),
    "another condition": ("/permissions/live/s3/SourceArn", "arn:aws:s3:::b", "arn:aws:s3:::c", False),
    "stop": ("/concurrency/ReservedConcurrentExecutions", 5, 0, True),
    "fewer executions": ("/concurrency/ReservedConcurrentExecutions", 5, 1, False),
    "logs deleted earlier": ("/log_group/retention_days", 30, 14, True),
    "logs deleted earlier ": ("/log_group/retention_days", None, 3653, True),
    "logs kept for longer": ("/log_group/retention_days", 14, 30, False),
    "logs kept for ever": ("/log_group/retention_days", 14, None, False),
    "role": ("/configuration/Role", "r1", "r2", True),
    "KMS key": ("/configuration/KMSKeyArn", "k1", None, True),
    "VPC": ("/configuration/VpcConfig/SubnetIds", ["a"], ["b"], True),
    "layer of another account": ("/configuration/Layers", [], ["arn:aws:lambda:us-west-2:999999999999:layer:x:1"], True),
    "a layer of ours": ("/configuration/Layers", [], ["arn:aws:lambda:us-west-2:123456789012:layer:x:1"], False),
    "a timeout": ("/configuration/Timeout", 1, 2, False),
}  # fmt: skip


@pytest.mark.parametrize("word", CONCERNS)
def test_what_is_grave_is_told_before_the_table(word: str) -> None:
    path, before, after, is_grave = CONCERNS[word]
    made = plan(target("t/r/f", field(before, after, path)))
    made["configuration"] = {"accounts": [{"name": "t", "values": {"/aws/accounts/t/accountId": "123456789012"}}]}
    text = markdown(made)
    assert (f"- ❗ <b>{word.strip()}</b>" in text.partition("| function |")[0]) == is_grave
    assert text.startswith("### 🟠" if is_grave else "### 🟡")


def test_a_new_function_is_asked_only_for_what_it_opens() -> None:
    url = action("t/r/f/url/live", "create", "url", [field(None, "NONE", "/urls/live/AuthType")])
    made = target("t/r/f", field(None, "r", "/configuration/Role"), verb="create")
    text = markdown(plan({**made, "actions": [*made["actions"], url]}))
    assert "- ❗ <b>public access</b> url/live <b>NONE</b>: f\n" in text
    assert "<b>role</b>" not in text


def test_a_new_permission_is_asked_only_for_whom_it_lets_in() -> None:
    said = {"Principal": "*", "Action": "lambda:InvokeFunction"}
    fields = [field(None, value, f"/permissions/live/all/{member}") for member, value in said.items()]
    made = target("t/r/f")
    text = markdown(plan({**made, "actions": [action("t/r/f/permission/live/all", "create", "permission", fields)]}))
    assert "- ❗ <b>public access</b> permission/live/all <b>&#42;</b>: f\n" in text
    assert "<b>new</b> permission <code>live/all</code>" in text
    assert "conditions" not in text


@given(nasty, nasty)
def test_no_text_of_a_plan_becomes_markdown(one: str, two: str) -> None:
    where = source(two)
    made = target(f"t/r/{one}", field(one, two, f"/tags/{two}", cause="both", source=where, author=one), reason=two)
    shares = {"before": {one: 1.0}, "after": {two: 0.5, "published": 0.5}, "next_version": "2"}
    made["actions"].append(action(f"t/r/{one}/alias/{two}", reason=one, traffic=shares, cause="drift", author=two))
    gone = target(f"t/r/{two}", verb="delete", reason=one)
    notes = [{**note(one, "refusal", where), "address": one}, note(two), note(one, "note"), note(one, "note")]
    document = plan(made, gone, notes=notes, orphans=[one])
    document["provenance"] = {"commit": one, "dirty": True}
    assert nodes(markdown(document, View(repository_url=GITHUB.repository_url, run_url=GITHUB.run_url))) <= OURS
    document["provenance"] = {"commit": "c" * 40, "dirty": False}
    assert nodes(markdown(document, GITHUB)) <= OURS


def test_what_only_the_base_changed_is_an_alert_and_what_is_not_applied_yet_is_said_in_its_row() -> None:
    late = field(3, 9, "/configuration/Timeout", cause="unapplied", source=source("a.yaml"))
    old = field(512, 128, "/configuration/MemorySize", cause="behind", source=source("a.yaml"))
    made = target("t/r/one", late, old)
    made["actions"].append(action("t/r/one/alias/canary", "delete", cause="behind"))
    text = markdown(plan(made), GITHUB)
    alert = [line for line in text.splitlines() if line.startswith("> ")]
    assert alert[:2] == ["> [!NOTE]", "> **Behind its base**: only the base changed this, and a merge keeps it; bring the branch up to date to see what merging does."]  # fmt: skip
    assert alert[2:] == [
        "> - one <code>configuration&#46;MemorySize</code>: 512 → <b>128</b>",
        "> - one delete alias/canary",
    ]
    assert "<code>MemorySize</code> 512 → <b>128</b> ⏪ <i>behind its base</i>" in text
    assert "<code>Timeout</code> 3 → <b>9</b> ⏳ <i>not applied yet</i>" in text
    assert "+     configuration.Timeout: 9    not applied yet  a.yaml:8" in text
    assert "deleted</b> alias/canary one behind its base" in text
    assert "**Drift**" not in text


# --- over the sandbox ------------------------------------------------------------------------------------------------


def test_traffic_is_told_with_the_versions_that_it_goes_to(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    assert "<code>live</code> 100 %: → <b>1</b>" in house.run("plan", "--format", "markdown").out
    house.apply()
    house.write("checkout.yaml", function_spec(configuration="MemorySize: 512", extra=LIVE))
    out = house.run("plan", "--format", "markdown").out
    assert "<code>live</code> 100 %: 1 → <b>new (2)</b>" in out
    assert out.splitlines()[0] == "### 🟡 1 function changes, live traffic moves · nothing is deleted"
    canary = LIVE.replace("published}", 'published, RoutingConfig: {AdditionalVersionWeights: {"1": 0.25}}}')
    house.write("checkout.yaml", function_spec(configuration="MemorySize: 512", extra=canary))
    out = house.run("plan", "--format", "markdown").out
    assert "<code>live</code>: 1 100 &#37; → <b>new (2) 75 &#37;, 1 25 &#37;</b>" in out
    house.apply()
    assert house.run("plan", "--format", "markdown").out.splitlines()[0].startswith("### 🟢 No changes.")
    house.write("checkout.yaml", function_spec(configuration="MemorySize: 512", extra="publish: true\naliases: {}\n"))
    assert "<code>live</code>: 2 75 &#37;, 1 25 &#37; → <b>none</b>" in house.run("plan", "--format", "markdown").out


def test_no_version_is_foretold_where_none_is_published(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    house.write("checkout.yaml", function_spec(extra=LIVE.replace("published}", "$LATEST}")))
    (action,) = [one for one in house.plan()["targets"][0]["actions"] if one["verb"] == "update"]
    assert action["traffic"] == {"before": {"1": 1.0}, "after": {"$LATEST": 1.0}}


def committed(house: House) -> None:
    if not (house.root / ".git").exists():
        git(house.root, "init", "-q", "-b", "main")
    git(house.root, "add", "specs")
    git(house.root, "-c", "user.name=Ada", "commit", "-qm", "a change")


def test_drift_is_an_alert_and_an_edit_leads_to_its_line_and_author(house: House) -> None:
    house.write("checkout.yaml", function_spec(configuration="MemorySize: 128\nTimeout: 30"))
    house.apply()
    committed(house)
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=99)
    house.write("checkout.yaml", function_spec(configuration="MemorySize: 512\nTimeout: 30"))
    committed(house)
    out = house.run("plan", "--base", "HEAD~1", "--format", "markdown").out
    alert = [line for line in out.splitlines() if line.startswith("> ")]
    assert alert[0] == "> [!WARNING]"
    assert alert[-1] == "> - checkout <code>configuration&#46;Timeout</code>: 99 → <b>30</b>"
    assert re.search(r"\| checkout&#46;yaml:8 [0-9a-f]{10} Ada \|$", out, re.MULTILINE)
    assert re.search(r"^\+ .*MemorySize: 512 +edit +specs/checkout.yaml:8 +[0-9a-f]{10} Ada$", out, re.MULTILINE)
    assert re.search(r"^\+ .*Timeout: 30 +drift +specs/checkout.yaml:9$", out, re.MULTILINE)


def test_code_is_told_by_source_and_hash_and_what_aws_does_not_tell_as_git_said_it(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    committed(house)
    house.write("checkout.yaml", function_spec(key="v2.zip"))
    committed(house)
    text = house.run("plan", "--base", "HEAD~1", "-o", "plan.json").out
    assert re.search(r"code\.S3Key +\(not told by AWS; git said v1\.zip\) → v2\.zip +edit", text)
    assert re.search(r"code\.S3Bucket +\(not told by AWS\) → artifacts +edit", text)  # as before
    hashes = re.search(r"CodeSha256 +(\S{44}) → (\S{44})", text)
    assert hashes
    row = f"v1&#46;zip (git) → <b>v2&#46;zip</b> <sub>{hashes[1][:8]} → {hashes[2][:8]}</sub>"
    assert row in house.run("plan", "--base", "HEAD~1", "--format", "markdown").out
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0  # which knows nothing of a base


ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/checkout"


@pytest.mark.parametrize(
    ("before", "after", "row"),
    [
        (
            f"{ECR}@sha256:{'a' * 64}",
            f"{ECR}:v2",
            "team/checkout&#64;&#8203;sha256:aaaaaaaa&#8230; → <b>team/checkout:v2</b>",
        ),
        ("registry.example.com/app:1", "registry.example.com/app:2", "registry&#46;example&#46;com/app:1 → "),
        ("x" * 70, "y" * 70, "(long, see the diff) → <b>(long, see the diff)</b>"),
    ],
)
def test_an_image_is_told_without_its_registry_and_with_its_digests(before: str, after: str, row: str) -> None:
    changed = field(before, after, "/code/ImageUri"), field("a" * 64, "b" * 64, "/code/CodeSha256")
    out = markdown(plan(target("t/r/checkout", *changed)))
    assert row in out
    assert "<sub>aaaaaaaa → bbbbbbbb</sub>" in out


def test_functions_alike_show_no_hash_that_is_one_functions_own() -> None:
    targets = [target(f"t/r/f{letter}", field("0" * 44, letter * 44, "/code/CodeSha256")) for letter in "abc"]
    assert "<sub>00000000 → aaaaaaaa</sub>" in markdown(plan(targets[0]))
    row = next(line for line in markdown(plan(*targets)).splitlines() if "3 functions</b>" in line)
    assert "new <code>code</code> |" in row


def test_a_tombstone_is_told_by_the_change_that_sets_it(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.write("old.yaml", ABSENT.format("old"))
    committed(house)
    house.write("new.yaml", ABSENT.format("new"))
    out = house.run("plan", "--base", "HEAD", "--format", "markdown").out
    assert "test/us-west-2/new is already absent" in out
    assert "test/us-west-2/old" not in out
    assert "test/us-west-2/old is already absent" in house.run("plan", "--base", "HEAD").out


def test_the_foot_tells_one_plan_from_another(house: House) -> None:
    house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    house.write("checkout.yaml", function_spec(extra=LIVE))
    plan = house.plan()
    foot = house.run("plan", "--format", "markdown").out.splitlines()[-1]
    assert re.fullmatch(
        rf"<sub>2 AWS calls and about \d+ looks, about \d+ s · 0 resources unchanged · plan {plan['digest'][:8]} · AWS at [-0-9T:.]+Z</sub>",
        foot,
    )
