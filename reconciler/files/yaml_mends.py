"""What to write where a text is not YAML: libyaml says in its own words what it did not expect, never what would be right. Pure."""

from __future__ import annotations

import yaml

# A part of what libyaml says -> what to write instead. The first that fits is told.
MENDS = (
    ("cannot start any token", "quote text that begins with {odd}"),
    ("mapping values are not allowed", "indent the keys of one map alike, and quote text that has a colon and a blank"),
    ("a quoted scalar found unexpected end", "close the quote that is open since {began}"),
    ("did not find expected ','", "close what is open since {began}"),
    ("unknown escape character", "write \\\\ for a backslash, or use single quotes"),
    ("scanning an alias", "quote text that begins with *"),
    ("scanning an anchor", "quote text that begins with &"),
    ("could not find expected ':'", "write a colon and a blank behind the key"),
    ("sequence entries are not allowed", "begin a list on a line of its own, and quote text that begins with -"),
    ("did not find expected key", "indent what belongs together alike, and quote text that goes on behind a quote or a bracket"),
    ("did not find expected '-'", "indent what belongs together alike, and begin each item with -"),
)  # fmt: skip


def mend(error: yaml.MarkedYAMLError, source: str) -> str:
    """`; ` and what to write, or nothing where the words do not tell what was meant."""
    mark, begin, lines = error.problem_mark, error.context_mark, source.splitlines()
    odd = lines[mark.line][mark.column :][:1] if mark and mark.line < len(lines) else ""
    began = f"line {begin.line + 1}, column {begin.column + 1}" if begin else "its beginning"
    told = next((instead for words, instead in MENDS if words in f"{error.context} {error.problem}"), "")
    told = "indent with blanks, not with a tab" if odd == "\t" else told
    return f"; {told.format(odd=odd, began=began)}" if told else ""
