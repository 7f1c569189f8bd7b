"""One file an output format: a module here with the functions of `Format`, which take documents as their JSON files have them.

Its name is the word after `--format`. `shown` holds what formats share, `page` the pieces of a markdown page; neither is a format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

NAMES = tuple(sorted(module.name for module in iter_modules(__path__) if not module.ispkg and module.name != "shown"))
WITHOUT_FINDINGS = tuple(name for name in NAMES if name != "sarif")  # of what finds nothing: a list, an answer
COMMENT_ROOM = 60_000  # bytes; GitHub takes a comment of 65,536 characters
SUMMARY_ROOM = 1_000_000  # bytes; of a job's summary GitHub takes 1 MiB, and drops the whole of a longer one

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """Where a document is to be looked at, and what only the caller knows of that: whether there are colours; which file has all
    of a plan, where a step leaves one; how many bytes there is room for; the repository's address, the commit whose files it
    shows, the folder in it that paths are told from, and the address of the run. Empty is what nobody can tell."""

    has_colour: bool = False
    whole_in: str = ""
    room: int = COMMENT_ROOM
    repository_url: str = ""
    commit: str = ""
    folder: str = ""
    run_url: str = ""


class Format(Protocol):
    """What a format makes text of. An empty text is what a format has nothing to say of on stdout."""

    def plan(self, document: Document, view: View) -> str: ...

    def report(self, document: Document, view: View) -> str: ...

    def validation(self, document: Document, view: View) -> str: ...

    def error(self, document: Document, view: View) -> str: ...

    def functions(self, document: Sequence[Document], view: View) -> str: ...

    def answer(self, document: Document, view: View) -> str: ...


def of(name: str) -> Format:
    """The format of this name."""
    return cast(Format, import_module(f"{__name__}.{name}"))


def plan(name: str, document: Document, view: View) -> str:
    """The plan in the format of this name."""
    return of(name).plan(document, view)
