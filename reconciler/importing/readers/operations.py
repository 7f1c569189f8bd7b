"""Requests of the imperative service that this product is the declarative form of: the JSON that is posted to `…/awslambda/ops/…`, one
request a file or a list of them. `application` is the function, `credentials` the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.foreign import printable
from reconciler.importing.parsing import json_of, mappings, name_of, text
from reconciler.importing.told import File, Part, Reader, Said, Told

CODE: Mapping[str, str] = {"s3bucket": "S3Bucket", "s3key": "S3Key"}
SECTIONS: Mapping[str, str] = {
    "handler": "configuration",
    "aliasname": "aliases",
    "eventsourcearn": "event_source_mappings",
}
HOW = "# Nothing may post operations any more for:"


def parsed(file: File) -> list[Mapping[str, Any]] | None:
    document = json_of(file, '"application"', '"credentials"') if file.text.lstrip()[:1] in ("{", "[") else None
    requests = [*mappings(document if isinstance(document, list) else [document])]
    return requests if any(text(request.get("application")) for request in requests) else None


def told(held: Sequence[Sequence[Mapping[str, Any]]]) -> Told:
    """One function of all requests that are about it; the last one that says where its code is."""
    about: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    notes = []
    for request in (request for requests in held for request in requests):
        function = text(request.get("application"))
        if name_of(function):
            place = (text(request.get("credentials")), text(request.get("region")), function)
            about.setdefault(place, []).append(request)
        else:
            notes.append(f"{function or 'a request without application'} is no name of a function")
    return Told(tuple(_said(*place, requests) for place, requests in about.items()), tuple(map(printable, notes)))


def _said(account: str, region: str, function: str, requests: Sequence[Mapping[str, Any]]) -> Said:
    code = [
        {word: text(request[member]) for member, word in CODE.items()}
        for request in requests
        if all(text(request.get(member)) for member in CODE)
    ]
    sections = {section for request in requests for member, section in SECTIONS.items() if member in request}
    return Said(
        function=function,
        region=region,
        account=account,
        code=code[-1] if code else {},
        parts=tuple(Part(section, "/".join(filter(None, (account, region, function)))) for section in sorted(sections)),
    )


def hand_over(owned: Sequence[Part], kept: Sequence[Part]) -> str:
    names = sorted({part.name for part in owned})
    return "\n".join((HOW, *(f"#   {printable(name)}" for name in names), "")) if names else ""


OPERATIONS = Reader(
    name="operations",
    about="requests as they are posted to …/awslambda/ops",
    parsed=parsed,
    told=told,
    hand_over=hand_over,
)
