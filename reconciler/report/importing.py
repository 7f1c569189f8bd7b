"""What `reconcile import` has done, as it is read on a terminal. Pure: a document in, text out."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from os.path import commonpath

from reconciler.core.foreign import printable
from reconciler.core.words import many
from reconciler.report.formats import Document

MOST_ALIKE = 3  # files of which each says the same


def text(document: Document) -> str:
    """Each file with what it leaves out, then what has none, then what is to be done."""
    lines = [*_files(document), *_others(document), "", _counted(document), *_next(document)]
    return "".join(f"{printable(line)}\n" for line in lines)


def _files(document: Document) -> Iterator[str]:
    """What many files leave out alike is told once, below them."""
    yield from (f"wrote  {document[what]}" for what in ("configuration", "defaults") if document[what])
    yield from (f"wrote  {layer['file']}" for layer in document["layers"])
    counts = Counter((item["path"], item["reason"]) for file in document["files"] for item in file["left"])
    for file in document["files"]:
        yield f"added  {file['file']}: variant {file['variant']}" if "variant" in file else f"wrote  {file['file']}"
        for item in file["left"]:
            if counts[item["path"], item["reason"]] <= MOST_ALIKE:
                yield f"       {item['path']} left to others: {item['reason']}"
    for (path, reason), count in counts.items():
        if count > MOST_ALIKE:
            yield f"       {path} left to others in {count} files: {reason}"


def _others(document: Document) -> Iterator[str]:
    yield from (f"passed {item['address']}: {item['reason']}" for item in document["passed_over"])
    yield from (f"failed {item['address']}: {item['reason']}" for item in document["failed"])
    yield from (f"note: {remark}" for remark in document["remarks"])


def _counted(document: Document) -> str:
    imported = sum(len(file["addresses"]) for file in document["files"])
    rest = [
        f"{len(document[what])} {words}"
        for what, words in (("passed_over", "passed over"), ("failed", "failed"))
        if document[what]
    ]
    if not (imported or rest):
        return "Nothing to import."
    files = len({file["file"] for file in document["files"]})
    return "; ".join([f"Imported: {many(imported, 'function')} in {many(files, 'file')}", *rest]) + "."


def _next(document: Document) -> Iterator[str]:
    if not document["files"]:
        return
    yield "Next:"
    for account, items in groupby(document["parameters"], key=lambda item: item["address"].partition("/")[0]):
        yield f"# with credentials of account {account}:"
        yield from (item["command"] for item in items)
    paths = [*dict.fromkeys(file["file"] for file in (*document["layers"], *document["files"]))]
    where = paths[0] if len(paths) == 1 else commonpath(paths) or "."
    if document["parameters"]:
        yield "# the values are where the specs say once these commands were run"
    yield f"reconcile plan {shlex.quote(where)}    # nothing to change, but for the mark of who manages it"
    yield f"reconcile apply {shlex.quote(where)}"
    for item in document["hand_over"]:
        yield f"# then, for {item['source']}:"
        yield from item["text"].splitlines()
