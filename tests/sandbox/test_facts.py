"""FACTS.md says of everything how it is known: by a tag of its own, or by the one that its section opens with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

FACTS = (Path(__file__).parents[2] / "reconciler" / "sandbox" / "FACTS.md").read_text(encoding="utf-8")
TAGS = "MVDTOE?"
TAG = re.compile(rf"\[(?:[^\]\[]*[ ;,])?[{TAGS}]\??(?:[ ,;][^\]\[]*)?\]")
FOR_ALL = re.compile(
    r"^(Without a tag: |Made of what is above |All of it |Measured with moto 5\.2\.5 )\[", re.MULTILINE
)


def blocks(text: str) -> Iterator[str]:
    """Rows of tables, items of lists, and paragraphs."""
    for part in re.split(r"\n\s*\n|\n(?=- )", text.strip()):
        if part.startswith("|"):
            yield from (row for row in part.splitlines()[1:] if not re.fullmatch(r"[-| ]+", row))
        else:
            yield part


def untagged(text: str) -> list[str]:
    parts = re.split(r"^(#{2,3} .*)$", text, flags=re.MULTILINE)
    return [
        f"{heading}: {block[:60]}"
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
        if body.strip() and not FOR_ALL.search(body)
        for block in blocks(body)
        if not TAG.search(block)
    ]


def test_everything_says_how_it_is_known() -> None:
    assert untagged(FACTS) == []


def test_what_does_not_say_so_is_found() -> None:
    text = "## 1. A\n\n- one [V]\n- two\n\n| a | b |\n|---|---|\n| c | d [M; words [?]] |\n| e | f |\n\n## 2. B\n\nAll of it [?].\n\n- three\n"
    assert untagged(text) == ["## 1. A: - two", "## 1. A: | e | f |"]


def test_every_tag_is_explained() -> None:
    explained = set(re.findall(r"^\| \[(.)\] \|", FACTS, re.MULTILINE))
    assert explained == {*TAGS}
