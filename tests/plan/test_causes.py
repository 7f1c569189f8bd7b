"""Why something differs, and whose edit it was: of code, of nested lines, of what is gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import CONFIG, House, function_spec
from tests.spec.test_hostile_git import git

MARKED = CONFIG + "managedBy: shop\n"
LOCAL = "code: {S3Bucket: artifacts, S3Key: v1.zip}"


def commit(house: House, name: str) -> str:
    """Commit everything as somebody; how that is told."""
    git(house.root, "add", "-A")
    git(house.root, "-c", f"user.name={name}", "commit", "-qm", "x", "--allow-empty")
    return f"{git(house.root, 'rev-parse', 'HEAD')[:10]} {name}"


def based(house: House, text: str, *, config: str = MARKED) -> House:
    """One function, applied, committed by Ada and tagged as the base."""
    house.write("reconcile.yaml", config, stock=False)
    house.write("one.yaml", text)
    house.apply()
    git(house.root, "init", "-q", "-b", "main")
    (house.root / ".gitignore").write_text("reports\n*.built\n")
    commit(house, "Ada")
    git(house.root, "tag", "base")
    return house


def fields(house: House, *flags: str) -> dict[str, tuple[Any, str]]:
    """Path -> (cause, author)."""
    found = house.plan(*(flags or ("--base", "base")))
    return {
        field["path"]: (field["cause"], field["author"])
        for target in found["targets"]
        for action in target["actions"]
        for field in action["fields"]
    }


def deletions(house: House, *flags: str) -> dict[str, tuple[Any, str]]:
    """Kind -> (cause, author)."""
    found = house.plan(*(flags or ("--base", "base")))
    return {
        action["kind"]: (action["cause"], action.get("author", ""))
        for target in found["targets"]
        for action in target["actions"]
        if action["verb"] == "delete"
    }


# --- local code -----------------------------------------------------------------------------------------------------


def local(house: House) -> House:
    code = house.root / "src"
    code.mkdir()
    (code / "app.py").write_text("one\n")
    (code / ".lambdaignore").write_text("notes.txt\n")
    (code / "notes.txt").write_text("one\n")
    return based(house, function_spec("one").replace(LOCAL, "code: {path: ../src}"))


def code_moved(house: House) -> None:
    """Somebody else's code in the function."""
    house.write("two.yaml", function_spec("two", key="stray.zip"))
    house.remove("two.yaml")
    house.lambda_.update_function_code(FunctionName="one", S3Bucket="artifacts", S3Key="stray.zip")


def test_changed_local_code_is_an_edit_of_who_changed_it(house: House) -> None:
    house = local(house)
    (house.root / "src" / "app.py").write_text("two\n")
    assert set(fields(house).values()) == {("edit", "not committed")}
    bob = commit(house, "Bob")
    assert set(fields(house).values()) == {("edit", bob)}


def test_everybody_who_changed_the_code_is_named(house: House) -> None:
    house = local(house)
    named = []
    for name in ("Bob", "Eve", "Fay", "Gil", "Hal"):
        (house.root / "src" / "app.py").write_text(name)
        named.append(commit(house, name))
    assert set(fields(house).values()) == {("edit", ", ".join(reversed(named)))}


@pytest.mark.parametrize("change", ["a new file", "a deleted file", "another ignore file"])
def test_a_file_that_came_or_went_is_an_edit_of_the_code(house: House, change: str) -> None:
    house = local(house)
    source = house.root / "src"
    match change:
        case "a new file":
            (source / "more.py").write_text("more\n")
        case "a deleted file":
            (source / "more.py").write_text("more\n")
            commit(house, "Ada")
            git(house.root, "tag", "-f", "base")
            house.apply()
            (source / "more.py").unlink()
        case _:
            (source / ".lambdaignore").write_text("nothing\n")
    assert set(fields(house).values()) == {("edit", "not committed")}


def test_code_that_git_did_not_change_is_drift_even_beside_changes_that_are_not_packed(house: House) -> None:
    house = local(house)
    (house.root / "src" / "notes.txt").write_text("two\n")
    (house.root / "src" / "x.built").write_text("ignored by git\n")
    (house.root / "src" / ".lambdaignore").chmod(0o600)
    (house.root / "src" / "x.built").unlink()
    code_moved(house)
    assert {cause for cause, _ in fields(house).values()} == {"drift"}
    assert {cause for cause, _ in fields(house, "--drift").values()} == {"drift"}


def test_of_code_that_git_does_not_hold_nobody_can_tell(house: House) -> None:
    import zipfile

    built = house.root / "code.built.zip"
    with zipfile.ZipFile(built, "w") as archive:
        archive.writestr("app.py", "one\n")
    (house.root / "specs").mkdir(exist_ok=True)
    house.write("reconcile.yaml", MARKED, stock=False)
    house.write("one.yaml", function_spec("one").replace(LOCAL, "code: {path: ../code.built.zip}"))
    house.apply()
    git(house.root, "init", "-q", "-b", "main")
    (house.root / ".gitignore").write_text("reports\n*.built.zip\n")
    commit(house, "Ada")
    code_moved(house)
    assert {cause for cause, _ in fields(house, "--base", "HEAD").values()} == {"both"}


# --- lines ----------------------------------------------------------------------------------------------------------


NESTED = """
aliases:
  live:
    FunctionVersion: "1"
    RoutingConfig:
      AdditionalVersionWeights:
        "2": 0.1
"""


def replaced(house: House, old: str, new: str) -> None:
    path = house.root / "specs" / "one.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def two_versions(house: House) -> None:
    house.write("reconcile.yaml", MARKED, stock=False)
    for timeout in (4, 5):
        house.write("one.yaml", function_spec("one", configuration=f"Timeout: {timeout}", extra="publish: true"))
        house.apply()


def test_a_nested_line_is_blamed_itself_and_not_the_section_that_holds_it(house: House) -> None:
    two_versions(house)
    house = based(house, function_spec("one", configuration="Timeout: 5", extra="publish: true" + NESTED))
    replaced(house, '"2": 0.1', '"2": 0.2')
    bob = commit(house, "Bob")
    assert set(fields(house).values()) == {("edit", bob)}
    replaced(house, '"2": 0.2', '"2": 0.3')
    assert set(fields(house).values()) == {("edit", "not committed")}


FILTERED = """
event_source_mappings:
  orders:
    EventSourceArn: arn:aws:sqs:us-west-2:123456789012:orders
    FilterCriteria:
      Filters:
        - Pattern: '{"body": {"a": [1]}}'
        - Pattern: '{"body": {"b": [1]}}'
        - Pattern: '{"body": {"c": [1]}}'
"""


def test_of_a_list_the_lines_that_changed_are_told_each_by_its_author(house: House) -> None:
    house = based(house, function_spec("one", extra=FILTERED))
    replaced(house, '{"a": [1]}', '{"a": [2]}')
    bob = commit(house, "Bob")
    replaced(house, '{"c": [1]}', '{"c": [2]}')
    cleo = commit(house, "Cleo")
    assert set(fields(house).values()) == {("edit", f"{bob}, {cleo}")}


def test_a_line_that_is_gone_is_of_who_alone_touched_the_file(house: House) -> None:
    house = based(house, function_spec("one", configuration="Timeout: 5"))
    replaced(house, "  Timeout: 5\n", "")
    bob = commit(house, "Bob")
    assert fields(house) == {"/configuration/Timeout": ("edit", bob)}
    replaced(house, "function: one", "# who took it out?\nfunction: one")
    commit(house, "Cleo")
    assert fields(house) == {"/configuration/Timeout": ("edit", "")}


# --- deletions ------------------------------------------------------------------------------------------------------


def test_a_spec_that_was_dropped_is_the_edit_of_who_dropped_it(house: House) -> None:
    house = based(house, function_spec("one"))
    house.write("two.yaml", function_spec("two"))
    house.remove("one.yaml")
    assert deletions(house, "--base", "base", "--prune") == {"function": ("edit", "not committed")}
    bob = commit(house, "Bob")
    assert deletions(house, "--base", "base", "--prune") == {"function": ("edit", bob)}
    assert bob in house.run("plan", "--base", "base", "--prune").out
