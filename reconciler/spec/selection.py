"""Words of a command line to targets: a function's name, an address, or either with patterns. Pure.

A word has up to three parts with slashes between them. The last is the function's name; of three the others are account and region,
of two the first is either. Each part may be a pattern as shells have them (`*`, `?`, `[ab]`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from reconciler.core.errors import SelectionError
from reconciler.core.model import Target

PATTERN = re.compile(r"[*?\[]")
MOST_NAMED = 5
ALL_PARTS = 3


def matches(word: str, target: Target) -> bool:
    """Whether a word means a target."""
    *where, name = word.split("/")
    if not fnmatchcase(target.function, name):
        return False
    match where:
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


def unknown(word: str, targets: Collection[Target]) -> str:
    """That a word means nothing, with what it may mean."""
    names = {target.function for target in targets}
    near = get_close_matches(word, [*sorted(names), *map(str, sorted(targets))], n=1)
    near = near or get_close_matches(word.rpartition("/")[2], sorted(names), n=1)
    mend = f"did you mean {near[0]}?" if near else f"there are {_listed(names)}" if names else "there is no spec"
    return f"no spec is for {word}; {mend}"


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    left = len(ordered) - MOST_NAMED
    return ", ".join(ordered[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
