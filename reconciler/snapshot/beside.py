"""What several calls tell of one resource, laid together: as one answer, in which what is beside stands as lists. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.aws.client import Aws
from reconciler.aws.unread import Unread
from reconciler.core.model import Key, Properties, Target
from reconciler.core.place import Place
from reconciler.kinds.reading import Answered, Beside, Reading


def each_of(reading: Reading, name: str, answer: Properties) -> list[Properties]:
    """What the answer about one of this name tells of, each as an answer of its own."""
    return reading.several(name, answer) if reading.several else [answer]


def with_others(
    aws: Aws,
    place: Place,
    reading: Reading,
    asked: Mapping[Target, frozenset[str]],
    answers: list[Answered],
    unread: Unread,
) -> list[Answered]:
    """The answers about the targets' resources, with what other calls tell of the same ones."""
    if not reading.beside:
        return answers
    laid: dict[tuple[Target, str], dict[str, Any]] = {}
    for target, item in answers:
        live = reading.live(target, item)
        laid |= {(target, live.key.name): dict(item)} if live else {}
    for beside in reading.beside:
        told = _told(aws, place, beside, asked, unread)
        for target, name, item in told:
            answer = laid.setdefault((target, name), dict(each_of(reading, name, {})[0]))
            answer.setdefault(beside.listing.member, []).append(item)
        if beside is reading.beside[0] and not told:
            break
    return [(target, answer) for (target, _), answer in laid.items()]


def _told(
    aws: Aws, place: Place, beside: Beside, asked: Mapping[Target, frozenset[str]], unread: Unread
) -> list[tuple[Target, str, Properties]]:
    """What a listing of the whole place has of the targets, each with the name of what it is about."""

    def read() -> tuple[list[tuple[Target, str, Properties]], bool]:
        pages = aws.pages(place, beside.listing.operation, beside.listing.params)
        items = [(beside.of(item), item) for page in pages for item in page[beside.listing.member]]
        named = [(Target(place.account, place.region, function), name, item) for (function, name), item in items]
        return [entry for entry in named if entry[0] in asked], True

    return unread.listed(beside.listing.operation, read, asked)[0]


def about(aws: Aws, reading: Reading, key: Key) -> Properties | None:
    """What AWS answers about one resource, and what other calls tell of it; None where none does."""
    place, function = Place.of(key.target), key.target.function
    answer = aws.find(place, *reading.single(function, key.name))
    others: dict[str, Any] = {}
    for beside in reading.beside:
        pages = aws.pages(place, beside.listing.operation, beside.about(function, key.name))
        items = [item for page in pages for item in page[beside.listing.member]]
        if beside is reading.beside[0] and not items:
            break
        others[beside.listing.member] = items
    return {**(answer or {}), **others} if answer or others else None


def with_tags(aws: Aws, reading: Reading, target: Target, answer: Properties) -> Properties:
    """An answer with the tags that only a call of their own tells, AWS's own left out; as it is where there is no address to
    ask by."""
    if reading.tagged_by not in answer:
        return answer
    tags = aws.call(Place.of(target), "ListTags", {"Resource": answer[reading.tagged_by]}).result.get("Tags", {})
    return {**answer, "Tags": {key: value for key, value in tags.items() if not key.startswith("aws:")}}
