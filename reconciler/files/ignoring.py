"""What a .lambdaignore leaves out: its lines to patterns that mean what git's mean and take linear time a name.

pathspec translates a line to a regular expression; here its wildcards lose their backtracking. A glob needs none: where a
piece between two wildcards matches at all, it may be taken at the first place where it does. Opens no file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

MAX_PATTERNS = 1_000
MAX_PATTERN_LENGTH = 1_000
STAR = "[^/]*"
FOLDERS = re.compile(r"(\(\?:\.\+/\)\?|\(\?:/\.\+\)\?)")  # `**` at the beginning, and `**` inside
UNREADABLE_SET = re.compile(r"\[[!^]?\[|\[[^\]]*(?:--|&&|~~|\|\|)")  # which Python's expressions take for sets of sets
LAZILY = {"(?:.+/)?": "(?:.+?/)??", "(?:/.+)?": "(?:/.+?)??"}


class BadPattern(ValueError):
    """A line that is no pattern, or too much of one; the message names the line."""


def ignored(always: Sequence[str], lines: Sequence[str], own: Sequence[str]) -> GitIgnoreSpec:
    """The patterns of some lines between those that always stand before and after. Raises BadPattern."""
    written = [line for line in lines if line.strip() and not line.startswith("#")]
    if len(written) > MAX_PATTERNS:
        raise BadPattern(f"{len(written):,} patterns; the most is {MAX_PATTERNS:,}: name whole folders")
    between = [_pattern(line, number) for number, line in enumerate(lines, start=1)]
    every = [*map(_pattern, always), *between, *map(_pattern, own)]
    return GitIgnoreSpec([pattern for pattern in every if pattern])


def _pattern(line: str, number: int = 0) -> GitIgnoreSpecPattern | None:
    """The pattern of a line; None for a comment, an empty line, and what git passes over."""
    if len(line) > MAX_PATTERN_LENGTH:
        raise BadPattern(f"line {number} has {len(line):,} characters; the most is {MAX_PATTERN_LENGTH:,}")
    if UNREADABLE_SET.search(line):
        raise BadPattern(f"line {number} has a set that cannot be read; write [...] with plain characters and ranges")
    try:
        regex, takes_out = GitIgnoreSpecPattern.pattern_to_regex(line)
        return None if regex is None else GitIgnoreSpecPattern(re.compile(linear(regex)), takes_out)
    except (ValueError, re.error) as error:
        raise BadPattern(f"line {number} is not a pattern: {error}") from error


def linear(regex: str) -> str:
    """The regular expression of a pattern, with every piece between two wildcards taken where it first matches."""
    return _without_retries_of_folders(_without_retries_of_stars(regex))


def _without_retries_of_stars(regex: str) -> str:
    """A `*` before another one in the same name; a slash ends a name by itself."""
    head, *pieces = regex.split(STAR)
    made = [head]
    for number, piece in enumerate(pieces, start=1):
        is_between = number < len(pieces) and "/" not in piece.replace("[^/]", "")
        made.append(f"(?>{STAR}?{piece})" if is_between else STAR + piece)
    return "".join(made)


def _without_retries_of_folders(regex: str) -> str:
    head, *rest = FOLDERS.split(regex)
    made = [head]
    for index in range(0, len(rest), 2):
        wildcard, piece = rest[index], rest[index + 1]
        is_between = index + 2 < len(rest)
        made.append(f"(?>{LAZILY[wildcard]}{piece}(?=/))" if is_between else wildcard + piece)
    return "".join(made)
