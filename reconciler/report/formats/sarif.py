"""Documents as SARIF 2.1.0, which code scanning reads: what is wrong, and what a plan changes, each at its place.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.core.finding import ENDING
from reconciler.report.formats import Document, View
from reconciler.report.formats.json import document_json
from reconciler.report.formats.shown import failed_address, field_shown, is_acting

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"refusal": "error", "warning": "warning", "note": "note"}


def validation(document: Document, view: View) -> str:
    return _log(_notes(document["warnings"], view))


def plan(document: Document, view: View) -> str:
    """Its diagnostics, then each field that it changes, as a note at the line that says so."""
    return _log([*_notes(document["diagnostics"], view), *_changes(document, view)])


def report(document: Document, view: View) -> str:
    """What failed; it stands at no line of a file."""
    failed = [task for task in document["tasks"] if task["status"]["failed"]]
    return _log(_result("error", f"{failed_address(task)}: {task['status']['status']}", None, view) for task in failed)


def error(document: Document, view: View) -> str:
    """The mistakes in files; where there are none, that the command could not do its work."""
    faults = document.get("faults", [])
    return _log(
        (_result("error", fault["message"], fault, view) for fault in faults),
        stopped_by=[] if faults else document["messages"],
    )


def functions(_document: Sequence[Document], _view: View) -> str:
    """Nothing: a list is no finding."""
    return ""


def answer(_document: Document, _view: View) -> str:
    """Nothing: an answer is no finding."""
    return ""


def _notes(diagnostics: Iterable[Document], view: View) -> Iterator[dict[str, Any]]:
    for note in diagnostics:
        yield _result(LEVELS[note["severity"]], note["message"], note["source"], view)


def _changes(document: Document, view: View) -> Iterator[dict[str, Any]]:
    for target in filter(is_acting, document["targets"]):
        for action in target["actions"]:
            for field in action["fields"]:
                shown = field_shown(field, "")
                change = f"{shown['name']}: {shown['before']} → {shown['after']}"
                yield _result("note", f"{action['address']}: {change}", field["source"], view)


def _result(level: str, message: str, place: Document | None, view: View) -> dict[str, Any]:
    cited = ENDING.search(message)
    return {
        "level": level,
        "message": {"text": message},
        **({"ruleId": cited[0].strip(" ()")} if cited else {}),
        **({"locations": [_location(place, view)]} if place else {}),
    }


def _location(place: Document, view: View) -> dict[str, Any]:
    path = posixpath.normpath(posixpath.join(view.folder, place["file"]))
    region = {"startLine": place["line"], "startColumn": place.get("column", 0)}
    known = {name: number for name, number in region.items() if number}
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(os.fsencode(path))},
            **({"region": known} if known else {}),
        }
    }


def _log(results: Iterable[dict[str, Any]], stopped_by: Sequence[str] = ()) -> str:
    found = list(results)
    rules = sorted({result["ruleId"] for result in found if "ruleId" in result})
    notices = [{"level": "error", "message": {"text": message}} for message in stopped_by]
    run = {
        "tool": {"driver": {
            "name": "reconcile",
            "version": __version__,
            "rules": [{"id": rule, "help": {"text": f"reconcile help {rule}"}} for rule in rules],
        }},
        "invocations": [{"executionSuccessful": not notices, "toolExecutionNotifications": notices}],
        "results": found,
    }  # fmt: skip
    return document_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})
