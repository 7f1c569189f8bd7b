"""What `drift accept` has found, as it is read on a terminal, in a pull request and in a commit. Pure: a document in, text out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from reconciler.core.foreign import printable
from reconciler.core.words import many
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.text import code, inert, line_link
from reconciler.report.formats.shown import value_text, who_text


def text(document: Document) -> str:
    """The difference of each file, then what is left, then how many."""
    lines = [line for file in document["files"] for line in file["diff"].splitlines()]
    lines += [f"left: {item['address']} {item['path']}".rstrip() + f": {item['reason']}" for item in document["left"]]
    return "".join(f"{printable(line)}\n" for line in [*lines, _counted(document)])


def markdown(document: Document, view: View) -> str:
    """The body of a pull request that takes the drift over."""
    is_told = any("who" in item for item in document["accepted"])
    rows = [
        f"| {code(item['address'])} | {code(item['path'])} | {code(value_text(item['before']))} | {code(value_text(item['after']))} | "
        f"{line_link(item['source'], view)} |{f' {inert(who_text(item))} |' if is_told else ''}"
        for item in document["accepted"]
    ]
    more = (" who |", "---|") if is_told else ("", "")
    head = [f"| function | | git said | AWS holds | |{more[0]}", f"|---|---|---|---|---|{more[1]}"] if rows else []
    left = [f"- {code(item['address'])} {code(item['path'])}: {inert(item['reason'])}" for item in document["left"]]
    paragraphs = [[_counted(document)], [*head, *rows], ["Not taken over:", "", *left] if left else []]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


WORD = re.compile(r"[A-Za-z0-9_.:/@+=,~-]{1,128}")  # of strangers, what a forge takes for nothing but a word


def message(document: Document) -> str:
    """What a commit says of it. What a forge could obey (`[skip ci]`, a mention, what closes an issue) stands in the files alone."""
    return f"{_counted(document).removesuffix('.')}\n\n{''.join(_of_targets(document))}"


def how_to_propose(document: Document) -> str:
    """The next command of whoever has the right to push."""
    branch = document.get("branch")
    if branch:
        return f"To propose it to {branch['from']}: git push -u origin {shlex.quote(branch['name'])}"
    files = shlex.join(file["file"] for file in document["files"])
    return f"To propose it: git switch -c accept-drift && git commit -m 'Take over what AWS holds' {files}"


def _of_targets(document: Document) -> Iterator[str]:
    address = ""
    for item in document["accepted"]:
        if item["address"] != address:
            address = item["address"]
            yield f"{_word(address)}\n"
        before, after = (_word(value_text(item[side])) for side in ("before", "after"))
        yield f"- {_word(item['path'])}: {before} -> {after}\n"
        who = who_text(item)
        yield f"  {' '.join(map(_word, who.split(' ')))}\n" if who else ""


def _word(text: str) -> str:
    return text if (WORD.fullmatch(text) and not text.startswith("@")) or text == "(unset)" else "…"


def _counted(document: Document) -> str:
    taken, left = len(document["accepted"]), len(document["left"])
    if not (taken or left) and document["others"]:
        others = f"{many(document['others'], 'other difference')} {'has' if document['others'] == 1 else 'have'}"
        return f"Nothing of what is meant has drifted; {others}."
    if not (taken or left):
        return "Nothing has drifted."
    where = f" in {many(len(document['files']), 'file')}" if taken else ""
    rest = f"; {left} left" if left else ""
    done = "Taken over" if document["written"] or not taken else "To take over"
    return f"{done} from AWS: {many(taken, 'difference')}{where}{rest}."
