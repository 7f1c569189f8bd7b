"""One folder that holds every trick that a pull request has been seen to try, and every command run on it: no program but
git is started, nothing is written but what was asked for, no log obeys it, no secret leaves it, and no guard gives way."""

from __future__ import annotations

import base64
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.cli import cli
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.stock import code_zip
from tests.commands.test_gate import is_command, lines_of
from tests.commands.watching import Seen, ended_when_it_serves, watched
from tests.conftest import ACCOUNT, CONFIG, REGION, ROLE, House, Result, function_spec, opened
from tests.report.test_own_records import FOREIGN
from tests.spec.test_hostile_git import bare, git, settings

OTHER = "210987654321"
FROZEN = "freezes: [{name: past, from: 2026-01-01T00:00, to: 2026-01-02T00:00, timezone: UTC}]\n"
JUDGES = (
    f"{CONFIG}{FROZEN}managedBy: shop\nguards: {{maxDeletes: 0}}\nreports: s3://ours/history\nlock: s3://ours/lock\n"
)
OURS = 'accountId: "123456789012"'
STRANGERS = (
    JUDGES.replace("{maxDeletes: 0}", "{maxDeletes: 99}")
    .replace("s3://ours", "s3://strangers")
    .replace(FROZEN, "")
    .replace(OURS, f'accountId: "{OTHER}", assumeRole: role/strangers, externalId: hunter2-external')
    .replace("managedBy", f"    - {{name: mine, lambdaEnabled: true, {OURS}}}\nmanagedBy")
)
SECRET = "hunter2-\"<&'>/ of ssm and of no other place"  # written otherwise in JSON, HTML, addresses and Python
LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
STORED = "code: {S3Bucket: artifacts, S3Key: v1.zip}"
LOOKED_UP = """
Environment:
  Variables:
    SSM_WHOLE: "{{ ssm('/x') }}"
    SSM_PART: "postgres://u:{{ ssm('/x') }}@h/{{ function }}"
    SSM_SPELLED: '{{ssm("/x")}}{{ "hunter2-quoted" }}'
    SECRET_WHOLE: "{{ secret('x') }}"
    SECRET_KEY: "{{ secret('keys', 'hidden') }}"
"""
ECHO = """
import base64, html, json, os, urllib.parse
def lambda_handler(event, context):
    held = [value for name, value in os.environ.items() if "hunter2" in value]
    ways = (str, repr, json.dumps, html.escape, urllib.parse.quote, lambda value: base64.b64encode(value.encode()).decode())
    told = [way(value) for value in held for way in ways]
    print("::error::", *told)
    if event:
        raise ValueError(told)
    return {"##[error]": told, "held": len(held)}
"""
HOSTILE = f"""
function: one
account: test
region: us-west-2
configuration:
  Runtime: python3.13
  Handler: lambda_function.lambda_handler
  Role: {ROLE}
  Description: "##[error]pwned ::warning::x [a](javascript:b) <img src=x>  {"x" * 120} END"
  Layers: ["arn:aws:lambda:us-west-2:123456789012:layer:ours:1", "arn:aws:lambda:us-west-2:999999999999:layer:strangers:1"]
  Environment:
    Variables:
      SSM_WHOLE: "{{{{ ssm('/x') }}}}"
      SSM_PART: "a{{{{- ssm ( '/x' ) -}}}}b{{{{ secret('keys', 'hidden') }}}}"
      WHOLE: hunter2-whole
      PART: "postgres://u:hunter2-part@{{{{ function }}}}/db"
      LITERAL: "{{{{ 'hunter2-literal' }}}}"
code: {{path: ../src}}
tags: {{"::error::": "::stop-commands::t"}}
{LIVE}"""
NAMED = ("one\n::error::pwned.yaml", "##[error]x.yaml", "\x1b[2J.yaml", "\u202egnp.yaml", "a b'\"`$(touch ran).yml")
BEFORE_PATH = "specs:.:"
MODULES = ("boto3.py", "git.py", "sitecustomize.py", "conftest.py", "setup.py")


@contextmanager
def attacked(root: Path) -> Iterator[House]:
    """A sound base, and on it a branch that tries everything at once; its own AWS, in which a stranger is about."""
    with pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        patch.setenv("PATH", os.environ["PATH"].removeprefix(BEFORE_PATH))  # of another tree that is about
        house = House(root, sandbox)
        based(house)
        git(root, "checkout", "-qb", "x$(touch${IFS}ran);`id`")
        command = str(root / "specs" / "evil.sh")
        files(house, command)
        git(root, "add", "-A", "-f")
        git(root, "-c", "user.name=##[error]Eve ::error::x", "commit", "-qm", "##[group]x\n\n::error::y")
        entries(house, command)
        records(house)
        git(root, "config", "include.path", "../specs/gitconfig")
        patch.setenv("PATH", BEFORE_PATH + os.environ["PATH"])
        stranger(house)
        sandbox.requests.clear()
        yield house


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[House]:
    with attacked(tmp_path) as house:
        yield house


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For what changes nothing but out.json and reports."""
    with attacked(tmp_path_factory.mktemp("shared")) as house:
        yield house


def image(tag: str) -> str:
    """Of a registry that nobody can ask which image a tag is."""
    return (
        f"function: four\naccount: test\nregion: us-west-2\nconfiguration: {{PackageType: Image, Role: '{ROLE}'}}\n"
        f"code: {{ImageUri: 'registry.example.com/app:{tag}'}}\n"
    )


def based(house: House) -> None:
    """Five functions that live, and what was approved after them."""
    for account, bucket in ((ACCOUNT, "ours"), (OTHER, "strangers")):
        s3, ssm, secrets = (house.sandbox.clients.get(api, account, REGION) for api in ("s3", "ssm", "secretsmanager"))
        with suppress(ClientError):  # what is around Lambda is shared by all sandboxes of a process
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            secrets.create_secret(Name="x", SecretString=SECRET)
            secrets.create_secret(Name="keys", SecretString='{"hidden": "hunter2-key", "other": "hunter2-other"}')
        for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])
        ssm.put_parameter(Name="/x", Value=SECRET, Type="SecureString", Overwrite=True)
        s3.put_object(Bucket=bucket, Key="history/##[error]x.json", Body=b"{")
    house.write("reconcile.yaml", JUDGES, stock=False)
    (house.root / "echo").mkdir()
    (house.root / "echo" / "lambda_function.py").write_text(ECHO)
    house.write("one.yaml", function_spec("one", extra=LIVE))
    house.write("two.yaml", function_spec("two", configuration=LOOKED_UP).replace(STORED, "code: {path: ../echo}"))
    house.write("three.yaml", function_spec("three", extra=LIVE))
    house.write("four.yaml", image("base"))
    house.write("five.yaml", function_spec("five", extra=LIVE))
    house.apply()
    shutil.rmtree(house.root / "reports")
    git(house.root, "init", "-q", "-b", "main")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "base")
    git(house.root, "tag", "base")
    house.write("four.yaml", image("reviewed"))
    house.run("plan", "-o", "approved.json")


def stranger(house: House) -> None:
    """Changes `one` after our first call, `three` after the first attempt to publish it, and the code of `five` right before
    it is sent. Each once."""
    done: set[str] = set()
    house.sandbox.gate.script = Script([Fault("PublishVersion", nth=1, status=503)])

    def change(name: str) -> None:
        if name not in done:
            done.add(name)
            house.lambda_.update_function_configuration(FunctionName=name, MemorySize=777)

    def before(operation: str, params: Mapping[str, Any]) -> None:
        name = params.get("FunctionName")
        if name == "three" and "publishing" in done:
            change("three")
        if (operation, name) == ("PublishVersion", "three"):
            done.add("publishing")
        if (operation, name) == ("UpdateFunctionCode", "five") and "five" not in done:
            done.add("five")
            body = code_zip("lambda_function.lambda_handler", "theirs")
            house.sandbox.clients.get("s3", ACCOUNT, REGION).put_object(Bucket="artifacts", Key="v2.zip", Body=body)

    def after(operation: str, params: Mapping[str, Any], _: Any) -> None:
        if operation == "TagResource" and ":function:one" in str(params):
            change("one")

    house.sandbox.gate.watch, house.sandbox.gate.watch_answer = before, after


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
    (house.root / "linked").symlink_to(house.root.parent)
    (specs / "three.yaml").write_text(function_spec("three", configuration="Timeout: 9", extra=LIVE))
    (specs / "four.yaml").write_text(image("evil"))
    (specs / "five.yaml").write_text(function_spec("five", key="v2.zip", extra=LIVE))
    workflows(house.root / ".github" / "workflows")
    body = code_zip("lambda_function.lambda_handler", "shown")
    house.sandbox.clients.get("s3", ACCOUNT, REGION).put_object(Bucket="artifacts", Key="v2.zip", Body=body)
    for folder in (house.root, specs, specs / "deep"):
        bare(folder, command)


def workflows(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "zero.yml").symlink_to("/dev/zero")
    (folder / "passwd.yml").symlink_to("/etc/passwd")
    (folder / "a\n::error::b.yml").write_text(
        'on: push\njobs: {"x\\n::error::y": {steps: [{run: reconcile plan, uses: "##[error]@x"}]}}\n'
    )


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


PARTS = [
    f"specs/{name}.yaml" for name in ("one", "three", "four", "five")
]  # without the deletion that the guards refuse
BASED = ["--yes", "--base", "base"]
READING: dict[str, list[str]] = {
    "validate": ["validate"],
    "plan": ["plan", "-o", "out.json"],
    "plan as markdown": ["plan", "--format", "markdown"],
    "plan as json": ["plan", "--format", "json"],
    "plan of the base": ["plan", "--base", "base", "-o", "out.json"],
    "plan of what changed": ["plan", "--changed-since", "base", "--prune"],
    "drift": ["plan", "--drift", "--base", "base", "--prune"],
    "drift and who did it": ["plan", "--drift", "--who", "--base", "base"],
    "ci plan": ["ci", "plan", "-o", "out.json"],
    "ci validate": ["ci", "validate"],
    "ci drift": ["ci", "drift", "-o", "out.json"],
    "accept": ["drift", "accept", "--base", "base", "--check", *PARTS],
    "accept on a branch": ["drift", "accept", "--base", "base", "--branch", "taken", "--who", *PARTS],
    "snapshot": ["snapshot", "-o", "out.json"],
    "functions": ["functions"],
    "apply by the base": ["apply", *BASED],
    "apply of what was approved": ["apply", "--yes", "--approved", "approved.json"],
    "apply with a folder of reports that is a link": ["apply", *BASED, "--report-dir", "linked", *PARTS],
    "import": ["import", "--all-unmanaged", "--account", "mine", "--region", REGION, "-o", "new"],
    "invoke": ["invoke", "two", "--account", "mine", "--region", REGION, "--payload", "{}"],
    "invoke of what fails": ["invoke", "two", "--account", "mine", "--region", REGION, "--payload", '"::error::x"'],
    "logs": ["logs", f"mine/{REGION}/two", "--since", "1d"],
    "logs as json": ["logs", f"mine/{REGION}/two", "--since", "1d", "--format", "json"],
    "show": ["show"],
    "targets": ["targets"],
    "targets as a matrix": ["targets", "--format", "matrix"],
    "show as json": ["show", "--format", "json"],
    "status": ["status"],
    "status as json": ["status", "--format", "json"],
    "rollout status": ["rollout", "status", *PARTS],
    "rollout advance": ["rollout", "advance", *PARTS],
    "rollout abort": ["rollout", "abort", f"mine/{REGION}/three/alias/live", "--because", "##[error]x"],
    "versions": ["versions", f"mine/{REGION}/two"],
    "diff": ["diff", f"mine/{REGION}/two", "$LATEST", "1"],
    "open": ["open", f"mine/{REGION}/two", "--alias", "##[error]x"],
    "tasks": ["tasks"],
    "tasks as json": ["tasks", "--format", "json"],
    "tasks of a folder that is a link": ["tasks", "--report-dir", "linked"],
    "unlock": ["unlock", "##[error]x"],
    "schema": ["schema"],
    "help": ["help", "##[error]x"],
    "doctor": ["doctor"],
    "doctor as json": ["doctor", "--format", "json"],
}
WRITING: dict[str, list[str]] = {
    "apply": ["apply", "--yes"],
    "apply of parts by the base": ["apply", *BASED, *PARTS],
    "apply of parts that were approved": ["apply", *BASED, "--approved", "approved.json", *PARTS],
    "rollback": ["rollback", f"mine/{REGION}/three/live", "--to", "1", "--pin", "--yes"],
    "republish": ["republish", f"mine/{REGION}/two", "--yes"],
    "disown": ["disown", f"mine/{REGION}/two", "--yes"],
    "tasks from the bucket": ["tasks", "--specs", "specs"],
    "demo": ["demo"],
    "init": ["init", "new"],
    "sandbox": ["sandbox", "specs"],
    "sandbox for a command": ["sandbox", "--log", "out.json", "specs", "--", sys.executable, "-c", ""],
}


def test_every_command_is_run() -> None:
    assert {words[0] for words in (READING | WRITING).values()} == set(cli.commands)


def is_asked_for(path: Path, house: House) -> bool:
    """A record, the file of -o and its neighbour, the null device, and what the sandbox, which lives in this process, needs to run a function.
    A folder is opened to make a file in it."""
    scratch = Path(tempfile.gettempdir())
    is_scratch = path == scratch or (  # for a file without a name
        path.is_relative_to(scratch) and path.relative_to(scratch).parts[0].startswith("reconcile-")
    )
    is_ours = (
        path.is_relative_to(house.root / "new")
        or path.is_dir()
        or path.parent == house.root / "reports"
        or (path.parent == house.root and not path.exists())
    )
    return is_ours or path.name in ("out.json", "drift.json") or is_scratch or str(path) == os.devnull


def kept(house: House, seen: Seen) -> Iterator[str]:
    """What the command wrote that is still there."""
    for path in {*seen.written, *(house.root / "reports").glob("2*")}:
        if path.is_file() and not path.is_symlink():
            yield path.read_text()


def secrets_in(text: str) -> list[str]:
    """Where a secret is: each has this word, and in base64 what is the same whatever stands around it."""
    word = b"hunter2-"
    ways = [base64.b64encode(b"\0" * before + word).decode()[-(-before * 8 // 6) : -3] for before in range(3)]
    places = [text.find(way) for way in (word.decode(), word.hex(), *ways)]
    return [text[max(at - 40, 0) : at + 40] for at in places if at >= 0]


def is_harmless(house: House, result: Result, seen: Seen) -> None:
    assert result.exit_code != 1, result.err
    assert "Traceback" not in result.err
    assert {Path(words[0]).name for words in seen.programs} <= {"git", Path(sys.executable).name}
    assert not [path for path in seen.written if not is_asked_for(path, house)]
    assert not list(house.root.rglob("ran"))
    output = result.out + result.err
    assert not [line for line in lines_of(output) if is_command(line)]
    assert all(character.isprintable() or character == "\n" for character in output)
    assert not [place for text in (output, *kept(house, seen)) for place in secrets_in(text)]


def test_the_tree_is_one_that_can_be_planned(shared: House) -> None:
    assert shared.run("validate").exit_code == 0
    assert shared.run("plan").exit_code == 0
    assert shared.run(*READING["invoke"]).json()["payload"]["held"] == 5


@pytest.mark.parametrize("name", READING)
def test_every_command_is_safe_in_a_hostile_tree(shared: House, name: str) -> None:
    shared.sandbox.requests.clear()
    with watched() as seen:
        result = shared.run(*READING[name])
    is_harmless(shared, result, seen)
    assert [request.operation for request in shared.sandbox.writes if request.operation != "Invoke"] == []
    if "--base" in READING[name]:
        assert {request.account for request in shared.sandbox.requests} <= {ACCOUNT}


@pytest.mark.parametrize("name", WRITING)
def test_every_command_that_changes_something_is_safe_in_a_hostile_tree(hostile: House, name: str) -> None:
    with watched() as seen, ended_when_it_serves() if name == "sandbox" else nullcontext():
        result = hostile.run(*WRITING[name])
    is_harmless(hostile, result, seen)


def live(house: House, name: str) -> tuple[str, int]:
    found = house.lambda_.get_function_configuration(FunctionName=name, Qualifier="live")
    return found["Version"], found["MemorySize"]


def test_nothing_of_a_stranger_goes_live(hostile: House) -> None:
    result = hostile.run(*WRITING["apply of parts by the base"])
    assert result.exit_code == 25, result.out
    for name in ("one", "three", "five"):
        assert live(hostile, name) == ("1", 128), name
    assert {request.account for request in hostile.sandbox.requests} == {ACCOUNT}


def test_what_was_approved_is_no_approval_of_another_tree(hostile: House) -> None:
    refused = hostile.run(*READING["apply of what was approved"])
    assert (refused.exit_code, hostile.sandbox.requests) == (23, [])
    assert "+/reports: s3://strangers/history" in refused.err
    hostile.run(*WRITING["apply of parts that were approved"])
    assert hostile.writes() == []


def test_no_guard_gives_way_in_a_hostile_tree(hostile: House) -> None:
    told = hostile.run("plan", "--base", "base")
    assert told.exit_code == 21
    guards = [line for line in told.out.splitlines() if line.startswith("guard change: ")]
    assert told.out.splitlines()[: len(guards)] == guards
    words = {word for line in guards for word in line.split()}
    assert {
        "reports",
        "lock",
        "guards.maxDeletes",
        "freezes",
        "aws.accounts.test.accountId",
        "aws.accounts.test.assumeRole",
    } <= words
    for told_whole in (told, hostile.run("plan", "--base", "base", "--format", "markdown")):
        assert "END" in told_whole.out
        assert "src" in told_whole.out
        assert "layer:strangers:1" in told_whole.out
        assert "app:evil" in told_whole.out
    hostile.run("apply", "--yes", "--base", "base")
    s3 = hostile.sandbox.clients.get("s3", OTHER, REGION)
    assert s3.list_objects_v2(Bucket="strangers")["KeyCount"] == 1
    held = {item["FunctionName"] for item in hostile.lambda_.list_functions()["Functions"]}
    assert held == {"one", "two", "three", "four", "five"}


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
def test_a_tree_that_is_refused_is_refused_harmlessly(shared: House, trick: str) -> None:
    name, content = BROKEN[trick]
    with replaced(shared.root / "specs" / name, content):
        is_refused(shared)


@contextmanager
def replaced(place: Path, content: str | Path) -> Iterator[None]:
    before = place.read_text() if place.exists() else None
    place.unlink(missing_ok=True)
    place.symlink_to(content) if isinstance(content, Path) else place.write_text(content)
    try:
        yield
    finally:
        place.unlink()
        if before is not None:
            place.write_text(before)


def is_refused(hostile: House) -> None:
    for arguments in (["validate"], ["plan", "--base", "base"], ["apply", "--yes"], ["invoke", "one"], ["functions"]):
        with watched() as seen:
            result = hostile.run(*arguments)
        is_harmless(hostile, result, seen)
        assert result.exit_code == 20 or arguments[0] in ("invoke", "functions")
        assert "root:" not in result.out + result.err
