"""What git prints, taken apart. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from reconciler.core.errors import GitError
from reconciler.core.holding import at_or_below


class Blob(NamedTuple):
    """A file of a tree: git's mode and the object's name."""

    mode: str
    name: str


def split(names: bytes) -> list[str]:
    return [name for name in os.fsdecode(names).split("\0") if name]


def is_below(name: str, folder: str) -> bool:
    return folder == "." or name == folder or name.startswith(f"{folder}/")


def within(names: Sequence[str], folder: str) -> Sequence[str]:
    """Of sorted names those at or below a folder."""
    return names if folder == "." else at_or_below(names, folder)


def starts(name: str) -> Iterator[str]:
    """A path's folders from the root downwards, and itself."""
    return accumulate(name.split("/"), lambda folder, part: f"{folder}/{part}")


def listed(line: str) -> tuple[str, Blob]:
    facts, _, path = line.partition("\t")
    mode, _, name = facts.split()
    return path, Blob(mode, name)


def sized(line: bytes) -> tuple[str, int]:
    """Name and size of an object. Raises GitError for one that is not there."""
    name, *facts = line.decode().split()
    if len(facts) != 2:
        raise GitError(f"git has no object {name} here; fetch all of them (no --filter)")
    return name, int(facts[1])


def contents(answer: bytes, sizes: Mapping[str, int], names: Sequence[str]) -> Iterator[bytes]:
    """The objects in what `git cat-file --batch` prints: of each a line of facts, its bytes and a line's end."""
    start = 0
    for name in names:
        start = answer.index(b"\n", start) + 1
        yield answer[start : start + sizes[name]]
        start += sizes[name] + 1
