"""`reconcile demo --rollout`: a good release and a bad one, by the commands that people and jobs give, on an embedded AWS whose hour takes a minute.

Nothing is told here but what the commands print, the traffic that stands in a file, and the records that they leave.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from reconciler.commands import workspaces
from reconciler.commands.demo import CONFIG, folder_of, headline
from reconciler.commands.rehearsal import embedded_aws, region_of
from reconciler.core.foreign import printable
from reconciler.rollout.words import numbers

TIME_SCALE = 60.0  # a minute is a second
SPEC = """\
function: greeter
account: test
region: us-west-2
configuration:
  Runtime: python3.13
  Handler: lambda_function.lambda_handler
  Role: arn:aws:iam::123456789012:role/greeter
code: {path: src}
publish: true
aliases:
  live:
    FunctionVersion: published
    rollout:
      steps:
        - {weight: 0.25, bake: 3m}
        - {weight: 0.75, bake: 3m}
      watch: 3m
      smoke: [{event: src/ada.json, expect: {/greeting: {matches: Ada}}}]
      analysis: {errors: {max: 2%, least: 50}}
"""
TRAFFIC = """\
greeter:
  live:
    invocations: 1200
    errors: 0.1%
    duration: 80ms
    versions:
      "3": {errors: 6%}
"""
CODE = """\
def lambda_handler(event, context):
    return {{"greeting": f"{greeting}, {{event['name']}}"}}
"""


@dataclass(frozen=True, slots=True)
class Command:
    """What is given to `reconcile`, so many minutes of AWS later, and the exit code that it is to end with."""

    words: str
    exit_code: int = 0
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Chapter:
    """`greeting` is new code, where there is any; `recorded` the candidate whose record is told at the end."""

    title: str
    commands: tuple[Command, ...]
    greeting: str = ""
    recorded: str = ""


CHAPTERS = (
    Chapter("Version 1 is what customers get", (Command("apply --yes"),), greeting="Hello"),
    Chapter(
        "A good release: asked itself first, then a quarter of the traffic; what git says is what AWS holds",
        (Command("apply --yes"), Command("plan --detailed-exitcode", 12)),
        greeting="Good morning",
    ),
    Chapter(
        "A schedule takes it on, by what CloudWatch tells of both versions",
        tuple(Command("rollout advance", minutes=3) for _ in range(3)),
        recorded="2",
    ),
    Chapter(
        "A bad release: it answers well when asked, and fails 6 % of its customers; the job waits, and ends with 27",
        (Command("apply --yes --wait=2m --every 1", 27),),
        greeting="Good evening",
        recorded="3",
    ),
    Chapter(
        "It went back by itself, and nothing is left to do until somebody publishes a fix",
        (Command("rollout status"), Command("plan --detailed-exitcode")),
    ),
)


def tell_rollouts(keep: Path | None) -> int:
    """Tell it; 0 when every command ended as told. With `keep`, specs and reports stay in that folder."""
    with folder_of(keep) as folder, chdir(folder):
        source = Path("specs/src")
        source.mkdir(parents=True, exist_ok=True)
        (source / "ada.json").write_text('{"name": "Ada"}\n', encoding="utf-8")
        write_code(CHAPTERS[0].greeting)
        Path("specs/reconcile.yaml").write_text(CONFIG, encoding="utf-8")
        Path("specs/greeter.yaml").write_text(SPEC, encoding="utf-8")
        Path("traffic.yaml").write_text(TRAFFIC, encoding="utf-8")
        workspace = workspaces.read([Path("specs")])
        with embedded_aws(workspace, metrics=Path("traffic.yaml"), time_scale=TIME_SCALE) as sandbox:
            return _told(sandbox.environment(region_of(workspace)))


def write_code(greeting: str) -> None:
    Path("specs/src/lambda_function.py").write_text(CODE.format(greeting=greeting), encoding="utf-8")


def _told(environment: Mapping[str, str]) -> int:
    for number, chapter in enumerate(CHAPTERS, start=1):
        headline(number, len(CHAPTERS), chapter.title)
        if chapter.greeting:
            write_code(chapter.greeting)
        for command in chapter.commands:
            if not _went_as_told(command, environment):
                return 1
        for line in record(chapter.recorded) if chapter.recorded else ():
            click.echo(line)
    return 0


def _went_as_told(command: Command, environment: Mapping[str, str]) -> bool:
    if command.minutes:
        click.echo(f"{command.minutes} minutes later:")
        time.sleep(command.minutes * 60 / TIME_SCALE)
    click.echo(click.style(f"$ reconcile {command.words}", bold=True))
    ended = run(command, environment)
    click.echo(ended.stdout)
    if ended.returncode != command.exit_code:
        click.echo(f"error: this ended with {ended.returncode}, not with {command.exit_code}", err=True)
    elif command.exit_code:
        click.echo(f"exit code {command.exit_code}\n")
    return ended.returncode == command.exit_code


def run(command: Command, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A process of its own, which finds the sandbox, and nothing of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RECONCILE_"))}
    return subprocess.run(  # noqa: S603  our own commands
        [sys.executable, "-m", "reconciler", *command.words.split()],
        env={**kept, **environment, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False,
    )  # fmt: skip


def record(candidate: str) -> Iterator[str]:
    """What was kept of a rollout: where, and a line for each time that something was decided or done."""
    path = max(Path("reports/rollouts").rglob(f"*-{candidate}.json"))
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    yield f"The record of {candidate}, {path.as_posix()}: {kept['status']}"
    for tick in kept["ticks"]:
        yield printable(f"  {tick['at']}  {tick['verdict']}: {numbers(tick['evidence'])} → {tick['did']}")
    yield ""
