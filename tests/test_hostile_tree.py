"""One folder that holds every trick that a pull request has been seen to try, and every command run on it: no program but
git is started, nothing is written but what was asked for, no log obeys it, no secret leaves it, and no guard gives way."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ACCOUNT, CONFIG, REGION, ROLE, House, Result, function_spec
from tests.test_gate import is_command, lines_of
from tests.test_hostile_git import bare, git, settings
from tests.test_own_records import FOREIGN
from tests.watching import Seen, watched

JUDGES = CONFIG + "managedBy: shop\nguards: {maxDeletes: 0}\nreports: s3://ours/history\n"
STRANGERS = JUDGES.replace("{maxDeletes: 0}", "{maxDeletes: 99}").replace("s3://ours", "s3://strangers")
SECRETS = ("hunter2-whole", "hunter2-part", "hunter2-literal")
HOSTILE = f"""
function: one
account: test
region: us-west-2
configuration:
  Runtime: python3.13
  Handler: lambda_function.lambda_handler
  Role: {ROLE}
  Description: "##[error]pwned ::warning::x [a](javascript:b) <img src=x>  {"x" * 120} END"
  Environment:
    Variables:
      WHOLE: hunter2-whole
      PART: "postgres://u:hunter2-part@{{{{ function }}}}/db"
      LITERAL: "{{{{ 'hunter2-literal' }}}}"
code: {{path: ../src}}
tags: {{"::error::": "::stop-commands::t"}}
"""
NAMED = ("one\n::error::pwned.yaml", "##[error]x.yaml", "\x1b[2J.yaml", "\u202egnp.yaml", "a b'\"`$(touch ran).yml")
MODULES = ("boto3.py", "git.py", "sitecustomize.py", "conftest.py", "setup.py")


@pytest.fixture
def hostile(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A sound base, and on it a branch that tries everything at once."""
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    for bucket in ("ours", "strangers"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    house.write("reconcile.yaml", JUDGES, stock=False)
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name))
    house.apply()
    shutil.rmtree(house.root / "reports")
    git(house.root, "init", "-q", "-b", "main")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "base")
    git(house.root, "tag", "base")
    git(house.root, "checkout", "-qb", "x$(touch${IFS}ran);`id`")
    command = str(house.root / "specs" / "evil.sh")
    files(house, command)
    git(house.root, "add", "-A", "-f")
    git(house.root, "-c", "user.name=##[error]Eve ::error::x", "commit", "-qm", "##[group]x\n\n::error::y")
    entries(house, command)
    records(house)
    git(house.root, "config", "include.path", "../specs/gitconfig")
    monkeypatch.setenv("PATH", f"specs:.:{os.environ['PATH']}")
    house.sandbox.requests.clear()
    return house


def files(house: House, command: str) -> None:
    """What git tracks: specs, code, names, programs, attributes and configuration of git."""
    specs, source = house.root / "specs", house.root / "src"
    source.mkdir()
    (source / "lambda_function.py").write_text("def lambda_handler(event, context):\n    return 'fine'\n")
    (source / "x\n::error::y.py").write_text("")
    for folder in (house.root, specs, source):
        for name in MODULES:
            (folder / name).write_text(f"import os\nos.system({command!r})\n")
    for place in (Path(command), specs / "git", house.root / "git"):
        place.write_text(f"#!/bin/sh\necho ran >> {house.root}/ran\ncat\n")
        place.chmod(0o755)
    (specs / "reconcile.yaml").write_text(STRANGERS)
    (specs / "one.yaml").write_text(HOSTILE)
    (specs / "two.yaml").write_text("function: two\naccount: test\nregion: us-west-2\nstate: absent\n")
    for number, name in enumerate(NAMED):
        (specs / name).write_text(f"kind: Deployment{number}\n")
    (house.root / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    (specs / "gitconfig").write_text(settings(command))
    (house.root / ".mailmap").symlink_to("/dev/zero")
    for folder in (house.root, specs, specs / "deep"):
        bare(folder, command)


def entries(house: House, command: str) -> None:
    """What no commit can hold: a `.git` from elsewhere."""
    (house.root / "specs" / ".git").write_text("gitdir: deep\n")
    bare(house.root / "src" / ".git", command)


def records(house: House) -> None:
    """Journals and reports that are not ours."""
    for number, make in enumerate(FOREIGN):
        folder = house.root / "made" / str(number)
        folder.mkdir(parents=True)
        made = make(folder)
        (house.root / "reports").mkdir(exist_ok=True)
        shutil.move(made, house.root / "reports" / f"{number}\n::error::.jsonl")
    (house.root / "reports" / "zero.json").symlink_to("/dev/zero")
    (house.root / "reports" / "gone.json").symlink_to("gone")
    (house.root / "reports" / "broken.json").write_text('{"kind": "report", "tasks": [{"id": "##[error]x"}]}')
    shutil.rmtree(house.root / "made")


COMMANDS: dict[str, list[str]] = {
    "validate": ["validate"],
    "plan": ["plan", "-o", "out.json"],
    "plan as markdown": ["plan", "--format", "markdown"],
    "plan as json": ["plan", "--format", "json"],
    "plan of the base": ["plan", "--base", "base"],
    "drift": ["plan", "--drift", "--base", "base", "--prune"],
    "snapshot": ["snapshot", "-o", "out.json"],
    "functions": ["functions"],
    "apply of the base": ["apply", "--yes", "--base", "base"],
    "apply": ["apply", "--yes"],
    "invoke": ["invoke", "two", "--payload", '"::error::x"'],
    "tasks": ["tasks"],
    "tasks as json": ["tasks", "--format", "json"],
    "tasks from the bucket": ["tasks", "--specs", "specs"],
    "unlock": ["unlock", "##[error]x"],
    "schema": ["schema"],
}


def is_asked_for(path: Path, house: House) -> bool:
    """A record, the file of -o, the null device, and what the sandbox, which lives in this process, needs to run a function.
    A folder is opened to make a file in it."""
    scratch = Path(tempfile.gettempdir())
    is_scratch = path.is_relative_to(scratch) and path.relative_to(scratch).parts[0].startswith("reconcile-")
    is_ours = (
        path.is_dir() or path.parent == house.root / "reports" or (path.parent == house.root and not path.exists())
    )
    return is_ours or path.name == "out.json" or is_scratch or str(path) == os.devnull


def kept(house: House) -> Iterator[str]:
    """What was written by the commands."""
    written = [house.root / "out.json", *(house.root / "reports").glob("2*")]
    yield from (path.read_text() for path in written if path.is_file())


def is_harmless(house: House, result: Result, seen: Seen) -> None:
    assert result.exit_code != 1, result.err
    assert "Traceback" not in result.err
    assert {Path(words[0]).name for words in seen.programs} <= {"git", Path(sys.executable).name}
    assert not [path for path in seen.written if not is_asked_for(path, house)]
    assert not list(house.root.rglob("ran"))
    output = result.out + result.err
    assert not [line for line in lines_of(output) if is_command(line)]
    assert all(character.isprintable() or character == "\n" for character in output)
    assert not [secret for secret in SECRETS for text in (output, *kept(house)) if secret in text]


def test_the_tree_is_one_that_can_be_planned(hostile: House) -> None:
    assert hostile.run("validate").exit_code == 0
    assert hostile.run("plan").exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_safe_in_a_hostile_tree(hostile: House, name: str) -> None:
    with watched() as seen:
        result = hostile.run(*COMMANDS[name])
    is_harmless(hostile, result, seen)


def test_no_guard_gives_way_in_a_hostile_tree(hostile: House) -> None:
    told = hostile.run("plan", "--base", "base")
    assert told.exit_code == 21
    guards = [line for line in told.out.splitlines() if line.startswith("guard change: ")]
    assert told.out.splitlines()[: len(guards)] == guards
    assert {"reports", "guards.maxDeletes"} <= {word for line in guards for word in line.split()}
    for told_whole in (told, hostile.run("plan", "--base", "base", "--format", "markdown")):
        assert "END" in told_whole.out
        assert "src" in told_whole.out
    hostile.run("apply", "--yes", "--base", "base")
    s3 = hostile.sandbox.clients.get("s3", ACCOUNT, REGION)
    assert "Contents" not in s3.list_objects_v2(Bucket="strangers")
    assert {item["FunctionName"] for item in hostile.lambda_.list_functions()["Functions"]} == {"one", "two"}


BROKEN: dict[str, Any] = {
    "a template": (
        "x.yaml",
        function_spec("x", configuration='Environment: {Variables: {A: "{{ ().__class__.__mro__ }}"}}'),
    ),
    "a tag": ("x.yaml", "!!python/object/apply:os.system [touch ran]\n"),
    "a bomb": ("x.yaml", "function: x\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c, *d]\n"),
    "a device": ("x.yaml", Path("/dev/zero")),
    "a secret by a link": ("x.yaml", Path("/etc/passwd")),
    "a configuration by a link": ("reconcile.yaml", Path("/etc/passwd")),
    "a configuration without end": ("reconcile.yaml", Path("/dev/zero")),
    "an ignore file without end": (".reconcileignore", Path("/dev/zero")),
    "code outside": ("x.yaml", function_spec("x").replace("S3Bucket: artifacts, S3Key: v1.zip", "path: /etc")),
}


@pytest.mark.parametrize("trick", BROKEN)
def test_a_tree_that_is_refused_is_refused_harmlessly(hostile: House, trick: str) -> None:
    name, content = BROKEN[trick]
    place = hostile.root / "specs" / name
    place.unlink(missing_ok=True)
    place.symlink_to(content) if isinstance(content, Path) else place.write_text(content)
    for arguments in (["validate"], ["plan", "--base", "base"], ["apply", "--yes"], ["invoke", "one"], ["functions"]):
        with watched() as seen:
            result = hostile.run(*arguments)
        is_harmless(hostile, result, seen)
        assert result.exit_code == 20 or arguments[0] in ("invoke", "functions")
        assert "root:" not in result.out + result.err
