"""Files that one commit alone touched after another one, so that every line which is new in them is of that commit.

Of few files git is asked for the author of each line, file by file; of thousands that takes the time of looking for renames in each of
them anew, or of going through all commits again. Reads git's objects only.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reconciler.files.repository import Repository

NOTHING = re.compile("0+")  # the name of a blob that is not there
COMMIT = re.compile("[0-9a-f]{40,}")
MOST_LINES = 500  # between the first that differs and the last: of more git is asked


@dataclass(frozen=True, slots=True)
class Touch:
    """What a commit made of a file: the names of the blobs `before`, empty where there was none, and `after`."""

    commit: str
    before: str
    after: str


def touched_once(repository: Repository, commits: Sequence[str]) -> Mapping[str, Touch]:
    """By name, the files that one of some commits, newest first, touched, and no other; of one that had another name nobody else touched
    that. Merges count where they took a file from none of those that they merge. Raises GitError."""
    if not commits:
        return {}
    words = ("diff-tree", "--stdin", "-r", "-z", "-M", "-c", "--root")
    printed = os.fsdecode(repository.git(*words, text="\n".join([*commits, ""]).encode()))
    changes = [*_changes(iter(printed.split("\0")))]
    times = Counter(name for change in changes if not change.is_move for name in {*change.names})
    for change in reversed(changes):
        if change.is_move:
            times[change.names[-1]] += times[change.names[0]]
    losing = {change.touch.commit for change in changes if change.sort == "D"}
    return {
        change.names[-1]: change.touch
        for change in changes
        if not change.is_move
        and all(times[name] == 1 for name in change.names)
        and (change.sort in ("M", "R") or (change.sort == "A" and change.touch.commit not in losing))
    }


@dataclass(frozen=True, slots=True)
class _Change:
    """A file of a commit: git's letter for what became of it, or that it was merged, and its names, the last of which it has since."""

    sort: str
    touch: Touch
    names: Sequence[str]

    @property
    def is_move(self) -> bool:
        """Whether it has another name, and is what it was."""
        return self.sort == "R" and self.touch.before == self.touch.after


def _changes(words: Iterator[str]) -> Iterator[_Change]:
    commit = ""
    for word in words:
        if COMMIT.fullmatch(word):
            commit = word
        elif word:
            *_, before, after, sort = word.split()
            is_merge = word.startswith("::")
            names = [next(words) for _ in range(2 if sort[0] in "RC" and not is_merge else 1)]
            touch = Touch(commit, "" if NOTHING.fullmatch(before) else before, after)
            yield _Change("merge" if is_merge else sort[0], touch, names)


def new_lines(before: bytes, after: bytes) -> list[int] | None:
    """The numbers of the lines that a text has and the one before it had not; None where that takes too long to tell."""
    was, now = before.split(b"\n"), after.split(b"\n")
    start = next(
        (at for at, (one, other) in enumerate(zip(was, now, strict=False)) if one != other), min(len(was), len(now))
    )
    rest = min(len(was), len(now)) - start
    pairs = zip(reversed(was[start:]), reversed(now[start:]), strict=False)
    end = next((at for at, (one, other) in enumerate(pairs) if one != other), rest)
    was, now = was[start : len(was) - end], now[start : len(now) - end]
    if max(len(was), len(now)) > MOST_LINES:
        return None
    steps = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    return [start + line + 1 for what, _, _, first, last in steps if what != "equal" for line in range(first, last)]
