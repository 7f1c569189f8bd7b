"""`reconcile demo`: the seed's canary story on the embedded AWS, one spec change after the other.

Each step is a change of the spec, shown as its difference and its plan, then applied, then told by its task record.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.commands import wiring, workspaces
from reconciler.commands.document import document as document_of
from reconciler.commands.invoke import Request, invoked
from reconciler.commands.rehearsal import embedded_aws, fill
from reconciler.commands.run import Stop, run_plan
from reconciler.report.formats.shown import is_acting
from reconciler.report.formats.text import plan as plan_text
from reconciler.report.formats.text import task_text

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox

CONFIG = """\
aws:
  lambda: {enabled: true}
  accounts:
    - {name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2]}
managedBy: demo
"""
FUNCTION = """\
function: greeter
account: test
region: us-west-2
configuration:
  Description: Greets, version by version
  Runtime: python3.13
  Handler: lambda_function.lambda_handler
  Role: arn:aws:iam::123456789012:role/greeter
  MemorySize: 512
  Timeout: 60
code: {{S3Bucket: demo-artifacts, S3Key: {key}}}
publish: true
"""
ALIAS = """\
aliases:
  live:
    Description: what customers get
    FunctionVersion: "{version}"
"""
WEIGHTS = """\
    RoutingConfig: {{AdditionalVersionWeights: {{"{version}": {share}}}}}
"""
MAPPING = """\
event_source_mappings:
  findings:
    EventSourceArn: arn:aws:kinesis:us-west-2:123456789012:stream/findings
    StartingPosition: LATEST
    alias: live
    BatchSize: 1
    Enabled: {enabled}
"""
ABSENT = """\
function: greeter
account: test
region: us-west-2
state: absent
"""


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    spec: str


def _spec(key: str, version: str = "", extra: str = "", share: float = 0.0, mapping: str = "") -> str:
    alias = ALIAS.format(version=version) if version else ""
    weights = WEIGHTS.format(version=extra, share=share) if extra else ""
    return FUNCTION.format(key=key) + alias + weights + (MAPPING.format(enabled=mapping) if mapping else "")


ONE, TWO = "greeter/v1.zip", "greeter/v2.zip"
STEPS = (
    Step("Create the function and publish version 1", _spec(ONE)),
    Step("Put the alias live on version 1", _spec(ONE, "1")),
    Step("Deploy new code and publish version 2; customers stay on version 1", _spec(TWO, "1")),
    Step("Send 25 % of the traffic to version 2", _spec(TWO, "1", "2", 0.25)),
    Step("Swap: 75 % to version 2, 25 % to version 1", _spec(TWO, "2", "1", 0.25)),
    Step("Ramp down: everything to version 2", _spec(TWO, "2", "1", 0.0)),
    Step("Feed it from a Kinesis stream", _spec(TWO, "2", "1", 0.0, "true")),
    Step("Switch the stream off", _spec(TWO, "2", "1", 0.0, "false")),
)


def tell_story(keep: Path | None) -> int:
    """Tell it; 0 when every step went as told. With `keep`, specs and reports stay in that folder."""
    with folder_of(keep) as folder, contextlib.chdir(folder):
        specs, reports = Path("specs"), Path("reports")
        specs.mkdir(exist_ok=True)
        (specs / "reconcile.yaml").write_text(CONFIG, encoding="utf-8")
        file = specs / "greeter.yaml"
        file.write_text(STEPS[0].spec, encoding="utf-8")
        with embedded_aws(workspaces.read([specs])) as sandbox, _environment(sandbox):
            return _tell_steps(sandbox, file, reports)


@contextmanager
def folder_of(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="reconcile-demo-") as folder:
        yield Path(folder)


def _tell_steps(sandbox: Sandbox, file: Path, reports: Path) -> int:
    total, before = len(STEPS) + 3, ""
    for number, step in enumerate(STEPS, start=1):
        headline(number, total, step.title)
        if not _step(sandbox, file, before, step.spec, reports):
            return 1
        before = step.spec
    headline(len(STEPS) + 1, total, "Invoke the alias")
    request = Request("greeter", None, None, "live", b'{"name": "Ada"}')
    ending = invoked(request, file.parent, reports)
    result = ending.report["tasks"][0]["resultObjects"][0]
    click.echo(f"version {result['executedVersion']} answered {result['payload']}\n")
    headline(len(STEPS) + 2, total, "Plan again: there is nothing left to do")
    if ending.exit_code or _planned(file, reports, apply=False):
        return 1
    headline(total, total, "Ask for its deletion")
    return 0 if _step(sandbox, file, before, ABSENT, reports) else 1


def headline(number: int, total: int, title: str) -> None:
    click.echo(click.style(f"── {number} of {total}  {title}", bold=True))


def _step(sandbox: Sandbox, file: Path, before: str, after: str, reports: Path) -> bool:
    """Change the spec, show, apply; whether it went well and a second plan finds nothing."""
    file.write_text(after, encoding="utf-8")
    for line in list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1))[2:]:
        click.echo(f"  {line}")
    click.echo()
    fill(sandbox, workspaces.read([file]))
    return _planned(file, reports, apply=True)


def _planned(file: Path, reports: Path, *, apply: bool) -> bool:
    """Plan and show; where asked to, apply and tell the task. Whether there were changes, all carried out."""
    workspace = workspaces.read([file])
    aws = wiring.connect(workspace.config, workspace.accounts)
    made = wiring.planned(workspace, wiring.live_snapshot(workspace, aws), workspaces.Choices())
    document = document_of(made, workspace)
    click.echo(plan_text(document))
    if not apply:
        return any(map(is_acting, document["targets"]))
    ending = run_plan(
        made, document, aws, command="apply", folder=reports, stop=Stop(), tell=lambda *_: None, refused={}
    )
    for task in ending.report["tasks"]:
        click.echo(task_text(task))
    return bool(ending.report["tasks"]) and not ending.exit_code


@contextmanager
def _environment(sandbox: Sandbox) -> Iterator[None]:
    """The process's environment, leading to the sandbox and to no account of the user's."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(sandbox.environment("us-west-2"))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
