"""One file an output format: a module here with `plan(document, view) -> str`, which takes a plan as its JSON file has it.

Its name is the word after `--format`. `shown` holds what formats share, and is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

NAMES = tuple(sorted(found.name for found in iter_modules(__path__) if found.name != "shown"))


@dataclass(frozen=True, slots=True)
class View:
    """Where a plan is to be looked at: whether there are colours; which file has all of it, where a step leaves one."""

    has_colour: bool = False
    whole_in: str = ""


def plan(name: str, document: Mapping[str, Any], view: View) -> str:
    """The plan in the format of this name."""
    return str(import_module(f"{__name__}.{name}").plan(document, view))
