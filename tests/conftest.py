"""What the tests share: a sandbox with no settle time, and a house of specs with the command line in front of it."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli import main
from reconciler.commands.rehearsal import fill
from reconciler.commands.wiring import read
from reconciler.core.accounts import Account
from reconciler.core.errors import SpecError

if TYPE_CHECKING:  # boto3 and moto take longer to load than most pure tests to run
    from reconciler.aws.client import Aws
    from reconciler.sandbox import Sandbox

ACCOUNT, REGION = "123456789012", "us-west-2"
CONFIG = """
aws:
  lambda: {enabled: true}
  accounts:
    - {name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2]}
"""
ROLE = "arn:aws:iam::123456789012:role/lambda"


def function_spec(name: str = "checkout", key: str = "v1.zip", extra: str = "", configuration: str = "") -> str:
    """A small valid spec; `extra` follows at the top level, `configuration` below configuration."""
    return (
        f"function: {name}\naccount: test\nregion: us-west-2\n"
        "configuration:\n  Runtime: python3.13\n  Handler: lambda_function.lambda_handler\n"
        f"  Role: {ROLE}\n{textwrap.indent(textwrap.dedent(configuration), '  ')}\n"
        f"code: {{S3Bucket: artifacts, S3Key: {key}}}\n{textwrap.dedent(extra)}"
    )


@dataclass(frozen=True)
class Result:
    """What a command ended with."""

    exit_code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def reconcile(*arguments: str) -> Result:
    """The command line in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["reconcile", *arguments]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv = before
    return Result(code, out.getvalue(), err.getvalue())


@dataclass
class House:
    """A folder of specs on a sandbox. Commands run in it."""

    root: Path
    sandbox: Sandbox
    _lambda: Any = field(default=None)

    def write(self, name: str, text: str, *, stock: bool = True) -> Path:
        path = self.root / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if stock:
            with contextlib.suppress(SpecError):  # of specs that are no specs nothing can be stocked
                fill(self.sandbox, read([self.root / "specs"]))
        return path

    def remove(self, name: str) -> None:
        (self.root / "specs" / name).unlink()

    def run(self, *arguments: str) -> Result:
        with contextlib.chdir(self.root):
            return reconcile(*arguments)

    def plan(self, *flags: str) -> dict[str, Any]:
        result = self.run("plan", "--format", "json", *flags)
        assert result.exit_code in (0, 10, 21), result.err
        document: dict[str, Any] = result.json()
        return document

    def apply(self, *flags: str) -> dict[str, Any]:
        """Apply and return the report."""
        result = self.run("apply", "--yes", *flags)
        report = self.newest_report()
        assert result.exit_code == report["outcome"]["exit_code"], result.err
        return report

    def newest_report(self) -> dict[str, Any]:
        newest = max((self.root / "reports").glob("*.json"))
        document: dict[str, Any] = json.loads(newest.read_text())
        return document

    @property
    def lambda_(self) -> Any:
        return self.sandbox.clients.get("lambda", ACCOUNT, REGION)

    def writes(self) -> list[str]:
        """The operations that changed something, and forget them."""
        found = [request.operation for request in self.sandbox.writes]
        self.sandbox.requests.clear()
        return found

    def verbs(self, *flags: str) -> dict[str, str]:
        """Address -> verb of everything that would change."""
        plan = self.plan(*flags)
        return {
            action["address"].removeprefix("test/us-west-2/"): action["verb"]
            for target in plan["targets"]
            for action in target["actions"]
            if action["verb"] != "none"
        }


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="sweeps walk all of their space, not a sample: half an hour")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run in parallel where pytest-xdist is installed and `-n` does not say otherwise; single files and tests start at once."""
    is_free = getattr(config.option, "numprocesses", 0) is None and not hasattr(config, "workerinput")
    if is_free and all(Path(argument).is_dir() for argument in config.args):
        config.option.numprocesses, config.option.dist = "auto", "worksteal"


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs an AWS, so that the rest can be run alone: `pytest -m 'not sandbox'`."""
    for item in items:
        if "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker("sandbox")


@contextlib.contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that is all the AWS there is."""
    from reconciler.aws.client import Aws
    from reconciler.sandbox import Sandbox

    with Sandbox(settle_seconds=0) as made:
        for name in list(os.environ):
            if name.startswith("AWS_"):
                monkeypatch.delenv(name)
        for name, value in made.environment(REGION).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(Aws, "__init__", with_clients_of(made, Aws.__init__))
        yield made


def with_clients_of(sandbox: Sandbox, original: Callable[..., None]) -> Callable[..., None]:
    """How the seam to AWS is made: commands of this process that speak to one sandbox by its own credentials share sessions and
    clients, as the threads of a command do; making them takes longer than all else. Programs of their own share nothing."""
    plain = sandbox.environment(REGION)
    sessions: dict[str, Any] = {}
    clients: dict[tuple[str, str, str], Any] = {}

    def initialised(self: Aws, accounts: Mapping[str, Account], **settings: Any) -> None:
        original(self, accounts, **settings)
        is_plain = all(os.environ.get(name) == value for name, value in plain.items())
        if is_plain and not any(account.profile or account.role_arn for account in accounts.values()):
            self._sessions, self._clients = sessions, clients

    return initialised


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with opened(monkeypatch) as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, sandbox: Sandbox) -> House:
    made = House(tmp_path, sandbox)
    made.write("reconcile.yaml", CONFIG, stock=False)
    return made


if "PYTEST_VERSION" not in os.environ:  # a script, and not a test, asks for what stands here
    import tests.former  # noqa: F401
