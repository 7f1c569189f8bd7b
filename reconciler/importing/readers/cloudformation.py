"""CloudFormation, and so SAM, CDK and Serverless: the processed template of a stack, and the list of its resources with their physical
ids, in two files or in one. The list says which functions there are, the template what belongs to which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.foreign import printable
from reconciler.importing import templates
from reconciler.importing.parsing import CODE, Name, json_of, let_go, mapping, mappings, name_of, text
from reconciler.importing.told import File, Part, Reader, Said, Told

FUNCTION, MAPPING, LOG_GROUP = "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::Logs::LogGroup"
OF: Mapping[str, tuple[str, str]] = {  # type -> the section that says it, the property that names the function
    MAPPING: ("event_source_mappings", "FunctionName"),
    "AWS::Lambda::Alias": ("aliases", "FunctionName"),
    "AWS::Lambda::EventInvokeConfig": ("event_invoke", "FunctionName"),
    "AWS::Lambda::Permission": ("permissions", "FunctionName"),
    "AWS::Lambda::Url": ("urls", "TargetFunctionArn"),
    "AWS::Lambda::Version": ("configuration", "FunctionName"),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("provisioned_concurrency", "ResourceId"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("provisioned_concurrency", "ScalingTargetId"),
}
SYMBOLS: Mapping[str, tuple[str, ...]] = {
    "/configuration/Role": ("Role",),
    "/configuration/KMSKeyArn": ("KmsKeyArn",),
    "/configuration/DeadLetterConfig/TargetArn": ("DeadLetterConfig", "TargetArn"),
    "/code_signing/CodeSigningConfigArn": ("CodeSigningConfigArn",),
}
TYPES = ("AWS::", "Custom::")
ARNS = ("cloudformation", "lambda")  # that say the place of a stack
GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")
_LOGICAL = re.compile("[A-Za-z0-9]{1,255}")
_SCALED = re.compile(r"(function:[a-zA-Z0-9-_]+:[a-zA-Z0-9-_$]+)\|.*")
LISTS = ("StackResources", "StackResourceSummaries")
SERVING = "makes resources of this stack, and stays in it; `reconcile import NAME` takes it all the same"
LACKING = """\
is a template, which does not say what AWS calls its functions; write what `aws cloudformation describe-stack-resources --stack-name STACK` \
prints into a file as well, and name both with --from"""
HOW = """\
# Stack {stack}: two deployments. First with these lines in its template, so that CloudFormation keeps what it forgets. In SAM the line stands
# at the AWS::Serverless::Function, in CDK it is applyRemovalPolicy(RemovalPolicy.RETAIN), in Serverless resources.extensions.
Resources:"""
THEN = """\
# Then without these resources, and with names or ARNs written out where outputs and other resources referred to them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A resource of a stack, by its logical id: what it is, and what AWS calls it."""

    type: str
    physical: str


@dataclass(frozen=True, slots=True)
class Document:
    """What one file holds: a template's resources, a list of a stack's, or both."""

    path: str
    template: Mapping[str, Mapping[str, Any]]
    listed: Mapping[str, Listed]
    stack: str
    region: str = ""
    account_id: str = ""


def parsed(file: File) -> Document | None:
    document = _document(file)
    whole = mapping(document)
    body = whole.get("TemplateBody", document)
    template = mapping(mapping(templates.parsed(body, file.path)).get("Resources"))
    template = {
        text(name): item for name, item in template.items() if text(mapping(item).get("Type")).startswith(TYPES)
    }
    items = [item for name in LISTS for item in mappings(whole.get(name))]
    if not template and not items and not any(name in whole for name in LISTS):
        return None
    listed = {
        text(item.get("LogicalResourceId")): Listed(
            text(item.get("ResourceType")), text(item.get("PhysicalResourceId"))
        )
        for item in items
        if text(item.get("PhysicalResourceId")) and item.get("ResourceStatus") not in GONE
    }
    stack = next((item for item in items if text(item.get("StackId"))), {})
    arns = (word.split(":") for word in (text(stack.get("StackId")), *(item.physical for item in listed.values())))
    region, account = next(((arn[3], arn[4]) for arn in arns if len(arn) > 5 and arn[2] in ARNS), ("", ""))
    return Document(file.path, template, listed, text(stack.get("StackName")), region, account)


def _document(file: File) -> Any:
    """Of JSON only what says that it is of this source; of YAML a template alone."""
    start = file.text.lstrip()[:1]
    if start == "{":
        is_ours = any(f'"{mark}"' in file.text for mark in ("Resources", "TemplateBody", *LISTS))
        return json_of(file) if is_ours else None
    return file.text if re.search(r"^Resources:", file.text, re.MULTILINE) and "AWS::" in file.text else None


# --- a stack -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stack:
    """A list of resources with the template that it comes from."""

    name: str
    region: str
    account_id: str
    listed: Mapping[str, Listed]
    template: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def properties(self, logical: str) -> Mapping[str, Any]:
        return mapping(mapping(self.template.get(logical)).get("Properties"))

    def resolved(self, value: Any) -> str:
        """A text that can be told without asking AWS; empty where it cannot."""
        if isinstance(value, str):
            return value
        function, argument = next(iter(mapping(value).items()), ("", None))
        if function == "Ref":
            return self._referred(text(argument))
        if function != "Fn::Sub" or not isinstance(argument, str):
            return ""
        known = {name: self._referred(name) for name in templates.VARIABLE.findall(argument)}
        return templates.VARIABLE.sub(lambda match: known[match[1]], argument) if all(known.values()) else ""

    def _referred(self, name: str) -> str:
        pseudo = {"AWS::Region": self.region, "AWS::AccountId": self.account_id, "AWS::StackName": self.name}
        listed = self.listed.get(name)
        return pseudo.get(name, listed.physical if listed else "")


def told(held: Sequence[Document]) -> Told:
    notes: list[str] = []
    functions = [said for stack in _stacks(held, notes) for said in _functions(stack, notes)]
    return Told(tuple(functions), tuple(map(printable, notes)))


def _stacks(held: Sequence[Document], notes: list[str]) -> Iterator[Stack]:
    """Each list with the template that has most of its logical ids, and as few others as may be."""
    bodies = [document for document in held if document.template]
    for document in (document for document in held if document.listed):
        own = [document] if document.template else bodies
        best = max(own, key=lambda other: _likeness(document, other), default=None)
        template = best.template if best and _likeness(document, best) > (0, -len(best.template)) else {}
        if not template:
            notes.append(
                f"{document.path}: there is no template of this stack, so what belongs to its functions is not known"
            )
        bodies = [other for other in bodies if other is not best] or bodies
        yield Stack(document.stack or document.path, document.region, document.account_id, document.listed, template)
    if not any(document.listed for document in held):
        notes += [f"{document.path}: {LACKING}" for document in bodies]


def _likeness(document: Document, other: Document) -> tuple[int, int]:
    shared = document.listed.keys() & other.template.keys()
    return sum(document.listed[name].type == other.template[name].get("Type") for name in shared), -len(other.template)


def _functions(stack: Stack, notes: list[str]) -> Iterator[Said]:
    own = {logical: name_of(item.physical) for logical, item in stack.listed.items() if item.type == FUNCTION}
    serving = _serving(stack)
    known = {logical: name for logical, name in own.items() if name}
    notes += [f"{stack.name}/{logical} {SERVING}" for logical in sorted(serving & own.keys())]
    notes += [
        f"{stack.name}/{logical} has no name that a function can have" for logical, name in own.items() if not name
    ]
    named = {name.function: logical for logical, name in known.items()}
    groups = {_log_group(stack, logical, name): logical for logical, name in known.items()}
    belonging: dict[str, list[str]] = {}
    for logical, item in stack.listed.items():
        if item.type in OF:
            owner = _owner(stack, logical, known, named)
            lambdas = item.type.startswith("AWS::Lambda::") and not owner
            notes += [f"{stack.name}/{logical} is of no function of this stack, and stays in it"] if lambdas else []
        else:
            owner = groups.get(item.physical, "") if item.type == LOG_GROUP else ""
        belonging.setdefault(owner, []).append(logical)
    for logical in (logical for logical in known if logical not in serving):
        yield _said(stack, logical, known[logical], belonging.get(logical, ()))


def _serving(stack: Stack) -> set[str]:
    """The functions that CloudFormation itself invokes, to make resources that it does not know."""
    tokens = (stack.properties(logical).get("ServiceToken") for logical in stack.template)
    return {name for token in tokens for name in templates.references(token)}


def _log_group(stack: Stack, logical: str, name: Name) -> str:
    own = stack.resolved(mapping(stack.properties(logical).get("LoggingConfig")).get("LogGroup"))
    return own or f"/aws/lambda/{name.function}"


def _owner(stack: Stack, logical: str, known: Mapping[str, Name], named: Mapping[str, str]) -> str:
    """The function that a resource is of: by its physical id, by its name in the template, or by what the template refers to there."""
    item, (_, member) = stack.listed[logical], OF[stack.listed[logical].type]
    value = stack.properties(logical).get(member)
    scaled = _SCALED.fullmatch(item.physical)
    names = [
        name_of(word) for word in (scaled[1] if scaled else item.physical, value) if ":" in text(word) or word is value
    ]
    by_name = next((named[name.function] for name in names if name and name.function in named), "")
    return by_name or _referred(stack, value, known)


def _referred(stack: Stack, value: Any, known: Mapping[str, Name]) -> str:
    """The first function below a value, also by way of an alias, a version or what is scaled."""
    seen: set[str] = set()
    names = list(templates.references(value))
    while names:
        name = names.pop(0)
        if name in known:
            return name
        item = stack.listed.get(name)
        if item and item.type in OF and name not in seen:
            names += templates.references(stack.properties(name).get(OF[item.type][1]))
        seen.add(name)
    return ""


def _said(stack: Stack, logical: str, name: Name, belonging: Iterable[str]) -> Said:
    properties, belonging = stack.properties(logical), tuple(belonging)
    mapped = {stack.listed[other].physical: other for other in belonging if stack.listed[other].type == MAPPING}
    code = {member: stack.resolved(mapping(properties.get("Code")).get(member)) for member in CODE}
    return Said(
        function=name.function,
        region=stack.region,
        account_id=stack.account_id,
        labels=mapped,
        code={member: value for member, value in code.items() if value},
        symbols=dict(_symbols(stack, properties, mapped.values())),
        parts=tuple(
            Part(_section(stack.listed[other].type), f"{stack.name}/{other}") for other in (logical, *belonging)
        ),
    )


def _section(type_: str) -> str:
    return OF[type_][0] if type_ in OF else {FUNCTION: "configuration", LOG_GROUP: "log_group"}[type_]


def _symbols(stack: Stack, properties: Mapping[str, Any], mapped: Iterable[str]) -> Iterator[tuple[str, str]]:
    values: dict[str, Any] = {}
    for path, (*steps, last) in SYMBOLS.items():
        inner = properties
        for step in steps:
            inner = mapping(inner.get(step))
        values[path] = inner.get(last)
    layers = properties.get("Layers")
    values |= {
        f"/configuration/Layers/{number}": item
        for number, item in enumerate(layers if isinstance(layers, list) else ())
    }
    values |= {
        f"/event_source_mappings/{name}/EventSourceArn": stack.properties(name).get("EventSourceArn") for name in mapped
    }
    yield from ((path, symbol) for path, value in values.items() if (symbol := templates.symbol(value)))


# --- letting go ----------------------------------------------------------------------------------------------------------


def hand_over(owned: Sequence[Part], kept: Sequence[Part]) -> str:
    stacks: dict[str, set[str]] = {}
    for name in let_go(owned, kept):
        stack, _, logical = name.rpartition("/")
        if _LOGICAL.fullmatch(logical):
            stacks.setdefault(stack, set()).add(logical)
    lines = []
    for stack, names in sorted(stacks.items()):
        lines += [
            HOW.format(stack=printable(stack)),
            *(f"  {name}: {{DeletionPolicy: Retain}}" for name in sorted(names)),
            THEN,
        ]
    return "\n".join((*lines, "")) if lines else ""


CLOUDFORMATION = Reader(
    name="cloudformation",
    about="what `aws cloudformation get-template --template-stage Processed` and `describe-stack-resources` print",
    parsed=parsed,
    told=told,
    hand_over=hand_over,
)
