"""What `drift accept` has found, as it is read on a terminal and in a pull request. Pure: a document in, text out."""

from __future__ import annotations

from reconciler.core.foreign import printable
from reconciler.core.words import many
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.text import code, inert, line_link
from reconciler.report.formats.shown import value_text


def text(document: Document) -> str:
    """The difference of each file, then what is left, then how many."""
    lines = [line for file in document["files"] for line in file["diff"].splitlines()]
    lines += [f"left: {item['address']} {item['path']}".rstrip() + f": {item['reason']}" for item in document["left"]]
    return "".join(f"{printable(line)}\n" for line in [*lines, _counted(document)])


def markdown(document: Document, view: View) -> str:
    """The body of a pull request that takes the drift over."""
    rows = [
        f"| {code(item['address'])} | {code(item['path'])} | {code(value_text(item['before']))} | {code(value_text(item['after']))} | "
        f"{line_link(item['source'], view)} |"
        for item in document["accepted"]
    ]
    head = ["| function | | git said | AWS holds | |", "|---|---|---|---|---|"] if rows else []
    left = [f"- {code(item['address'])} {code(item['path'])}: {inert(item['reason'])}" for item in document["left"]]
    paragraphs = [[_counted(document)], [*head, *rows], ["Not taken over:", "", *left] if left else []]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _counted(document: Document) -> str:
    taken, left = len(document["accepted"]), len(document["left"])
    if not (taken or left):
        return "Nothing has drifted."
    where = f" in {many(len(document['files']), 'file')}" if taken else ""
    rest = f"; {left} left" if left else ""
    return f"Taken over from AWS: {many(taken, 'difference')}{where}{rest}."
