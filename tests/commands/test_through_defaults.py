"""Defaults in git: a change of them is a change of every spec that extends them, and what they loosen is told as if each said it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.apply.houses import commit
from tests.conftest import ACCOUNT, CONFIG, ROLE, House
from tests.spec.test_guard_changes import told

OTHERS = "\n    - {name: prod, lambdaEnabled: true, accountId: '210987654321', regions: [us-west-2], assumeRole: role/reconcile}"
DEFAULTS = f"""defaults: python
configuration:
  Runtime: python3.13
  Handler: app.handler
  Role: {ROLE}
  MemorySize: 256
code: {{S3Bucket: artifacts, S3Key: v1.zip}}
"""
SPEC = "function: {}\nextends: ../defaults/python.yaml\naccount: test\nregion: us-west-2\ntags: {{name: {}}}\n"


@pytest.fixture
def committed(house: House) -> House:
    """Two functions that extend defaults, and one that does not, live and committed as `base`."""
    house.write("reconcile.yaml", CONFIG, stock=False)
    house.write("defaults/python.yaml", DEFAULTS)
    for name in ("one", "two"):
        house.write(f"shop/{name}.yaml", SPEC.format(name, name))
    alone = DEFAULTS.replace("defaults: python", "function: alone\naccount: test\nregion: us-west-2")
    house.write("shop/alone.yaml", alone)
    house.apply()
    subprocess.run(["git", "init", "-q", "-b", "base"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports/\n")
    commit(house.root, "all that lives")
    subprocess.run(["git", "checkout", "-qb", "change"], cwd=house.root, check=True)
    return house


def changed_defaults(house: House, old: str, new: str) -> Path:
    return house.write("defaults/python.yaml", DEFAULTS.replace(old, new), stock=False)


@pytest.mark.parametrize("path", ["specs", "specs/shop"])
def test_changed_defaults_select_the_specs_that_extend_them(committed: House, path: str) -> None:
    changed_defaults(committed, "MemorySize: 256", "MemorySize: 512")
    result = committed.run("plan", path, "--changed-since", "base", "--format", "json")
    assert [target["address"] for target in result.json()["targets"]] == ["test/us-west-2/one", "test/us-west-2/two"]


def test_a_changed_default_is_an_edit_of_whoever_wrote_its_line(committed: House) -> None:
    changed_defaults(committed, "MemorySize: 256", "MemorySize: 512")
    made = commit(committed.root, "more memory")
    fields = [
        field
        for target in committed.plan("--base", "base")["targets"]
        for action in target["actions"]
        for field in action["fields"]
    ]
    assert [(field["path"], field["cause"], field["author"], field["source"]) for field in fields] == [
        ("/configuration/MemorySize", "edit", f"{made[:10]} Ada", {"file": "specs/defaults/python.yaml", "line": 6})
    ] * 2


def test_what_moved_into_defaults_is_no_change_and_drift_stays_drift(committed: House) -> None:
    committed.write("defaults/python.yaml", DEFAULTS.replace("  MemorySize: 256\n", ""), stock=False)
    for name in ("one", "two"):
        moved = SPEC.format(name, name) + "configuration: {MemorySize: 256}\n"
        committed.write(f"shop/{name}.yaml", moved, stock=False)
    commit(committed.root, "said by each")
    assert committed.run("plan", "--base", "base", "--detailed-exitcode").exit_code == 0
    committed.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    (target,) = [target for target in committed.plan("--base", "base")["targets"] if target["operations"]]
    assert [field["cause"] for action in target["actions"] for field in action["fields"]] == ["drift"]


LOOSENED = {
    "ignored": ("ignore: [/configuration/MemorySize]\n", "specs/defaults/python.yaml:8: ignore  (unset) → /configuration/MemorySize"),
    "replaced": ("allow_replace: true\n", "specs/defaults/python.yaml:8: allow_replace  (unset) → true"),
    "adopted": ("adopt: true\n", "specs/defaults/python.yaml:8: adopt  (unset) → true"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LOOSENED.values(), ids=LOOSENED)
def test_what_defaults_loosen_is_told_once_at_their_line(committed: House, text: str, expected: str) -> None:
    committed.write("defaults/python.yaml", DEFAULTS + text, stock=False)
    (line,) = told(committed.run("plan", "--base", "base"))
    assert line.startswith(expected), line


def test_what_defaults_newly_ignore_is_compared_all_the_same(committed: House) -> None:
    committed.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    committed.write("defaults/python.yaml", DEFAULTS + "ignore: [/configuration/MemorySize]\n", stock=False)
    (target,) = [target for target in committed.plan("--base", "base")["targets"] if target["operations"]]
    assert [field["path"] for action in target["actions"] for field in action["fields"]] == [
        "/configuration/MemorySize"
    ]


def test_what_the_defaults_of_the_base_ignored_is_ignored_still_whoever_says_it_now(committed: House) -> None:
    committed.write("defaults/python.yaml", DEFAULTS + "ignore: [/configuration/MemorySize]\n", stock=False)
    commit(committed.root, "left to others")
    subprocess.run(["git", "branch", "-f", "base"], cwd=committed.root, check=True)
    committed.write("defaults/python.yaml", DEFAULTS, stock=False)
    for name in ("one", "two"):
        own = SPEC.format(name, name) + "ignore: [/configuration/MemorySize]\n"
        committed.write(f"shop/{name}.yaml", own, stock=False)
    committed.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    result = committed.run("plan", "--base", "base", "--detailed-exitcode")
    assert (result.exit_code, told(result)) == (0, []), result.out


def test_a_variant_that_is_gone_is_an_orphan_of_its_place(committed: House) -> None:
    committed.write("reconcile.yaml", CONFIG.rstrip() + OTHERS + "\nmanagedBy: shop\n", stock=False)
    text = SPEC.format("one", "one")
    committed.write("shop/one.yaml", text + "variants: {prod: {account: prod}}\n", stock=False)
    commit(committed.root, "two places")
    committed.write("shop/one.yaml", text, stock=False)
    result = committed.run("plan", "specs", "--changed-since", "HEAD")
    assert "prod/us-west-2/one has had no spec since HEAD" in result.out


def test_a_changed_default_is_one_row_for_all_that_it_changes(committed: House) -> None:
    changed_defaults(committed, "MemorySize: 256", "MemorySize: 512")
    page = committed.run("plan", "--base", "base", "--format", "markdown").out
    (row,) = [line for line in page.splitlines() if line.startswith("| ✎")]
    assert "2 functions" in row
    assert "MemorySize" in row
    assert "python&#46;yaml:6" in row
    text = committed.run("plan", "--base", "base").out
    assert text.startswith(
        "test/us-west-2/one\ntest/us-west-2/two  (2 targets alike)\n  ~ function\n      configuration.MemorySize  256 → 512  "
    )


def test_drift_is_accepted_where_a_place_says_it_and_left_where_all_do(committed: House) -> None:
    committed.write("reconcile.yaml", CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]"), stock=False)
    two_places = SPEC.format("one", "one") + (
        "variants:\n  eu:\n    region: eu-west-1\n    configuration:\n      Timeout: 5  # enough\n"
    )
    path = committed.write("shop/one.yaml", two_places)
    committed.apply()
    commit(committed.root, "two places")
    there = committed.sandbox.clients.get("lambda", ACCOUNT, "eu-west-1")
    there.update_function_configuration(FunctionName="one", Timeout=9, Description="moved", MemorySize=300)
    result = committed.run("drift", "accept", "specs/shop/one.yaml")
    expected = two_places.replace("Timeout: 5", "Timeout: 9").replace(
        "# enough\n", "# enough\n      Description: moved\n"
    )
    assert (result.exit_code, path.read_text()) == (25, expected), result.out + result.err
    assert (
        "specs/defaults/python.yaml:6:3: this says it for test/eu-west-1/one and maybe for others"
        in result.out + result.err
    )
    left = committed.plan("specs/shop/one.yaml")["targets"]
    assert [field["path"] for one in left for action in one["actions"] for field in action["fields"]] == [
        "/configuration/MemorySize"
    ]


def test_a_section_that_only_all_places_say_is_not_written_for_one(committed: House) -> None:
    committed.write("reconcile.yaml", CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]"), stock=False)
    two_places = SPEC.format("one", "one") + "variants: {eu: {region: eu-west-1}}\n"
    path = committed.write("shop/one.yaml", two_places)
    committed.apply()
    commit(committed.root, "two places")
    there = committed.sandbox.clients.get("lambda", ACCOUNT, "eu-west-1")
    there.tag_resource(Resource=there.get_function_configuration(FunctionName="one")["FunctionArn"], Tags={"more": "x"})
    result = committed.run("drift", "accept", "specs/shop/one.yaml")
    assert path.read_text() == two_places
    assert "says it for test/us-west-2/one as well" in result.out + result.err


def test_a_place_that_defaults_give_is_nobodys_orphan_and_one_that_they_gave_is(committed: House) -> None:
    committed.write("reconcile.yaml", CONFIG.rstrip() + OTHERS + "\nmanagedBy: shop\n", stock=False)
    everywhere = DEFAULTS + "variants: {prod: {account: prod, region: us-west-2}}\n"
    committed.write("defaults/python.yaml", everywhere, stock=False)
    commit(committed.root, "a second place for all")
    committed.write("defaults/python.yaml", everywhere.replace("256", "512"), stock=False)
    one = committed.run("plan", "specs/shop/one.yaml", "--changed-since", "HEAD")
    assert "has had no spec" not in one.out + one.err
    addresses = [target["address"] for target in committed.plan("specs/shop", "--changed-since", "HEAD")["targets"]]
    assert addresses == [f"{account}/us-west-2/{name}" for account in ("prod", "test") for name in ("one", "two")]
    committed.write("defaults/python.yaml", DEFAULTS, stock=False)
    gone = committed.run("plan", "specs", "--changed-since", "HEAD").out
    assert [name for name in ("one", "two") if f"prod/us-west-2/{name} has had no spec since HEAD" in gone] == [
        "one",
        "two",
    ]
