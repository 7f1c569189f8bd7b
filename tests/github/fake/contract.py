"""GitHub's own description of the operations that we use, as questions: is this request one of them, is this such an answer?

Everything is read from `openapi.json`, which `slice.py` cuts; validators are compiled once.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SLICE: Mapping[str, Any] = json.loads((Path(__file__).parent / "openapi.json").read_text())
WHOLE = "urn:github"
REGISTRY: Registry[Any] = Registry().with_resource(WHOLE, DRAFT202012.create_resource(SLICE))
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One of GitHub's, as "issues/create"; `steps` lead to its description."""

    identifier: str
    method: str
    path: str
    steps: tuple[str, ...]

    @property
    def example(self) -> Any:
        """A copy of what GitHub gives as an example of an answer that succeeds."""
        _, answer = self._answer(min(_at(*self.steps, "responses")))
        example = answer["content"][JSON]["example"]
        return copy.deepcopy(_at(*_pointer(example["$ref"]))["value"] if "$ref" in example else example["value"])

    def faults_of_request(self, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """What GitHub does not know, or forbids."""
        described = dict(self._parameters())
        for name, value in query.items():
            if name not in described:
                yield f"?{name}= is no parameter of it"
            else:
                yield from _faults(described[name], _typed(value, _at(*described[name])))
        steps = (*self.steps, "requestBody", "content", JSON, "schema")
        if "requestBody" in _at(*self.steps):
            yield from _faults(steps, body)
            yield from _unknown(_at(*steps), body, "")
        elif body is not None:
            yield "it takes no body"

    def faults_of_answer(self, status: int, document: Any) -> Iterator[str]:
        """None for a status that GitHub does not describe, as of its proxies."""
        if str(status) in _at(*self.steps, "responses"):
            steps, answer = self._answer(str(status))
            if JSON in answer.get("content", {}):
                yield from _faults((*steps, "content", JSON, "schema"), document)

    def _answer(self, status: str) -> tuple[tuple[str, ...], Any]:
        return _followed((*self.steps, "responses", status))

    def _parameters(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for number, _ in enumerate(_at(*self.steps).get("parameters", [])):
            steps, parameter = _followed((*self.steps, "parameters", str(number)))
            if parameter["in"] == "query":
                yield parameter["name"], (*steps, "schema")


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(described["operationId"], method.upper(), path, ("paths", path, method))
        for path, methods in SLICE["paths"].items()
        for method, described in methods.items()
    )


def operation(identifier: str) -> Operation:
    return next(known for known in operations() if known.identifier == identifier)


def matched(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation that a request asks for, and what stands in its path."""
    for known in operations():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(known.path))
        if known.method == method and (values := re.fullmatch(pattern, path)):
            return known, values.groupdict()
    return None


def _at(*steps: str) -> Any:
    part: Any = SLICE
    for step in steps:
        part = part[int(step)] if isinstance(part, list) else part[step]
    return part


def _followed(steps: tuple[str, ...]) -> tuple[tuple[str, ...], Any]:
    part = _at(*steps)
    return _followed(_pointer(part["$ref"])) if "$ref" in part else (steps, part)


def _pointer(reference: str) -> tuple[str, ...]:
    return tuple(reference.removeprefix("#/").split("/"))


@cache
def _validator(steps: tuple[str, ...]) -> Draft202012Validator:
    pointer = "/".join(
        step.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D") for step in steps
    )
    return Draft202012Validator({"$ref": f"{WHOLE}#/{pointer}"}, registry=REGISTRY)


def _faults(steps: tuple[str, ...], value: Any) -> Iterator[str]:
    error = best_match(_validator(steps).iter_errors(value))
    if error is not None:
        yield f"{error.json_path}: {error.message[:400]}"


def _unknown(schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    """Members that the description does not name; GitHub ignores them, which helps nobody."""
    match value:
        case dict() if "properties" in schema:
            for name, member in value.items():
                if name in schema["properties"]:
                    yield from _unknown(schema["properties"][name], member, f"{where}.{name}")
                else:
                    yield f"{where}.{name} is no member of it"
        case list():
            for member in value:
                yield from _unknown(schema.get("items", {}), member, where)


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "integer":
            return int(value) if value.isdecimal() else value
        case "boolean":
            return {"true": True, "false": False}.get(value, value)
    return value
