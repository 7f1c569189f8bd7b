"""CloudFormation's templates: JSON, or YAML with short forms of functions; what a value refers to, and how a template says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from reconciler.core.errors import SourceError
from reconciler.importing.parsing import mapping, parsed_json, text

MOST_CHARACTERS = 2**20  # what CloudFormation takes
MOST_NODES = 500  # of a value that names a function
VARIABLE = re.compile(r"\$\{([A-Za-z0-9:.]{1,255})\}")


def parsed(body: Any, path: str) -> Any:
    """The body of a template, which may be a text. Raises SourceError."""
    if not isinstance(body, str):
        return body
    if len(body) > MOST_CHARACTERS:
        raise SourceError(f"{path}: its template is longer than CloudFormation takes")
    return parsed_json(body, path) if body.lstrip().startswith("{") else _yaml(body, path)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with the short forms of CloudFormation's functions."""


def _function(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: node.value}
    build = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {name: build(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


def _yaml(body: str, path: str) -> Any:
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(body, _Loader)):
            raise SourceError(f"{path}: its template has aliases, which CloudFormation does not take")
        return yaml.load(body, _Loader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise SourceError(f"{path}{where}: its template is not YAML that can be read") from error


def references(value: Any) -> Iterator[str]:
    """The logical ids that a value refers to, in their order."""
    left, number = [value], 0
    while left and number < MOST_NODES:
        item, number = left.pop(0), number + 1
        for function, argument in mapping(item).items():
            words = text(argument[0] if isinstance(argument, list) and argument else argument)
            if function == "Ref":
                yield words
            elif function == "Fn::GetAtt":
                yield words.split(".")[0]
            elif function == "Fn::Sub":
                yield from (name.split(".")[0] for name in VARIABLE.findall(words))
            left += [argument]
        left += item if isinstance(item, list) else []


def symbol(value: Any) -> str:
    """How a template says a value that is made; empty for one that stands there."""
    function, argument = next(iter(mapping(value).items()), ("", None))
    if function == "Fn::GetAtt" and isinstance(argument, list):
        argument = ".".join(map(text, argument))
    if function in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::ImportValue") and isinstance(argument, str):
        return f"!{function.removeprefix('Fn::')} {argument}"
    return f"made by {text(function)}" if function else ""
