"""What the tests share: a sandbox with no settle time, and a house of specs with the command line in front of it."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from reconciler.cli import main
from reconciler.commands.rehearsal import wanted
from reconciler.commands.workspaces import read
from reconciler.core.errors import SpecError

if TYPE_CHECKING:  # boto3 and moto take longer to load than most pure tests to run
    from reconciler.sandbox import Need, Sandbox
    from tests.github.fake import Hub

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
    _stocked: set[Need] = field(default_factory=set)

    def write(self, name: str, text: str, *, stock: bool = True) -> Path:
        path = self.root / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if stock:
            with contextlib.suppress(SpecError):  # of specs that are no specs nothing can be stocked
                self._stock(wanted(read([self.root / "specs"])))
        return path

    def _stock(self, needs: list[Need]) -> None:
        """What was stocked before is there, or the test took it away."""
        from reconciler.sandbox import stock

        stock(self.sandbox, (need for need in needs if need not in self._stocked))
        self._stocked |= {*needs}

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
    parser.addoption(
        "--whole", action="store_true", help="sweeps walk all of their space and draw anew each time: half an hour"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis draws little by default and much in sweeps, of which every test that draws is one; and each time the same, so that a
    commit is as green tomorrow as today. The hunt for what nobody has drawn yet is `--whole`."""
    is_hunting = config.getoption("--whole")
    for name, count in (("few", 40), ("many", 400 if is_hunting else 250)):
        settings.register_profile(name, max_examples=count, deadline=None, derandomize=not is_hunting)
    settings.load_profile("many" if is_sweeping(config) else "few")


def is_sweeping(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "sweep")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run in parallel where pytest-xdist is installed and `-n` does not say otherwise; single files and tests start at once."""
    is_free = getattr(config.option, "numprocesses", 0) is None and not hasattr(config, "workerinput")
    if is_free and all(Path(argument).is_dir() for argument in config.args):
        config.option.numprocesses, config.option.dist = "auto", "worksteal"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for a program that they started, or for a clock."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs an AWS, so that the rest can be run alone: `pytest -m 'not sandbox'`; and in sweeps what draws. The longest come first:
    as the last of all they would leave a processor idle."""
    for item in items:
        if is_sweeping(config) and getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("sweep")
        if "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker("sandbox")
    items.sort(key=lambda item: not (item.get_closest_marker("long") or item.name.endswith("[many]")))


@contextlib.contextmanager
def opened(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float] = time.time) -> Iterator[Sandbox]:
    """A sandbox that is all the AWS there is, for commands that do not wait for the machine: what such an AWS accepts is done
    before it is looked at, what a test writes need not outlive a power cut, and nobody checks what is signed. `clock` is the
    sandbox's own."""
    from reconciler.aws import client
    from reconciler.sandbox import Sandbox
    from reconciler.sandbox.around import world
    from tests.inside import LINE, with_shared_clients
    from tests.pauses import left_out

    with Sandbox(settle_seconds=0, clock=clock) as made, LINE.leading_to(made):
        for name in list(os.environ):
            if name.startswith("AWS_"):
                monkeypatch.delenv(name)
        for name, value in made.environment(REGION).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(client.Aws, "__init__", with_shared_clients(made.environment(REGION), client.Aws.__init__))
        monkeypatch.setattr(world, "_client", LINE.clients_of(made, world._client))
        left_out(monkeypatch.setattr)
        monkeypatch.setattr(os, "fsync", lambda _: None)
        monkeypatch.setattr("botocore.auth.SigV4Auth.canonical_request", lambda *_: "")
        yield made


@pytest.fixture(autouse=True)
def no_session_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 keeps the session that is first asked for, with the profile that the environment had then. What sessions read of botocore's
    own data they read once."""
    if "boto3" in sys.modules:
        monkeypatch.setattr(sys.modules["boto3"], "DEFAULT_SESSION", None)
        monkeypatch.setattr(sys.modules["botocore.session"], "create_loader", data_loader)


@cache
def data_loader(path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(path)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with opened(monkeypatch) as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, sandbox: Sandbox) -> House:
    made = House(tmp_path, sandbox)
    made.write("reconcile.yaml", CONFIG, stock=False)
    return made


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A GitHub, for whoever asks `hub.url`; between two requests nobody waits for the clock."""
    from reconciler.github import asking
    from tests.github.fake import fake_github

    for pause in ("FIRST_PAUSE_SECONDS", "SECONDS_BETWEEN_WRITES"):
        monkeypatch.setattr(asking, pause, 0.001)
    with fake_github() as made:
        yield made


if "PYTEST_VERSION" not in os.environ:  # a script, and not a test, asks for what stands here
    import tests.former  # noqa: F401
