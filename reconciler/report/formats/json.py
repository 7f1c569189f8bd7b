"""Documents as JSON text: for stdout, and for the files that a step leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from textwrap import indent
from typing import Any

from reconciler.core.errors import ReconcileError
from reconciler.core.foreign import harmless
from reconciler.core.later import in_json
from reconciler.report.formats import View

PIECES = 1000  # of a text, that are joined as soon as there are so many: by themselves they take ten times the room


def document_json(document: Any, _: View = View()) -> str:  # noqa: B008  frozen
    """The document in lines. What a terminal or GitHub's log would obey, and half of a surrogate pair, stands in it as JSON
    escapes it, so that it reads back as it was."""
    pieces = json.JSONEncoder(indent=2, ensure_ascii=False, default=in_json).iterencode(document)
    parts = iter(lambda: "".join(islice(pieces, PIECES)), "")
    return harmless("".join([*parts, "\n"]))


def backwards(documents: Iterable[Any]) -> Iterator[str]:
    """A list of documents, that which comes last at its head, in pieces. Only their texts are held, which take a tenth of the room."""
    texts = [indent(document_json(document).rstrip(), "  ") for document in documents]
    yield "[" if texts else "[]\n"
    while texts:
        text = texts.pop()
        yield f"\n{text}" + ("," if texts else "\n]\n")


def streamed(head: Mapping[str, Any], name: str, items: Iterable[Any]) -> Iterator[str]:
    """A document with a list of items that are told as they come, in pieces. What ends them early is its `problem`, and is raised once the
    document is whole."""
    yield document_json({**head, name: []}).removesuffix("]\n}\n")
    count, failure = 0, None
    try:
        for count, item in enumerate(items, 1):
            yield f"{',' if count > 1 else ''}\n{indent(document_json(item).rstrip(), '    ')}"
    except (ReconcileError, KeyboardInterrupt) as error:
        failure = error
    problem = harmless(json.dumps(str(failure) or "interrupted", ensure_ascii=False))
    end = "\n  ]" if count else "]"
    yield end + (f',\n  "problem": {problem}' if failure else "") + "\n}\n"
    if failure:
        raise failure


plan = report = validation = error = functions = answer = document_json
