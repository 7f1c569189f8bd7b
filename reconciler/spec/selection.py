"""Words of a command line to targets: a function's name, an address, or either with patterns. Pure.

A word has up to three parts with slashes between them. The last is the function's name; of three the others are account and region, of two
the first is either. A layer's name begins with `layer/`. Each part may be a pattern as shells have them (`*`, `?`, `[ab]`). What can be no
name is a path."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from reconciler.core.errors import SelectionError
from reconciler.core.model import Target

NAME = re.compile(r"(?!\.)([A-Za-z0-9_.*?\[\]!-]+/){0,3}[A-Za-z0-9_*?\[\]!-]+")  # a function's name has no dot
PATTERN = re.compile(r"[*?\[]")
MOST_NAMED = 5
ALL_PARTS = 3
FUNCTION = "function"  # the root whose targets are named without it


@dataclass(frozen=True, slots=True)
class Selection:
    """What a command line means: words, each a path or a name, and an account and a region that all of it is in, or patterns of them."""

    words: tuple[str, ...] = ()
    account: str = ""
    region: str = ""

    @property
    def is_of_places(self) -> bool:
        return bool(self.account or self.region)


def is_name(word: str) -> bool:
    """Whether a word may be a name, an address, or a pattern of one."""
    return bool(NAME.fullmatch(word))


def matches(word: str, target: Target) -> bool:
    """Whether a word means a target."""
    *where, name = word.split("/")
    kind = [] if target.root == FUNCTION else [target.root]
    if not fnmatchcase(target.name, name) or where[len(where) - len(kind) :] != kind:
        return False
    match where[: len(where) - len(kind)]:
        case []:
            return True
        case [place]:
            return fnmatchcase(target.account, place) or fnmatchcase(target.region, place)
        case [account, region]:
            return fnmatchcase(target.account, account) and fnmatchcase(target.region, region)
    return False


def select(words: Sequence[str], targets: Collection[Target]) -> list[Target]:
    """The targets that any of the words means, sorted; all of them without a word. Raises SelectionError for each word that means none."""
    chosen = {word: [target for target in targets if matches(word, target)] for word in words}
    wrong = [unknown(word, targets) for word in words if not chosen[word]]
    if wrong:
        raise SelectionError("\n".join(wrong))
    return sorted({target for found in chosen.values() for target in found} if words else targets)


def within(selection: Selection, targets: Collection[Target]) -> list[Target]:
    """The targets that are in the account and the region of a selection. Raises SelectionError where none is."""
    left = list(targets)
    for part, wanted in (("account", selection.account), ("region", selection.region)):
        before, left = left, [target for target in left if fnmatchcase(getattr(target, part), wanted or "*")]
        if wanted and not left:
            known = {str(getattr(target, part)) for target in before}
            raise SelectionError(f"no spec is for --{part} {wanted}; {mend(wanted, known, known)}")
    return left


def one(word: str, targets: Collection[Target], places: Iterable[tuple[str, str]] = ()) -> Target:
    """The only target that a word means. A whole address needs no spec where its account and region are among `places`. Raises
    SelectionError where there is none, or more than one."""
    address = word.split("/")
    if len(address) == ALL_PARTS and all(address) and not PATTERN.search(word):
        target = Target(*address)
        if target in targets or (target.account, target.region) in {*places}:
            return target
    found = sorted(target for target in targets if matches(word, target))
    if len(found) == 1:
        return found[0]
    if not found:
        raise SelectionError(unknown(word, targets))
    raise SelectionError(f"{word} may be {_listed(map(str, found))}; write one of them")


def unknown(word: str, targets: Collection[Target], lacking: str = "no spec is for") -> str:
    """That a word means nothing, with what it may mean."""
    names = {target.name if target.root == FUNCTION else f"{target.root}/{target.name}" for target in targets}
    return f"{lacking} {word}; {mend(word, names, {*names, *map(str, targets)})}"


def mend(word: str, names: Collection[str], spellings: Collection[str]) -> str:
    """The name that a word is nearest to, of all that could be spelled; else the names."""
    near = get_close_matches(word, sorted(spellings), n=1) or get_close_matches(
        word.rpartition("/")[2], sorted(names), n=1
    )
    return f"did you mean {near[0]}?" if near else f"there are {_listed(names)}" if names else "there is no spec"


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    left = len(ordered) - MOST_NAMED
    return ", ".join(ordered[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
