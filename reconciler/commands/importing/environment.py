"""What a spec says in the place of an environment's values: nothing, so that they stay as they are; a reference, with the command that
puts the value where that leads, without ever showing it; or, where somebody says so, the value."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from shlex import quote

import click

from reconciler.core.errors import SelectionError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Target
from reconciler.spec.references import Lookup
from reconciler.spec.referring import variable

Steps = tuple[str, ...]
ARE_WRITTEN_KNOWINGLY = Rule(
    "R255", "Values of environments are written into files once somebody at a terminal says yes to it."
)
VARIABLES = ("configuration", "Environment", "Variables")
PREFIX = re.compile(r"(/(?!aws|ssm)[a-zA-Z0-9_.-]+){1,12}", re.IGNORECASE)
IGNORE, VALUES, SSM = "ignore", "values", "ssm:"


@dataclass(slots=True)
class Environments:
    """`hidden(target)` gives what a function's sensitive values are written as; `values` are those that references stand for, `commands` put
    them there."""

    prefix: str = ""
    is_open: bool = False
    values: dict[Target, dict[Lookup, str]] = field(default_factory=dict)
    commands: dict[Target, list[str]] = field(default_factory=dict)

    def hidden(self, target: Target, profile: str) -> Callable[[Steps, str], str | None]:
        def written(steps: Steps, value: str) -> str | None:
            if steps[:-1] != VARIABLES or not value:
                return None
            return variable(value) if self.is_open else self._referred(target, profile, steps[-1], value)

        return written

    def _referred(self, target: Target, profile: str, name: str, value: str) -> str | None:
        if not self.prefix:
            return None
        lookup = Lookup("ssm", f"{self.prefix}/{target.function}/{name}")
        self.values.setdefault(target, {})[lookup] = value
        self.commands.setdefault(target, []).append(putting(target, profile, name, lookup.name))
        return f"{{{{ {lookup} }}}}"


def putting(target: Target, profile: str, name: str, parameter: str) -> str:
    """Read by one command and put by another: the value is on no command line, in no file and on no screen. `aws` ends what it prints with
    a newline, the shell takes all that there are away: so one more character goes in between. Tried with aws-cli 1.46, which reads
    --cli-input-json twice and so finds nothing in a pipe."""
    common = f"--region {target.region}" + (f" --profile {quote(profile)}" if profile else "")
    query = f"--query {quote(f'Environment.Variables.{name}')} --output text"
    read = f"aws lambda get-function-configuration {common} --function-name {quote(target.function)} {query}"
    put = f"aws ssm put-parameter {common} --name {quote(parameter)} --type SecureString --value file:///dev/stdin"
    return f'(v=$({read} && echo x) && printf %s "${{v%??}}" | {put})'


def environments(mode: str) -> Environments:
    """Raises SelectionError for another word, UnsafePlan where values are to be written and nobody says yes."""
    prefix = mode.removeprefix(SSM).rstrip("/") if mode.startswith(SSM) else ""
    if mode == VALUES:
        require_yes()
        return Environments(is_open=True)
    if mode != IGNORE and not PREFIX.fullmatch(prefix):
        raise SelectionError(f"--env {mode!r} is none of ignore, values and ssm:/PREFIX, as ssm:/shop/prod")
    return Environments(prefix)


def require_yes() -> None:
    if not sys.stdin.isatty():
        message = "--env values asks on a terminal, and there is none; leave it out, or pass ssm:/PREFIX"
        raise UnsafePlan(ARE_WRITTEN_KNOWINGLY.ends(message))
    question = "All values of environments, secrets among them, go into files in plain text. Write them?"
    if not click.confirm(question, err=True):
        raise UnsafePlan(ARE_WRITTEN_KNOWINGLY.ends("not confirmed; nothing was written"))
