"""Terraform, and OpenTofu: what `terraform show -json` prints of a state, or of a plan. Of a resource only the members that are named here
are kept, for a state has every secret in clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core.errors import SourceError
from reconciler.core.foreign import printable
from reconciler.importing.parsing import Name, json_of, label_of, let_go, mapping, mappings, name_of, text
from reconciler.importing.told import File, Part, Reader, Said, Told

FUNCTION, MAPPING, LOG_GROUP = "aws_lambda_function", "aws_lambda_event_source_mapping", "aws_cloudwatch_log_group"
SECTIONS: Mapping[str, str] = {
    FUNCTION: "configuration",
    MAPPING: "event_source_mappings",
    LOG_GROUP: "log_group",
    "aws_lambda_alias": "aliases",
    "aws_lambda_permission": "permissions",
    "aws_lambda_function_url": "urls",
    "aws_lambda_function_event_invoke_config": "event_invoke",
    "aws_lambda_provisioned_concurrency_config": "provisioned_concurrency",
    "aws_lambda_runtime_management_config": "runtime_management",
    "aws_lambda_function_recursion_config": "recursion",
    "aws_appautoscaling_target": "provisioned_concurrency",
    "aws_appautoscaling_policy": "provisioned_concurrency",
    "aws_appautoscaling_scheduled_action": "provisioned_concurrency",
}
CODE: Mapping[str, str] = {
    "filename": "path",
    "s3_bucket": "S3Bucket",
    "s3_key": "S3Key",
    "s3_object_version": "S3ObjectVersion",
    "image_uri": "ImageUri",
}
SYMBOLS: Mapping[str, tuple[str, str]] = {  # a member, or one of its only block -> what the spec says there
    "role": ("", "/configuration/Role"),
    "kms_key_arn": ("", "/configuration/KMSKeyArn"),
    "layers": ("", "/configuration/Layers"),
    "code_signing_config_arn": ("", "/code_signing/CodeSigningConfigArn"),
    "dead_letter_config": ("target_arn", "/configuration/DeadLetterConfig/TargetArn"),
    "file_system_config": ("arn", "/configuration/FileSystemConfigs/0/Arn"),
}
_SAME = (
    "arn",
    "region",
    "function_name",
    "function_arn",
    "name",
    "resource_id",
    "uuid",
    "event_source_arn",
    "logging_config",
)
KEPT = frozenset((*_SAME, *CODE, *SYMBOLS))
MOST_ALIKE = 500  # functions of one name: accounts times regions
SAYS_NOTHING = ("this", "main", "default")
_KEY = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')
_ADDRESS = re.compile(r"(module\.[\w-]+\.)*\w+\.[\w-]+")
_BLOCK = "removed {{\n  from = {}\n\n  lifecycle {{\n    destroy = false\n  }}\n}}"
HOW = """\
# Into the configuration, with the resource blocks themselves taken out; then `terraform apply` (1.7 or newer) forgets these resources and
# destroys none of them. What else refers to them reads them from then on: data "aws_lambda_function", data "aws_lambda_alias"."""
IN_MODULES = """\
# Where these are parts of a module take their blocks out of the module: if its call were taken out, all else in it would be destroyed."""
SINGLY = """\
# Of these some instances stay in Terraform, and a `removed` block would let go of all of them. Take the keys out of for_each or count, and run:"""


@dataclass(frozen=True, slots=True)
class Resource:
    address: str
    type: str
    label: str
    values: Mapping[str, Any]
    needs: frozenset[str]

    @property
    def place(self) -> tuple[str, str]:
        """Region and account, as far as its ARN says them."""
        arn = text(self.values.get("arn")).split(":")
        return (arn[3], arn[4]) if len(arn) > 4 else ("", "")

    @property
    def uuid(self) -> str:
        return text(self.values.get("uuid"))

    @property
    def name(self) -> Name | None:
        """The function that it is, or is of."""
        said = self.values.get("function_name") or self.values.get("function_arn")
        if self.type.startswith("aws_appautoscaling_"):
            said = self.values.get("resource_id")
            return name_of(said) if text(said).startswith("function:") else None
        name, (region, account) = name_of(said), self.place
        if name is None:
            return None
        return Name(name.function, name.region or region or text(self.values.get("region")), name.account_id or account)


@dataclass(frozen=True, slots=True)
class State:
    path: str
    resources: tuple[Resource, ...]


def parsed(file: File) -> State | None:
    document = json_of(file, '"terraform_version"')
    if not isinstance(document, Mapping) or "terraform_version" not in document:
        return None
    if "format_version" not in document:
        raise SourceError(f"{file.path}: is a state as Terraform keeps it; write what `terraform show -json` prints")
    state = mapping(document.get("prior_state")) if "planned_values" in document else document
    return State(file.path, tuple(_resources(mapping(mapping(state.get("values")).get("root_module")))))


def _resources(root: Mapping[str, Any]) -> Iterator[Resource]:
    modules = [root]
    while modules:
        module = modules.pop()
        modules += mappings(module.get("child_modules"))
        for item in mappings(module.get("resources")):
            if item.get("mode") == "managed" and text(item.get("type")).startswith("aws_"):
                values = {name: value for name, value in mapping(item.get("values")).items() if name in KEPT}
                needs = item.get("depends_on")
                yield Resource(
                    text(item.get("address")), text(item.get("type")), _label(item), values,
                    frozenset(map(text, needs if isinstance(needs, list) else ())),
                )  # fmt: skip


def _label(item: Mapping[str, Any]) -> str:
    """By its key, which is the telling one of many; else by its name where that says anything."""
    name, key = text(item.get("name")), item.get("index")
    if isinstance(key, str):
        return label_of(key)
    if name in SAYS_NOTHING:
        return ""
    return label_of(name if key is None else f"{name}-{key}")


def told(held: Sequence[State]) -> Told:
    """What each state tells; a resource belongs to a function of its own state."""
    functions: list[Said] = []
    notes: list[str] = []
    for state in held:
        functions += (replace(said, file=state.path) for said in _functions(state.resources, notes))
    return Told(tuple(functions), tuple(map(printable, notes)))


def _functions(resources: Sequence[Resource], notes: list[str]) -> Iterator[Said]:
    known = _Functions(resources)
    belonging: dict[str, list[Resource]] = {}
    for resource in resources:
        if resource.type not in SECTIONS or resource.type == FUNCTION:
            continue
        owners = known.owners(resource)
        if len(owners) == 1:
            belonging.setdefault(owners[0], []).append(resource)
        elif resource.type.startswith("aws_lambda_"):
            which = "several functions" if owners else "no function"
            notes.append(f"{resource.address} may be of {which} that this state manages; it is left to Terraform")
    arns = {text(resource.values.get("arn")): f"{resource.address}.arn" for resource in resources}
    arns.pop("", None)
    for address, (function, name) in sorted(known.all.items()):
        yield _said(function, name, belonging.get(address, ()), arns)


class _Functions:
    """The functions of a state by address, and by what others call them."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        named = [(resource, resource.name) for resource in resources if resource.type == FUNCTION]
        self.all = {resource.address: (resource, name) for resource, name in named if name}
        self.named: dict[str, list[str]] = {}
        self.logging: dict[str, list[str]] = {}
        for address, (function, name) in self.all.items():
            own = text(next(mappings(function.values.get("logging_config")), {}).get("log_group"))
            self.named.setdefault(name.function, []).append(address)
            self.logging.setdefault(own or f"/aws/lambda/{name.function}", []).append(address)

    def owners(self, resource: Resource) -> list[str]:
        """The functions that it may be of; those alone that it depends on, or that depend on it, where names do not tell."""
        if resource.type == LOG_GROUP:
            candidates, place = self.logging.get(text(resource.values.get("name")), []), resource.place
        elif name := resource.name:
            candidates, place = self.named.get(name.function, []), (name.region, name.account_id)
        else:
            return []
        if len(candidates) > MOST_ALIKE:
            return candidates
        owners = [address for address in candidates if self.all[address][1].may_be_at(*place)]
        if len(owners) < 2:
            return owners
        whole = _KEY.sub("", resource.address)
        near = [
            address
            for address in owners
            if _KEY.sub("", address) in resource.needs or whole in self.all[address][0].needs
        ]
        return near or owners


def _said(function: Resource, name: Name, belonging: Sequence[Resource], arns: Mapping[str, str]) -> Said:
    mapped = [resource for resource in belonging if resource.type == MAPPING]
    symbols = dict(_symbols(function, arns))
    for resource in mapped:
        source = arns.get(text(resource.values.get("event_source_arn")))
        symbols |= (
            {f"/event_source_mappings/{resource.label or resource.uuid}/EventSourceArn": source} if source else {}
        )
    return Said(
        function=name.function,
        region=name.region,
        account_id=name.account_id,
        labels={resource.uuid: resource.label for resource in mapped if resource.uuid and resource.label},
        code={
            word: text(function.values[member]) for member, word in CODE.items() if text(function.values.get(member))
        },
        symbols=symbols,
        parts=tuple(Part(SECTIONS[resource.type], resource.address) for resource in (function, *belonging)),
    )


def _symbols(function: Resource, arns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for member, (inner, path) in SYMBOLS.items():
        value = function.values.get(member)
        value = next(mappings(value), {}).get(inner) if inner else value
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if text(item) in arns:
                yield (f"{path}/{number}" if isinstance(value, list) else path), arns[text(item)]


def hand_over(owned: Sequence[Part], kept: Sequence[Part]) -> str:
    staying = {_KEY.sub("", part.name) for part in kept}
    names = let_go(owned, kept)
    whole = sorted({address for address in (_KEY.sub("", name) for name in names) if address not in staying})
    singly = [name for name in names if _KEY.sub("", name) in staying]
    blocks = [_BLOCK.format(address) for address in whole if _ADDRESS.fullmatch(address)]
    is_modular = any(address.startswith("module.") for address in whole)
    lines = [HOW, *([IN_MODULES] if is_modular else []), *blocks] if blocks else []
    if singly:
        lines += [SINGLY, *(f"#   terraform state rm {_quoted(name)}" for name in singly)]
    return "\n".join(lines) + "\n" if lines else ""


def _quoted(address: str) -> str:
    """As a shell takes it for one word."""
    return "'" + printable(address).replace("'", "'\\''") + "'"


TERRAFORM = Reader(
    name="terraform",
    about="what `terraform show -json` prints",
    parsed=parsed,
    told=told,
    hand_over=hand_over,
)
