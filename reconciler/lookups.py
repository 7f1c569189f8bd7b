"""The values that references in specs stand for, read from SSM and Secrets Manager. Reads, and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.aws import Aws, Place
from reconciler.errors import CallFailed, Fault, SpecError
from reconciler.model import Origin, Spec
from reconciler.references import Lookup, environment, lookups, parsed, resolved

CALLS = {"ssm": ("GetParameter", "ssm"), "secret": ("GetSecretValue", "secretsmanager")}


def with_values(aws: Aws, specs: Iterable[Spec]) -> tuple[Spec, ...]:
    """The specs with every reference resolved. Raises SpecError, each at its line, for what is not there."""
    known: dict[tuple[Place, Lookup], str] = {}
    faults: list[Fault] = []
    found = []
    for spec in specs:
        place = Place.of(spec.target)
        for wanted in sorted(lookups(spec), key=str):
            if (place, wanted) not in known:
                try:
                    known[place, wanted] = _value(aws, place, wanted)
                except CallFailed as failure:
                    faults.append(
                        Fault(_origin(spec, wanted), f"{wanted.kind}('{wanted.name}') cannot be read: {failure.code}")
                    )
                    known[place, wanted] = ""
        values = {wanted: known[place, wanted] for wanted in lookups(spec)}
        has_references = any(True for _ in environment(spec))
        found.append(resolved(spec, aws.account_id(place), values) if has_references else spec)
    if faults:
        raise SpecError(faults)
    return tuple(found)


def _value(aws: Aws, place: Place, wanted: Lookup) -> str:
    operation, api = CALLS[wanted.kind]
    if wanted.kind == "ssm":
        answer = aws.call(place, operation, {"Name": wanted.name, "WithDecryption": True}, api=api).result
        return str(answer["Parameter"]["Value"])
    return str(aws.call(place, operation, {"SecretId": wanted.name}, api=api).result["SecretString"])


def _origin(spec: Spec, wanted: Lookup) -> Origin:
    for name, text in environment(spec):
        if wanted in parsed(text):
            return spec.origins.get(f"/configuration/Environment/Variables/{name}") or Origin(spec.path)
    return Origin(spec.path)
