"""Foreign text as markdown in which it is nothing but text, links to the lines of files, and what there is room for. Pure.

Room is told in bytes of UTF-8: GitHub counts a comment's characters and a summary's bytes, and the former are never more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from posixpath import normpath
from typing import Any
from urllib.parse import quote

from reconciler.core.foreign import printable
from reconciler.report.formats import View

WHERE_TO_FIND_IT = "reconcile plan -o plan.json writes the whole plan"


def inert(text: Any) -> str:
    """Text that markdown shows as it is: no HTML, link, mention, reference or emphasis, nor the end of a table's cell.

    Mentions, references and addresses are looked for in the text that remains once entities are read, so an entity does
    not hide them; a character without width after their sign does."""
    shown = re.sub(r"[^\w\s./,:;()'=+~-]|[_~]|(?<=\w)\.(?=\w)", lambda match: f"&#{ord(match[0])};", printable(text))
    return re.sub(r"&#(?:64|35);|:(?=//)|\b[Gg][Hh]-(?=\d)", lambda match: f"{match[0]}&#8203;", shown)


def code(text: Any) -> str:
    """Text as code, in which entities are read: between backticks they would not be."""
    return f"<code>{inert(text)}</code>"


def bold(text: Any) -> str:
    return f"<b>{inert(text)}</b>"


def small(*parts: str) -> str:
    return f"<sub>{' · '.join(filter(None, parts))}</sub>"


def link(text: Any, address: str) -> str:
    return f"[{inert(text)}](<{address}>)" if address else inert(text)


def line_link(source: Mapping[str, Any] | None, view: View, *, whole: bool = False) -> str:
    """A file and its line as a link to that line at the commit, where both are known; by the file's own name unless `whole`."""
    if not source:
        return ""
    shown = source["file"] if whole else source["file"].rpartition("/")[2]
    return link(f"{shown}:{source['line']}", address_of(source["file"], view, source["line"]))


def address_of(file: str, view: View, line: int = 0) -> str:
    """Where the repository shows a file of ours; empty where nobody can tell, or it lies outside."""
    path = normpath(f"{view.folder}/{file}" if view.folder else file)
    is_of_a_commit = view.repository_url and re.fullmatch("[0-9a-f]{40,64}", view.commit)
    if not is_of_a_commit or path.startswith(("/", "..")) or not path.isprintable():
        return ""
    return f"{view.repository_url}/blob/{view.commit}/{quote(path)}{f'#L{line}' if line else ''}"


def whole_is(view: View) -> str:
    """Where that stands which has no room here."""
    return f"the whole plan is in {inert(view.whole_in)}" if view.whole_in else WHERE_TO_FIND_IT


def run_link(view: View) -> str:
    return link("run", view.run_url) if view.run_url else ""


def size(text: str) -> int:
    return len(text.encode())


def fitting(pieces: Sequence[str], room: int) -> int:
    """How many of the pieces, from the first on, there is room for; each whole."""
    for number, piece in enumerate(pieces):
        room -= size(piece)
        if room < 0:
            return number
    return len(pieces)


def named(names: Iterable[str], room: int) -> str:
    """Inert names in one line, as many as there is room for, then how many more."""
    shown = [inert(name) for name in names]
    fits = fitting([f"{name}, " for name in shown], room)
    left = len(shown) - fits
    return ", ".join(shown[:fits]) + (f"{' and ' if fits else ''}{left} more" if left else "")
