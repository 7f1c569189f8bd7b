"""References: `{{ account.id }}`, `{{ account.name }}`, `{{ region }}`, `{{ partition }}`, `{{ function }}` in every text of a section,
in environment values `{{ ssm('/path') }}`, `{{ secret('id') }}`, `{{ secret('id', 'key') }}` as well, and as an entry of Layers
`{{ layer('name') }}` and `{{ layer('name', 3) }}`.

Jinja2 parses; nothing is ever rendered by it. Only what the parsed template may consist of is read: text, constants, those
names, those attributes, those three calls. Everything else is refused. Pure: whoever resolves looks the values up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from jinja2 import Environment, TemplateSyntaxError, nodes

from reconciler.core.accounts import partition_of
from reconciler.core.model import Spec, Target

FACTS: Mapping[str, Callable[[Target, str], str]] = {
    "account.id": lambda _, account_id: account_id,
    "account.name": lambda target, _: target.account,
    "region": lambda target, _: target.region,
    "partition": lambda target, _: partition_of(target.region),
    "function": lambda target, _: target.function,
}
TOLD_BY_TARGET = "account.id, account.name, region, partition, function"
ALLOWED = (
    f"ssm('/path'), secret('id'), {TOLD_BY_TARGET}, or a quoted text; secret('id', 'key') is one key of a JSON secret"
)
LAYER_NAME = re.compile(r"[a-zA-Z0-9_-]{1,140}", re.ASCII)
LARGEST = 2**53  # what a number in JSON can be, and AWS's versions never are
POINTER = "/configuration/Environment/Variables/"  # no variable's name needs escaping


class BadReference(ValueError):
    """What is written between {{ and }} is not a reference."""


@dataclass(frozen=True, order=True, slots=True)
class Lookup:
    """A value that somebody else holds: an SSM parameter's path, or a secret's id and, of a JSON secret, one key. Prints as
    it is written."""

    kind: Literal["ssm", "secret"]
    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.kind}('{self.name}', '{self.key}')" if self.key else f"{self.kind}('{self.name}')"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the target's account and region in its newest version, or in that of a number. Prints as it is written."""

    name: str
    number: int = 0

    def __str__(self) -> str:
        return f"layer('{self.name}', {self.number})" if self.number else f"layer('{self.name}')"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the target itself tells, one of `FACTS`. Prints as it is written."""

    name: str

    def __str__(self) -> str:
        return self.name


Part = str | Lookup | Layer | Fact


def is_template(value: object) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def parsed(text: str) -> tuple[Part, ...]:
    """The parts that a value is made of. Raises BadReference."""
    if "{#" in text:
        raise BadReference(f"has a comment; allowed are {ALLOWED}")
    try:
        tree = Environment(autoescape=True, keep_trailing_newline=True).parse(text)
    except (TemplateSyntaxError, RecursionError, ValueError) as error:  # their words would repeat the value
        raise BadReference(f"is not a reference; allowed are {ALLOWED}") from error
    return tuple(_part(node) for output in tree.body for node in _outputs(output))


def _outputs(node: nodes.Node) -> list[nodes.Expr]:
    if not isinstance(node, nodes.Output):
        raise BadReference(f"has a statement; allowed between {{{{ and }}}} are {ALLOWED}")
    return node.nodes


def _part(node: nodes.Expr) -> Part:
    match node:
        case nodes.TemplateData(data=data):
            return str(data)
        case nodes.Const(value=str() as value):
            return value
        case nodes.Name(name=name) if name in FACTS:
            return Fact(name)
        case nodes.Getattr(node=nodes.Name(name=owner), attr=attribute) if f"{owner}.{attribute}" in FACTS:
            return Fact(f"{owner}.{attribute}")
        case nodes.Call(node=nodes.Name(name=name), args=args, kwargs=[], dyn_args=None, dyn_kwargs=None):
            match name, [argument.value for argument in args if isinstance(argument, nodes.Const)], len(args):
                case "ssm" | "secret", [str(value)], 1:
                    return Lookup(name, value)
                case "secret", [str(value), str(key)], 2 if key:
                    return Lookup("secret", value, key)
                case "layer", [str(value)], 1 if LAYER_NAME.fullmatch(value):
                    return Layer(value)
                case "layer", [str(value), int(number)], 2 if (
                    LAYER_NAME.fullmatch(value) and type(number) is int and 0 < number < LARGEST
                ):
                    return Layer(value, number)
    raise BadReference(f"is not a reference; allowed are {ALLOWED}")


def environment(spec: Spec) -> Iterator[tuple[str, str]]:
    """(variable, text) of the spec's environment values that are references; of what must be gone nobody wants any."""
    for item in () if spec.is_absent else spec.desired:
        if item.key.kind == "function":
            variables = item.properties.get("configuration", {}).get("Environment", {}).get("Variables", {})
            yield from ((name, value) for name, value in variables.items() if is_template(value))


def lookups(spec: Spec) -> set[Lookup]:
    """What must be looked up for a spec."""
    return {part for _, text in environment(spec) for part in parsed(text) if isinstance(part, Lookup)}


def resolved(spec: Spec, account_id: str, values: Mapping[Lookup, str]) -> Spec:
    """The spec with its references replaced by what they stand for, and remembered as they were written.

    A reference that needs a value which there is none of (offline: every one) is left out of the comparison instead.
    """
    texts = dict(environment(spec))
    if not texts:
        return spec
    known: dict[str, str] = {}
    unknown: list[str] = []
    for name, text in texts.items():
        parts = parsed(text)
        if any(isinstance(part, Lookup) and part not in values for part in parts):
            unknown.append(name)
        else:
            known[name] = "".join(_value(part, spec.target, account_id, values) for part in parts)
    written = {
        f"{POINTER}{name}": referred(text) if has_literals(text) else text
        for name, text in texts.items()
        if referred(text)
    }
    literals = {f"{POINTER}{name}": text for name, text in texts.items() if has_literals(text)}
    return replace(
        spec,
        desired=tuple(
            replace(
                item,
                properties=_with(item.properties, known),
                references={**item.references, **written},
                literals=literals,
            )
            if item.key.kind == "function"
            else item
            for item in spec.desired
        ),
        ignore=(*spec.ignore, *(f"{POINTER}{name}" for name in unknown)),
    )


def filled(text: str, target: Target, account_id: str) -> str:
    """A text with what the target tells in the place of its references; as it is where that does not tell all of them."""
    return text if problem(text, account_id) else "".join(_value(part, target, account_id, {}) for part in parsed(text))


def problem(text: str, account_id: str) -> str:
    """Why a text outside the environment cannot be filled in by what the target tells; empty where it can."""
    try:
        parts = parsed(text)
    except BadReference:
        return f"what stands between {{{{ and }}}} here must be one of {TOLD_BY_TARGET}"
    if any(isinstance(part, Layer) for part in parts):
        return "layer is read as an entry of configuration.Layers that is nothing else; write the text itself"
    if any(isinstance(part, Lookup) for part in parts):
        return "ssm and secret are read in values of configuration.Environment.Variables only; write the text itself"
    if Fact("account.id") in parts and not account_id:
        return "account.id is known where reconcile.yaml says it; give the account its accountId there"
    return ""


def layer(text: str) -> Layer | None:
    """The layer that a text refers to and says nothing else; None where it is not that."""
    try:
        parts = parsed(text)
    except BadReference:
        return None
    only = parts[0] if len(parts) == 1 else None
    return only if isinstance(only, Layer) else None


def has_literals(text: str) -> bool:
    """Whether a value holds anything but references: whatever that is, it may be a secret."""
    return any(isinstance(part, str) for part in parsed(text))


def referred(text: str) -> str:
    """The references of a value, as they are written; nothing where it has none."""
    return ", ".join(dict.fromkeys(f"{{{{ {part} }}}}" for part in parsed(text) if not isinstance(part, str)))


def _value(part: Part, target: Target, account_id: str, values: Mapping[Lookup, str]) -> str:
    match part:
        case Fact(name=name):
            return FACTS[name](target, account_id)
        case Lookup():
            return values[part]
        case Layer():
            return f"{{{{ {part} }}}}"
        case _:
            return part


def _with(properties: Mapping[str, object], known: Mapping[str, str]) -> dict[str, object]:
    configuration = properties["configuration"]
    assert isinstance(configuration, Mapping)
    environment_ = configuration["Environment"]
    variables = {**environment_["Variables"], **known}
    return {**properties, "configuration": {**configuration, "Environment": {**environment_, "Variables": variables}}}
