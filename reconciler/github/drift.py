"""One issue for each function that drifted: what of it is to be opened, edited, closed or opened again. Pure.

An issue is ours by its label, its author and the mark in its first line; anybody may write the mark. Its second line tells
whether the drift is still the one that it describes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.core.words import many
from reconciler.github.port import Issue
from reconciler.report.formats.page.drifted import what_was
from reconciler.report.formats.page.text import inert, link
from reconciler.report.formats.shown import noun_of
from reconciler.report.schemas import FORMAT_VERSION

LABEL = "reconcile-drift"
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Drift:
    """What of one function AWS holds and git does not say: a page of markdown, and a digest that another drift has not."""

    page: str
    digest: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What a look at AWS has shown, by address. Of `unjudged` targets nothing is known; `specified` are all that specs name, and
    nothing is known of other functions unless the specs are `is_whole`, all of the house."""

    taken_at: str
    drifted: Mapping[str, Drift]
    unjudged: frozenset[str]
    specified: frozenset[str]
    is_whole: bool

    def judges(self, address: str) -> bool:
        return address not in self.unjudged and (self.is_whole or address in self.specified)


@dataclass(frozen=True, slots=True)
class Sighting:
    """How often running a function was seen to have drifted, and since when."""

    count: int
    since: str


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done to the issue of a function; `number` is 0 of one that there is not yet."""

    verb: Literal["open", "edit", "close", "reopen"]
    address: str
    title: str
    body: str
    number: int = 0


def sighted(picture: Picture, before: Mapping[str, Sighting]) -> dict[str, Sighting]:
    """The sightings with this one. What could not be judged neither counts nor ends."""
    now = {address: sighting for address, sighting in before.items() if not picture.judges(address)}
    for address in picture.drifted:
        if picture.judges(address):
            last = before.get(address, Sighting(0, picture.taken_at))
            now[address] = Sighting(last.count + 1, last.since)
    return dict(sorted(now.items()))


def decide(
    picture: Picture,
    sightings: Mapping[str, Sighting],
    issues: Iterable[Issue],
    *,
    author: str,
    name: str,
    after: int,
) -> list[Step]:
    """The steps, by address; `sightings` are those with this one, of which it takes `after` until an issue is opened."""
    ours = own(issues, author, name)
    steps = []
    for address in sorted({*ours, *picture.drifted}):
        if not picture.judges(address):
            continue
        issue, drift = ours.get(address), picture.drifted.get(address)
        if drift is None:
            steps += [closing(address, issue, picture, name)] if issue and issue.is_open else []
        elif issue and issue.is_open:
            is_another = digest_of(issue) != drift.digest
            steps += [telling("edit", address, issue, drift, sightings[address], name)] if is_another else []
        elif sightings[address].count >= after:
            verb: Literal["open", "reopen"] = "reopen" if issue else "open"
            steps.append(telling(verb, address, issue, drift, sightings[address], name))
    return steps


def own(issues: Iterable[Issue], author: str, name: str) -> dict[str, Issue]:
    """Our issues by address; of several of one function the first that was opened."""
    found: dict[str, Issue] = {}
    for issue in sorted(issues, key=lambda issue: -issue.number):
        marked = re.fullmatch(f"<!-- reconcile:drift:{re.escape(name)}:(.+) -->", _line(issue.body, 0))
        if marked and issue.author == author:
            found[marked[1]] = issue
    return found


def mark(name: str, address: str) -> str:
    return f"<!-- reconcile:drift:{name}:{address} -->"


def digest_of(issue: Issue) -> str:
    """Of the drift that an issue describes."""
    return _line(issue.body, 1).removeprefix("<!-- ").removesuffix(" -->")


def telling(
    verb: Literal["open", "edit", "reopen"],
    address: str,
    issue: Issue | None,
    drift: Drift,
    sighting: Sighting,
    name: str,
) -> Step:
    body = _body(
        name, address, drift.digest, f"AWS was changed behind git's back. Seen since {sighting.since}.", drift.page
    )
    title, number = (issue.title, issue.number) if issue else (f"Drift: {address}", 0)
    return Step(verb, address, title, body, number)


def closing(address: str, issue: Issue, picture: Picture, name: str) -> Step:
    why = "AWS holds what git says" if address in picture.specified else "no spec names this function any more"
    page = map(what_was, issue.body.replace("\r\n", "\n").split("\n", 4)[4:])
    return Step(
        "close",
        address,
        issue.title,
        _body(name, address, ENDED, f"Ended at {picture.taken_at}: {why}.", *page),
        issue.number,
    )


def _body(name: str, address: str, digest: str, said: str, page: str = "") -> str:
    return f"{mark(name, address)}\n<!-- {digest} -->\n{said}\n\n{page}"


def _line(body: str, number: int) -> str:
    return next(iter(body.splitlines()[number : number + 1]), "")


# --- what is told of it ----------------------------------------------------------------------------------------------


def verdict(picture: Picture) -> str:
    """The headline of a run."""
    said = f"{len(picture.drifted) or 'none'} of {many(len(picture.specified), noun_of(picture.specified))} drifted"
    unjudged = f", {len(picture.unjudged)} could not be judged" if picture.unjudged else ""
    sign = "🟠" if picture.drifted else "⚪" if picture.unjudged else "🟢"
    return f"### {sign} {said.capitalize()}{unjudged}\n"


DONE = {"open": "opened", "edit": "brought up to date", "close": "closed", "reopen": "opened again"}


def done(step: Step, number: int, repository_url: str) -> str:
    """A line about a step that was taken."""
    issue = link(f"issue {number}", f"{repository_url}/issues/{number}")
    return f"- {issue} {DONE[step.verb]}: {inert(step.address)}\n"


# --- from one run to the next ----------------------------------------------------------------------------------------


def sightings_document(sightings: Mapping[str, Sighting], taken_at: str) -> dict[str, Any]:
    """The sightings as their file has them."""
    return {
        "format_version": FORMAT_VERSION,
        "kind": "drift",
        "taken_at": taken_at,
        "sightings": [
            {"address": address, "count": sighting.count, "since": sighting.since}
            for address, sighting in sorted(sightings.items())
        ],
    }


def sightings_from(document: Mapping[str, Any]) -> dict[str, Sighting]:
    """What a valid document says."""
    return {entry["address"]: Sighting(entry["count"], entry["since"]) for entry in document["sightings"]}
