"""The values that references in specs stand for, read from SSM and Secrets Manager: in tens, side by side, each once a
place. Reads, and keeps nothing.

What cannot be read is a fact of the specs that refer to it, and of no other; a reference that does not fit what it names
is a mistake in its spec.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, islice
from typing import Any

from reconciler.aws.client import Aws
from reconciler.aws.unread import mend
from reconciler.core.errors import AwsError, CallFailed, Fault, Interrupted, SpecError
from reconciler.core.finding import Rule
from reconciler.core.model import Origin, Spec
from reconciler.core.place import Place
from reconciler.files.validation import KINDS_OF_VALUE
from reconciler.spec.references import POINTER, Lookup, environment, lookups, parsed, resolved

WORKERS = 16
MOST_NAMES = 10  # of one GetParameters
NOT_THERE = ("ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException")
STANDS_FOR_A_TEXT = Rule(
    "R021", "What an environment value refers to is a text, or a key of a JSON secret that is one."
)


@dataclass(frozen=True, order=True, slots=True)
class Thing:
    """A parameter or a secret of a place: what one call reads, however many references want a part of it."""

    account: str
    region: str
    kind: str
    name: str

    @property
    def place(self) -> Place:
        return Place(self.account, self.region)


Held = str | bytes | AwsError


def with_values(aws: Aws, specs: Iterable[Spec]) -> tuple[Spec, ...]:
    """The specs with every reference resolved that can be; the others say what is wrong. Raises SpecError, each at its
    line, for what is not of the kind that its reference says."""
    specs = tuple(specs)
    referring = [spec for spec in specs if any(environment(spec))]
    numbers = identities(aws, referring)
    things = {
        thing_of(spec, lookup)
        for spec in referring
        for lookup in lookups(spec)
        if isinstance(numbers[spec.target.account], str)
    }
    with ThreadPoolExecutor(WORKERS) as pool:
        held = read(aws, sorted(things), pool)
    faults: list[Fault] = []
    known = {spec.target: _resolved(spec, numbers[spec.target.account], held, faults) for spec in referring}
    if faults:
        raise SpecError(faults)
    return tuple(known.get(spec.target, spec) for spec in specs)


def identities(aws: Aws, specs: Iterable[Spec]) -> dict[str, str | AwsError]:
    """The number of each account, asked before anything of it is read, or why no region tells it."""
    numbers: dict[str, str | AwsError] = {}
    for place in dict.fromkeys(Place.of(spec.target) for spec in specs):
        try:
            numbers[place.account] = aws.account_id(place)
        except Interrupted:
            raise
        except AwsError as failure:
            numbers.setdefault(place.account, failure)
    return numbers


def thing_of(spec: Spec, lookup: Lookup) -> Thing:
    return Thing(spec.target.account, spec.target.region, lookup.kind, lookup.name)


# --- reading -------------------------------------------------------------------------------------------------------


def read(aws: Aws, things: list[Thing], pool: ThreadPoolExecutor) -> dict[Thing, Held]:
    """What AWS holds of each, or why that cannot be read. Parameters that could not be read together are read alone, so that
    one which is denied denies no other."""
    parameters = [thing for thing in things if thing.kind == "ssm"]
    secrets = [thing for thing in things if thing.kind != "ssm"]
    questions = [
        *(partial(together, aws, batch) for batch in batches(parameters)),
        *(partial(alone, aws, thing) for thing in secrets),
    ]
    held: dict[Thing, Held] = {}
    for answer in pool.map(lambda question: question(), questions):
        held |= answer
    for answer in pool.map(partial(alone, aws), [thing for thing in parameters if thing not in held]):
        held |= answer
    return held


def batches(parameters: Iterable[Thing]) -> Iterator[list[Thing]]:
    """At most ten of one place; never two of one parameter: AWS refuses those, and answers a name without its version."""
    turns: Counter[tuple[Place, str]] = Counter()
    rounds: list[tuple[Place, int, Thing]] = []
    for thing in parameters:
        rounds.append((thing.place, turns[thing.place, bare(thing.name)], thing))
        turns[thing.place, bare(thing.name)] += 1
    rounds.sort(key=lambda item: (str(item[0]), item[1]))
    for _, group in groupby(rounds, key=lambda item: item[:2]):
        while batch := [thing for _, _, thing in islice(group, MOST_NAMES)]:
            yield batch


def bare(name: str) -> str:
    """A parameter's name without ARN, version or label."""
    return name.rpartition(":parameter/")[2].partition(":")[0].lstrip("/")


def together(aws: Aws, batch: list[Thing]) -> dict[Thing, Held]:
    """What GetParameters tells of a batch; what it does not tell is left out."""
    names = {bare(thing.name): thing for thing in batch}
    try:
        params = {"Names": [thing.name for thing in batch], "WithDecryption": True}
        answer = aws.call(batch[0].place, "GetParameters", params, api="ssm").result
    except Interrupted:
        raise
    except AwsError as failure:
        is_passing = not isinstance(failure, CallFailed) or failure.is_retryable
        return dict.fromkeys(batch, failure) if is_passing else {}
    values: dict[Thing, Held] = {
        names[bare(item["Name"])]: str(item["Value"])
        for item in answer.get("Parameters", [])
        if bare(item["Name"]) in names
    }
    unknown = set(answer.get("InvalidParameters", []))
    return values | {thing: CallFailed("", code=NOT_THERE[0]) for thing in batch if thing.name in unknown}


def alone(aws: Aws, thing: Thing) -> dict[Thing, Held]:
    try:
        if thing.kind == "ssm":
            params: dict[str, Any] = {"Name": thing.name, "WithDecryption": True}
            return {thing: str(aws.call(thing.place, "GetParameter", params, api="ssm").result["Parameter"]["Value"])}
        answer = aws.call(thing.place, "GetSecretValue", {"SecretId": thing.name}, api="secretsmanager").result
        return {thing: answer["SecretString"] if "SecretString" in answer else bytes(answer.get("SecretBinary", b""))}
    except Interrupted:
        raise
    except AwsError as failure:
        return {thing: failure}


# --- what a reference stands for -----------------------------------------------------------------------------------


def _resolved(spec: Spec, number: str | AwsError, held: Mapping[Thing, Held], faults: list[Fault]) -> Spec:
    """The spec with what is known; what is not makes it a spec that cannot be carried out."""
    if isinstance(number, AwsError):
        return replace(
            spec, unresolved={f"{POINTER}{name}": f"{spec.target}: {number}" for name, _ in environment(spec)}
        )
    values: dict[Lookup, str] = {}
    problems: dict[Lookup, str] = {}
    for lookup in sorted(lookups(spec)):
        value = held[thing_of(spec, lookup)]
        if isinstance(value, AwsError):
            problems[lookup] = f"{spec.target}: {unreadable(spec, lookup, value)}"
            continue
        text, wrong = text_of(value, lookup)
        values[lookup] = text
        if wrong:
            faults += [Fault(origin, STANDS_FOR_A_TEXT.ends(f"{lookup} {wrong}")) for origin in _origins(spec, lookup)]
    unresolved = {
        f"{POINTER}{name}": problems[part]
        for name, text in environment(spec)
        for part in parsed(text)
        if part in problems
    }
    return replace(resolved(spec, number, values), unresolved=unresolved)


def unreadable(spec: Spec, lookup: Lookup, failure: AwsError) -> str:
    """What could not be read, what AWS said, and what helps."""
    if not isinstance(failure, CallFailed):
        return f"{lookup} cannot be read: {failure}"
    reason = f"{failure.code}: {failure}" if str(failure) not in ("", failure.code) else failure.code
    if failure.code in NOT_THERE:
        return f"{lookup} cannot be read: {reason}; create it in {Place.of(spec.target)}, or correct the reference"
    action = "ssm:GetParameters" if lookup.kind == "ssm" else "secretsmanager:GetSecretValue"
    return f"{lookup} cannot be read: {reason}; {mend(spec.target.account, action, failure)}"


def text_of(value: str | bytes, lookup: Lookup) -> tuple[str, str]:
    """The text that a reference stands for, or what is wrong with it; the value itself is in no message."""
    if isinstance(value, bytes):
        return "", "is binary; an environment value is text"
    if not lookup.key:
        return value, ""
    try:
        keys = json.loads(value)
    except (ValueError, RecursionError):
        keys = None
    if not isinstance(keys, dict):
        return "", "has no keys, for the secret is no JSON object"
    if lookup.key not in keys:
        return "", "is not there: the secret has no such key"
    text = keys[lookup.key]
    return (
        (text, "") if isinstance(text, str) else ("", f"is {KINDS_OF_VALUE[type(text)]}; an environment value is text")
    )


def _origins(spec: Spec, lookup: Lookup) -> Iterator[Origin]:
    for name, text in environment(spec):
        if lookup in parsed(text):
            yield spec.origins.get(f"{POINTER}{name}") or Origin(spec.path)
