"""What the tests of this folder share: a folder of specs from texts, and what reading it says."""

from __future__ import annotations

import contextlib
from pathlib import Path

from reconciler.commands import workspaces
from reconciler.core.errors import SpecError
from reconciler.kinds.registry import SECTION_NAMES
from reconciler.spec import load
from reconciler.spec.load import Specs
from tests.citing import uncited

CONFIG = """
aws:
  accounts:
    - {name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2, eu-west-1]}
"""
IGNORABLE = ", ".join(f"/{name}" for name in SECTION_NAMES if name != "versions")  # as the message names them
HEAD = "function: checkout\naccount: test\nregion: us-west-2\n"  # three lines, so what a test adds begins at line 4


def folder(root: Path, **texts: str) -> Path:
    """`root/specs` with reconcile.yaml and one file a text; `__` in a name stands for a folder."""
    specs = root / "specs"
    for name, text in {"reconcile": CONFIG, **texts}.items():
        path = specs / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return specs


def read(root: Path, **texts: str) -> Specs:
    folder(root, **texts)
    with contextlib.chdir(root):
        return workspaces.read([Path("specs")]).specs


def refusal(root: Path, **texts: str) -> list[str]:
    """The faults, a line each, without the rule that each must cite; empty when nothing is wrong."""
    try:
        read(root, **texts)
    except SpecError as error:
        return [uncited(line) for line in str(error).splitlines()]
    return []


def faults(root: Path, body: str) -> list[str]:
    """The faults of one spec that begins with HEAD, as `line:column: message`."""
    return [line.removeprefix("specs/a.yaml:") for line in refusal(root, a=HEAD + body)]


def warnings(root: Path, body: str) -> list[str]:
    found = read(root, a=HEAD + body).warnings
    return [f"{note.origin}: {uncited(note.message)}".removeprefix("specs/a.yaml:") for note in found]


def alone(root: Path, text: str) -> Specs:
    """One file read without a reconcile.yaml."""
    path = root / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return load.load([path], None)
