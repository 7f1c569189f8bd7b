"""Every workflow that the project has or shows, as text: what holds of one holds of all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
OURS = ("reconcile", "drift", "rollout")  # the workflows that repositories of specs call
SETUP = ROOT / ".github" / "actions" / "setup" / "action.yml"
TEMPLATES = ROOT / "reconciler" / "commands" / "setup" / "templates"
INIT = {"init": TEMPLATES / "workflow.yml", "init-rollouts": TEMPLATES / "rollout.yml"}
PAGES = {"README": ROOT / "README.md", "manual": ROOT / "reconciler" / "manual" / "github.md"}
_SHOWN = re.compile(r"^```yaml\n(?P<text>(?:name|on): .*?)^```$", re.MULTILINE | re.DOTALL)


def workflows() -> list[tuple[str, str]]:
    """Name and text of each: those that run here or are called, and what a repository of specs writes."""
    return [*own(), *callers()]


def own() -> list[tuple[str, str]]:
    return [(path.stem, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))]


def callers() -> list[tuple[str, str]]:
    """What a repository of specs writes, as `reconcile init` does and the pages show it."""
    shown = [(f"{page}-{number}", text) for page, path in PAGES.items() for number, text in enumerate(_shown(path), 1)]
    return [*((name, path.read_text(encoding="utf-8")) for name, path in INIT.items()), *shown]


def _shown(path: Path) -> Iterator[str]:
    for found in _SHOWN.finditer(path.read_text(encoding="utf-8")):
        yield found["text"]
