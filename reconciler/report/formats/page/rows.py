"""A row of the table for the functions that are treated alike: what changes, where traffic goes, which lines say so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.core.words import many
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.base import PUBLISHED
from reconciler.kinds.version import VERSION
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.alike import OWN, Group
from reconciler.report.formats.page.grave import GONE, NAMES_ROOM, value_change
from reconciler.report.formats.page.text import bold, code, fitting, inert, line_link, named, small
from reconciler.report.formats.shown import is_itself, noun_of

HEAD = "| | function | change | traffic | why |\n|:-:|---|---|---|---|\n"
CELL_ROOM = 1_200  # bytes
SIGNS = {"create": "✚", "update": "✎", "replace": "🔁", "adopt": "⇐", "delete": "⛔"}
MOVES = "🔀"
SHORT_HASH = 8
SHARED = ("Runtime", "MemorySize", "PackageType")


def row(group: Group, view: View, *, is_refused: bool) -> str:
    """One line of markdown."""
    actions = group.common["actions"]
    cells = (
        "🔴" if is_refused else _sign(actions),
        who(group),
        _listed(list(_changes(actions))),
        _listed(list(traffic(actions))),
    )
    return f"| {' | '.join(cells)} | {_why(group, view)} |\n"


def _sign(actions: list[Document]) -> str:
    own = next((action["verb"] for action in actions if is_itself(action)), "update")
    return MOVES if own == "update" and any("traffic" in action for action in actions) else SIGNS[own]


def who(group: Group) -> str:
    """One function with where it is, or how many there are, with their names as far as there is room."""
    if len(group.targets) > 1:
        return f"{bold(many(len(group.targets), noun_of(group.addresses)))}<br>{small(named(group.names, NAMES_ROOM))}"
    account, region, name = (
        group.addresses[0].split("/", 2) if group.addresses[0].count("/") > 1 else ("", "", group.addresses[0])
    )
    return bold(name) + (f"<br>{small(inert(account), inert(region))}" if region else "")


def _listed(pieces: list[str]) -> str:
    """Pieces of a cell, as many as have room; of the others how many."""
    kept = fitting([f"{piece}<br>" for piece in pieces], CELL_ROOM)
    more = [f"and {len(pieces) - kept} more"] if kept < len(pieces) else []
    return "<br>".join([*pieces[:kept], *more])


def _changes(actions: list[Document]) -> Iterator[str]:
    for action in actions:
        if action["kind"] == VERSION.name:
            yield "publishes a version" if action["verb"] == "create" else f"{bold('deletes')} {inert(action['name'])}"
        elif is_itself(action):
            yield from _function(action)
        else:
            yield from _beside(action)


def _function(action: Document) -> Iterator[str]:
    verb, fields = action["verb"], action["fields"]
    if verb == "create":
        facts = [field["after"] for field in fields if field["name"].rpartition(".")[2] in SHARED]
        yield ", ".join([bold(f"new {action['kind']}"), *(inert(fact) for fact in facts if len(fact) <= 60)])
        return
    if verb in GONE:
        yield bold(GONE[verb])
    if verb == "adopt":
        yield f"{bold('taken over')} {inert(action['reason'])}"
    yield from _code([field for field in fields if field["path"].startswith("/code/")])
    for field in fields:
        if not field["path"].startswith("/code/"):
            yield _field(field, field["name"].removeprefix("configuration."))


def _code(fields: list[Document]) -> Iterator[str]:
    """The code by where it comes from, and by the beginnings of its hashes, which are whole in the diff."""
    if not fields:
        return
    told = next((field for field in fields if field["name"] in ("code.S3Key", "code.ImageUri", "code.path")), None)
    source = f" {value_change(told)}" if told else ""
    hashes = next((_hashes(field) for field in fields if field["path"] == "/code/CodeSha256"), "")
    yield f"new {code('code')}{source}{hashes}{_aside(fields[0])}"


def _hashes(field: Document) -> str:
    """Of one function; functions alike have each their own."""
    sides = [field[side] for side in (("after",) if field["is_new"] else ("before", "after"))]
    if not all(re.fullmatch("[A-Za-z0-9+/=]{44,64}", side) for side in sides):
        return ""
    return f" {small(' → '.join(inert(side[:SHORT_HASH]) for side in sides))}"


def _beside(action: Document) -> Iterator[str]:
    """What there is beside the function: an alias's version and shares stand under traffic."""
    kind, _, name = action["name"].partition("/")
    word = " ".join([inert(kind.replace("_", " ")), *([code(name)] if name else [])])
    if action["verb"] in ("create", *GONE):
        yield f"{bold({'create': 'new'}.get(action['verb'], GONE.get(action['verb'], '')))} {word}"
        return
    for field in action["fields"]:
        is_traffic = action["kind"] == ALIAS.name and "traffic" in action
        if not (is_traffic and ("FunctionVersion" in field["name"] or "AdditionalVersionWeights" in field["name"])):
            yield f"{word} {_field(field, field['name'])}"


def _field(field: Document, name: str) -> str:
    change = "<i>changed</i>" if field["sensitive"] else value_change(field)
    return f"{code(name)} {change}{_aside(field)}"


ASIDE = {
    **dict.fromkeys(("drift", "both"), " ❗ <i>changed in AWS</i>"),
    "unapplied": " ⏳ <i>not applied yet</i>",
    "behind": " ⏪ <i>behind its base</i>",
}


def _aside(field: Document) -> str:
    """Who moved it where that is not the change alone."""
    return ASIDE.get(field["cause"], "")


def traffic(actions: list[Document]) -> Iterator[str]:
    """Each alias whose traffic moves: `live 100 %: 1 → new (2)`; shares on both sides where there are several."""
    for action in (one for one in actions if "traffic" in one):
        before, after = action["traffic"]["before"], action["traffic"]["after"]
        number = action["traffic"].get("next_version", "")
        name = code(action["name"].partition("/")[2])
        if len(before) <= 1 and len(after) == 1:
            then = f"{inert(_version(next(iter(before))))} → " if before else "→ "
            yield f"{name} 100 %: {then}{bold(_version(next(iter(after)), number))}"
        else:
            yield f"{name}: {inert(_shares(before))} → {bold(_shares(after, number))}"


def _shares(shares: Document, number: str = "") -> str:
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{_version(version, number)} {share * 100:g} %" for version, share in ordered) or "none"


def _version(version: str, number: str = "") -> str:
    """The version by its number; of one that is still to be published, the number that it is likely to get."""
    if version == PUBLISHED:
        return f"new ({number})" if number else "new"
    return "its version" if version == OWN else version


def _why(group: Group, view: View) -> str:
    """The lines that say so and whose they are: those of the first function, two at the most; then how many more functions."""
    first = group.targets[0]
    fields = [field for action in first["actions"] for field in action["fields"] if field["source"]]
    edited = [field for field in fields if field["cause"] in ("edit", "both")] or fields
    lines = dict.fromkeys(
        " ".join(filter(None, (line_link(field["source"], view), inert(field["author"])))) for field in edited
    )
    shown = list(lines)[:2]
    more = (
        [f"and {many(len(group.targets) - 1, noun_of(group.addresses))} more"]
        if len(group.targets) > 1 and shown
        else []
    )
    return "<br>".join([*shown, *more])
