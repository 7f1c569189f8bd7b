"""What a word of a command line may go on to, for a shell that completes it: names of functions and layers, addresses and aliases, looked
for in the text of the spec files, without a reader of YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_WORD = rb"""["']?([A-Za-z0-9_-]{1,140})["']?"""
_END = rb" *(?:#.*)?\r?$"
NAME = re.compile(rb"^(function|layer): *" + _WORD + _END, re.MULTILINE)
ACCOUNT = re.compile(rb"^account: *" + _WORD + _END, re.MULTILINE)
REGIONS = re.compile(rb"^regions?: *\[?([A-Za-z0-9-]+(?:, *[A-Za-z0-9-]+)*)\]?" + _END, re.MULTILINE)
ALIASES = re.compile(rb"^aliases: *(?:\{(.*)|(?:#.*)?\r?\n((?:(?:[ #].*)?\r?\n)*))", re.MULTILINE)
IN_BRACES = re.compile(rb"(?:^|\}, *|\{\}, *)" + _WORD + rb": *\{")
IN_LINES = re.compile(rb"^( +)" + _WORD + rb":", re.MULTILINE)
MOST_FILES = 5000
OPENING_BYTES = 4096  # a spec begins with its name
WHOLE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Named:
    """A spec as far as its text tells: what it is of, in which places, and where the text lies."""

    path: Path
    name: str
    places: tuple[str, ...]

    @property
    def addresses(self) -> list[str]:
        return [f"{place}/{self.name}" for place in self.places]


def words(root: Path, incomplete: str, *, has_alias: bool = False) -> list[str]:
    """The names that begin so; where none does the addresses; of a name and a slash its aliases, where one is asked for."""
    found = list(_named(root))
    for spellings in ({one.name for one in found}, {address for one in found for address in one.addresses}):
        fitting = sorted(word for word in spellings if word.startswith(incomplete))
        if fitting:
            return fitting
    whole, slash, alias = incomplete.rpartition("/")
    if not (has_alias and slash):
        return []
    of_it = [one for one in found if whole in (one.name, *one.addresses)]
    known = {name for one in of_it for name in _aliases(_text(one.path, WHOLE_BYTES))}
    return sorted(f"{whole}/{name}" for name in known if name.startswith(alias))


def _named(root: Path) -> Iterator[Named]:
    """What files below a folder begin with; of what cannot be read nothing."""
    for path in islice(_files(root), MOST_FILES):
        text = _text(path, OPENING_BYTES)
        accounts = [match.decode() for match in ACCOUNT.findall(text)]
        regions = [word for match in REGIONS.findall(text) for word in re.split(", *", match.decode())]
        places = tuple(f"{account}/{region}" for account in accounts for region in regions)
        for kind, name in NAME.findall(text):
            yield Named(path, name.decode() if kind == b"function" else f"layer/{name.decode()}", places)


def _aliases(text: bytes) -> Iterator[str]:
    """The keys of the section that can be told from its text."""
    for braces, lines in ALIASES.findall(text):
        keys = IN_LINES.findall(lines)
        nearest = min((len(indent) for indent, _ in keys), default=0)
        yield from (name.decode() for indent, name in keys if len(indent) == nearest)
        yield from (name.decode() for name in IN_BRACES.findall(braces))


def _text(path: Path, most_bytes: int) -> bytes:
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(most_bytes)
    return b""


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if name.lower().endswith((".yaml", ".yml")))
