"""What stands at a line of "Files changed": mistakes, refusals, and of each line that a change edits what it does to AWS. Pure.

The runner takes ten of a kind from a step and drops the rest without a word, so those of edited lines go first and what is left out
is counted. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.core.errors import Fault
from reconciler.core.finding import continued
from reconciler.core.foreign import harmless, printable
from reconciler.core.words import many
from reconciler.report.formats.shown import failed_address, resource_of, side_text, why
from reconciler.report.rollouts import sentence

MOST_OF_A_KIND = 10
MOST_LINES = 10  # of one annotation
Level = Literal["error", "warning", "notice"]
LEVELS: Mapping[str, Level] = {"refusal": "error", "warning": "warning"}
Document = Mapping[str, Any]
ASIDE = {
    **dict.fromkeys(("drift", "both"), ", where it was changed behind git's back"),
    "unapplied": ", which git said before and no apply has done yet",
    "behind": ", which only this branch's age does: its base has changed it, and a merge keeps that",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """`is_edited`: the line is one that the change itself wrote. Without a file it stands with the step."""

    level: Level
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    is_edited: bool = False


def of_faults(faults: Iterable[Fault]) -> list[Annotation]:
    """Of each mistake in a spec, at its place."""
    return [
        Annotation("error", fault.message, fault.origin.path, fault.origin.line, fault.origin.column, is_edited=True)
        for fault in faults
    ]


def of_plan(plan: Document) -> list[Annotation]:
    """Of a plan's refusals and warnings, and of every line that it changes something by."""
    return [*_notes(plan), *_effects(plan)]


def of_report(report: Document) -> list[Annotation]:
    """Of each target of an apply that was not carried out, with why."""
    return [
        Annotation("error", _failure(task))
        for task in report["tasks"]
        if task["status"]["failed"] or not task["status"]["completed"]
    ]


def of_rollouts(document: Document) -> list[Annotation]:
    """Of each rollout that went back while it was waited for, or that waits for a person."""
    return [
        Annotation(
            "error" if row["did"] == "back" or row["failed"] else "warning", f"{row['address']}: {sentence(row)}"
        )
        for row in document["rollouts"]
        if row["did"] == "back" or row["failed"] or row["needs_person"]
    ]


def _failure(task: Document) -> str:
    where, what = failed_address(task), why(task)
    return what if what.startswith(where) else f"{where}: {what}"


def of_drift(plan: Document, drifted: Collection[str]) -> list[Annotation]:
    """Of each function that drifted, with both sides of its fields; and of what keeps others from being judged."""
    return [*_notes(plan), *(_drift(target) for target in plan["targets"] if target["address"] in drifted)]


def _drift(target: Document) -> Annotation:
    fields = [field for action in target["actions"] for field in action["fields"]]
    lines = [
        f"{_name(field)}: AWS holds {side_text(field, 'before')}, git says {side_text(field, 'after')}"
        for field in fields
    ]
    left = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    source: Document = next((field["source"] for field in fields if field["source"]), {"file": "", "line": 0})
    text = "\n".join([f"{target['address']} was changed behind git's back", *lines[:MOST_LINES], *left])
    return Annotation("warning", text, source["file"], source["line"])


def _notes(plan: Document) -> Iterator[Annotation]:
    alike: dict[tuple[str, ...], list[Document]] = {}
    for number, note in enumerate(plan["diagnostics"]):
        of_freeze = (note["severity"], note["until"], str(note["source"])) if "until" in note else (str(number),)
        alike.setdefault(of_freeze, []).append(note)
    for note, *more in alike.values():  # a freeze may hold a whole fleet, and says the same of each
        source = note["source"] or {"file": "", "line": 0}
        if note["severity"] in LEVELS:
            message = continued(note["message"], f"and {many(len(more), 'target')} more") if more else note["message"]
            yield Annotation(LEVELS[note["severity"]], message, source["file"], source["line"])


def _effects(plan: Document) -> Iterator[Annotation]:
    """One a line: each field that comes from there, with what AWS holds and will hold, and how traffic moves with it."""
    at: dict[tuple[str, int], dict[str, list[str]]] = {}
    edited = set[tuple[str, int]]()
    for target in plan["targets"]:
        moves = "; ".join(_moves(target))
        for field in (field for action in target["actions"] for field in action["fields"] if field["source"]):
            source_line = (field["source"]["file"], field["source"]["line"])
            edited |= {source_line} if field["cause"] in ("edit", "both") else set()
            what = "; ".join(filter(None, (_change(field), moves if not _is_move(field) else "")))
            at.setdefault(source_line, {}).setdefault(what, []).append(target["address"])
        for action in (action for action in target["actions"] if action.get("source")):
            source_line = (action["source"]["file"], action["source"]["line"])
            edited |= {source_line} if action["cause"] == "edit" else set()
            at.setdefault(source_line, {}).setdefault(_gone(target, action), []).append(target["address"])
    for (file, line), changes in at.items():
        text = "\n".join(f"{what} ({_named(where)})" for what, where in changes.items())
        yield Annotation("notice", text, file, line, is_edited=(file, line) in edited)


def _change(field: Document) -> str:
    return f"{_name(field)}: {side_text(field, 'before')} → {side_text(field, 'after')} in AWS{ASIDE.get(field['cause'], '')}"


def _gone(target: Document, action: Document) -> str:
    name = resource_of(action["address"], target["address"]) or f"the {action['kind']}"
    return f"{name} is deleted in AWS{ASIDE.get(action['cause'], '')}"


def _name(field: Document) -> str:
    return str(field["path"].removeprefix("/").replace("/", "."))


def _moves(target: Document) -> Iterator[str]:
    for action in target["actions"]:
        for field in action["fields"]:
            if _is_move(field):
                where = "a new version" if field.get("known_after_apply") else f"version {field['after']}"
                yield f"{action['address'].rpartition('/')[2]} moves to {where}"


def _is_move(field: Document) -> bool:
    return bool(field["path"].startswith("/aliases/") and field["path"].endswith("/FunctionVersion"))


def _named(addresses: list[str]) -> str:
    return addresses[0] if len(addresses) == 1 else f"{addresses[0]} and {len(addresses) - 1} more"


# --- as the runner reads them --------------------------------------------------------------------------------------


def commands(annotations: Iterable[Annotation]) -> list[str]:
    """The lines that the runner obeys, edited lines first; of a kind with more than there is room for, the last says how many."""
    lines = []
    for level in ("error", "warning", "notice"):
        of_level = sorted(
            (annotation for annotation in annotations if annotation.level == level),
            key=lambda annotation: not annotation.is_edited,
        )
        room = MOST_OF_A_KIND if len(of_level) <= MOST_OF_A_KIND else MOST_OF_A_KIND - 1
        lines += [command(annotation) for annotation in of_level[:room]]
        if of_level[room:]:
            more = f"{many(len(of_level) - room, f'more {level}')}; the whole plan is in the summary of this job"
            lines.append(command(Annotation(level, more)))
    return lines


def command(annotation: Annotation) -> str:
    facts = {"file": annotation.file, "line": annotation.line, "col": annotation.column}
    properties = ",".join(f"{name}={_property(value)}" for name, value in facts.items() if value)
    message = "%0A".join(_data(line) for line in annotation.message.splitlines())
    return f"::{annotation.level}{f' {properties}' if properties else ''}::{message}"


def _data(text: Any) -> str:
    return harmless(printable(text)).replace("%", "%25")


def _property(value: Any) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
