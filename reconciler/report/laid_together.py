"""A spec with all its parts laid together, as YAML whose lines say where they come from. Pure: a document in, text out, all of it printable."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from reconciler.core.diff import steps_of
from reconciler.core.foreign import printable
from reconciler.files.splicing import block, key_text
from reconciler.report.formats import Document

WIDEST = 60  # columns, beyond which a comment stands where its line ends
INDENT = 2


def text(document: Document) -> str:
    """The specs of a document of `reconcile show`, a YAML document each."""
    return "---\n".join(_spec(spec) for spec in document["specs"])


def _spec(spec: Document) -> str:
    lines = list(_lines(spec))
    width = max((len(line) for line, _ in lines if len(line) <= WIDEST), default=0)
    told = (f"{line.ljust(width)}  # {source}" if source else line for line, source in lines)
    return "".join(f"{printable(line)}\n" for line in (f"# {spec['address']}", *told))


def _lines(spec: Document) -> Iterator[tuple[str, str]]:
    """Each line, and where what it says is written; of a map only what is in it has a place."""
    above: tuple[str, ...] = ()
    for item in spec["values"]:
        *maps, name = steps_of(item["path"])
        kept = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(above, maps, strict=False))))
        for depth in range(kept, len(maps)):
            yield f"{' ' * INDENT * depth}{key_text(maps[depth])}:", ""
        above = tuple(maps)
        first, *more = block(name, item["value"], INDENT * len(maps))
        yield first, f"{item['source']['file']}:{item['source']['line']}"
        yield from ((line, "") for line in more)
