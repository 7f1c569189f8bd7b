"""Every rule of the product, and the page of the manual that is written from them. Found, not listed: none can be forgotten."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path

import reconciler
from reconciler.core.finding import Check, Rule

PAGE = Path(reconciler.__path__[0]) / "manual" / "rules.md"
HEAD = """\
# Rules: what is refused or warned of, each with an id to cite

Every message of a rule ends with its id, as in `(R012)`; `reconcile help R012` says what the rule is. JSON documents carry it as
`rule`, too. A number is never given to another rule. This page is written from the rules: `python -m tests.manual`.
"""
FILES = """\
## Of the files alone

`reconcile validate` tells it with file, line and column, and so does every command that reads specs; the exit code is 20, and nothing
was asked of AWS (but for what a reference stands for). Of workflows (R068, R069) `reconcile doctor` tells it, with 21.
"""
REFUSALS = """\
## Against what lives, or by whoever runs it

A refusal leaves its target alone, and the others go on; one that names no target refuses the whole run. The exit code is 21, and 23
where what was approved or planned does not hold any more.
"""
WARNINGS = """\
## Only said

A warning or a note refuses nothing and changes no exit code.
"""


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, sorted by id; two with one id are two."""
    found: set[Rule] = set()
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            for value in vars(import_module(module.name)).values():
                found |= {value} if isinstance(value, Rule) else {value.rule} if isinstance(value, Check) else set()
    return tuple(sorted(found, key=lambda rule: (rule.id, rule.reason)))


def page() -> str:
    files = [rule for rule in rules() if rule.id < "R200"]
    warnings = [rule for rule in rules() if rule.id.startswith("W")]
    refusals = [rule for rule in rules() if rule not in (*files, *warnings)]
    parts = [HEAD]
    for about, group in ((FILES, files), (REFUSALS, refusals), (WARNINGS, warnings)):
        parts += [about, *sections(group)]
    return "\n".join(parts)


def sections(group: Iterable[Rule]) -> list[str]:
    return [
        f"### {rule.id}\n\n{rule.reason}\n" + (f"AWS says so: <{rule.page}>\n" if rule.page else "") for rule in group
    ]
