"""YAML files to `Spec`s, with every mistake of every file told at once. Reads files below the given paths, nothing else.

Needs no credentials, no network, and neither boto3 nor botocore.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from reconciler.core.diff import pointer
from reconciler.core.errors import Fault, SpecError
from reconciler.core.finding import Rule
from reconciler.core.model import Desired, Key, Origin, Retention, Spec, Target
from reconciler.core.plans import Diagnostic
from reconciler.files import validation
from reconciler.files.strict_yaml import Document
from reconciler.files.tree import absolute
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.registry import FUNCTION_SECTIONS, KINDS, NAMED_SECTIONS, SECTION_NAMES, kinds_of
from reconciler.kinds.version import RETAIN, VERSION
from reconciler.spec import cautions, layers, shared
from reconciler.spec.cautions import warning
from reconciler.spec.checking import code_path, defaults_faults, document_faults, placing_faults
from reconciler.spec.config import Config
from reconciler.spec.discovery import DEFAULTS, discovered, is_spec_name, read, spec_files
from reconciler.spec.events import rollouts_of, with_events
from reconciler.spec.extending import Defaults, on_disk, told_once, wholes
from reconciler.spec.freezes import freeze_warnings
from reconciler.spec.meant import is_varied, meant
from reconciler.spec.where import left_under_old_name, overlay_faults, repeated, targets

__all__ = ["Specs", "expanded", "is_spec_name", "load", "only", "read", "spec_files", "specs_of", "targets"]

IS_NO_SPEC = Rule("W001", "A YAML file among specs that is none is named in .reconcileignore.")
IS_EXTENDED = Rule("W007", "Defaults are there for specs that extend them.")

Targeted: TypeAlias = tuple[Document, list[Target]]


@dataclass(frozen=True, slots=True)
class Specs:
    """All specs below the given paths, sorted by target, what is worth a warning, and their documents, each a whole."""

    specs: tuple[Spec, ...]
    warnings: tuple[Diagnostic, ...]
    documents: tuple[Document, ...]

    @property
    def file_count(self) -> int:
        return len({document.path for document in self.documents})


def load(paths: Sequence[Path], config: Config | None) -> Specs:
    """Every spec below `paths`. Raises SpecError with all faults of all files. Without a config, accounts and regions
    are taken as they are written (its own faults are told elsewhere)."""
    root = Path(config.path).parent if config else None
    unread: list[Fault] = []
    found = discovered(paths, root, unread)
    defaults = Defaults(on_disk(root), found.defaults)
    targeted: list[Targeted] = []
    wrong: list[tuple[str, Fault]] = []
    for document in found.specs:
        whole, faults = read_specs(document, config, defaults)
        targeted += whole
        wrong += [(document.path, fault) for fault in faults]
    users = users_of(targeted)
    wrong = with_defaults(wrong, defaults, users)
    read_again = {fault for _, fault in wrong}
    faults = [
        *(fault for fault in unread if fault not in read_again),
        *told_once(wrong),
        *repeated(targeted),
        *left_under_old_name(targeted),
    ]
    if faults:
        raise SpecError(faults)
    specs = [with_events(spec) for document, there in targeted for spec in expanded(document, there, config)]
    documents = {target: document for document, there in targeted for target in there}
    faults += shared.unlike(specs)
    faults += layers.misread(specs, documents, partial(layers_of_tree, config)) if config else ()
    if faults:
        raise SpecError(faults)
    notes = [
        (document.path, note)
        for document, there in targeted
        for meaning, where in meanings(document, there, config)
        for note in cautions.notes(meaning, where, config)
    ]
    is_whole = root is not None and [path.resolve() for path in paths] == [root.resolve()]
    warnings = [
        *(warning(IS_NO_SPEC, other.message, other.origin) for other in found.others),
        *(unused(found.defaults, users) if is_whole else ()),
        *(freeze_warnings(config.document, config.accounts, specs if is_whole else None) if config else ()),
        *told_once(notes),
    ]
    return Specs(
        tuple(sorted(specs, key=lambda spec: spec.target)), tuple(warnings), tuple(document for document, _ in targeted)
    )


def read_specs(document: Document, config: Config | None, defaults: Defaults) -> tuple[list[Targeted], list[Fault]]:
    """The specs that a file means, each with what it is for, and all that is wrong with them."""
    faults: list[Fault] = []
    targeted = []
    for whole in wholes(document, defaults, faults):
        elsewhere: list[Fault] = []
        there = targets(whole, config, elsewhere)
        own = []
        for meaning, where in meanings(whole, there, config):
            own += document_faults(meaning)
            elsewhere += placing_faults(meaning, where, config, {fault.origin for fault in own})
        reported = {fault.origin for fault in own}
        faults += own + [fault for fault in elsewhere if fault.origin not in reported]
        targeted.append((whole, there))
    regions = {target.region for _, there in targeted for target in there}
    reported = {fault.origin for fault in faults}
    beyond = [fault for whole, _ in targeted for fault in overlay_faults(whole, regions)]
    return targeted, faults + [fault for fault in beyond if fault.origin not in reported]


def with_defaults(
    wrong: Sequence[tuple[str, Fault]], defaults: Defaults, users: Mapping[Path, Sequence[str]]
) -> list[tuple[str, Fault]]:
    """What is wrong with specs, each by its file, and with the defaults by themselves, which is told once and comes first."""
    own = [(file, fault) for file in defaults.documents for fault in defaults_faults(file)]
    reported = {fault.origin for _, fault in own}
    return [
        *((path, fault) for file, fault in own for path in users.get(absolute(file.path), [file.path])),
        *((path, fault) for path, fault in wrong if fault.origin not in reported),
    ]


def users_of(targeted: Iterable[Targeted]) -> dict[Path, list[str]]:
    """By each file of defaults, the specs that extend it."""
    users: dict[Path, list[str]] = {}
    for document, _ in targeted:
        for path in document.extends:
            users.setdefault(absolute(path), []).append(document.path)
    return users


def unused(found: Iterable[Document], users: Mapping[Path, Sequence[str]]) -> Iterator[Diagnostic]:
    """Files of defaults that no spec extends."""
    for file in found:
        if absolute(file.path) not in users:
            message = "no spec extends these defaults; take the file out, or write `extends` where they should hold"
            yield warning(IS_EXTENDED, message, file.key(f"/{DEFAULTS}"))


def specs_of(document: Document, config: Config, defaults: Defaults) -> list[Spec]:
    """The specs that a file means, wherever it comes from. Raises SpecError for what is wrong with it wherever it stands."""
    faults: list[Fault] = []
    targeted = [(whole, targets(whole, config, [])) for whole in wholes(document, defaults, faults)]
    for whole, there in targeted:
        for meaning, _ in meanings(whole, there, config):
            faults += document_faults(meaning)
    if faults:
        raise SpecError(faults)
    return [spec for whole, there in targeted for spec in expanded(whole, there, config)]


def named_targets(paths: Sequence[Path], config: Config) -> list[Target]:
    """The targets that the specs name, as far as they can be read: what else is wrong with them does not matter here."""
    root = Path(config.path).parent
    try:
        found = discovered(paths, root, [])
    except SpecError:
        return []
    defaults = Defaults(on_disk(root), found.defaults)
    return [
        target
        for document in found.specs
        for whole in wholes(document, defaults, []) or wholes(document, None, [])
        for target in targets(whole, config, [])
    ]


def layers_of_tree(config: Config) -> set[Target]:
    """The layers that specs of the folder of reconcile.yaml describe."""
    try:
        found = discovered([Path(config.path).parent], Path(config.path).parent, [])
    except SpecError:
        return set()
    described = (
        document
        for document in found.specs
        if isinstance(document.value, dict) and document.value.get("state") != "absent"
    )
    return {target for document in described for target in targets(document, config, []) if target.root == LAYER.name}


def meanings(
    document: Document, targets: Sequence[Target], config: Config | None
) -> Iterator[tuple[Document, Sequence[Target]]]:
    """The document as it is meant, with the targets for which it is that."""
    if not is_varied(document):
        yield document, targets
        return
    for target in targets or (Target("", "", ""),):
        account = config.accounts.get(target.account) if config else None
        yield meant(document, target, account.account_id if account else ""), [target] if targets else []


# --- what a spec says ----------------------------------------------------------------------------------------------


def expanded(document: Document, targets: Sequence[Target], config: Config | None) -> Iterator[Spec]:
    """One Spec a target, each as the document is meant for it, and one for the versions of a layer of which not all are kept."""
    for variant, there in meanings(document, targets, config):
        function, below = function_properties(variant), origins_below(variant)
        for target in there:
            spec = _spec(variant, target, function, below)
            yield spec
            if spec.keep and not spec.is_absent:
                versions = replace(target, root=LAYER_VERSION.name)
                yield replace(spec, target=versions, desired=(), sections=frozenset({LAYER_VERSION.section}))


def _spec(
    document: Document, target: Target, function: Mapping[str, Any], below: Mapping[str, Mapping[str, Origin]]
) -> Spec:
    value = document.value
    written = {"/code/path": value["code"]["path"]} if "path" in function.get("code", {}) else {}
    own = layers.with_references(function, target)
    desired = [Desired(Key(target, target.root), own, document.origins, written)] if function else []
    beside = (kind for kind in kinds_of(target) if kind.section in NAMED_SECTIONS and kind.section in value)
    for kind in beside:
        for name, properties in kind.entries(value[kind.section] or {}).items():
            origins = below.get(pointer(kind.at(name)), {})
            key = Key(target, kind.name, name or kind.named(target.function, value.get("configuration") or {}))
            desired.append(Desired(key, kind.meant(properties), origins))
    return Spec(
        target=target,
        path=document.path,
        desired=tuple(desired),
        sections=frozenset(owned(value)),
        is_absent=value.get("state") == "absent",
        publish=value.get("publish", False),
        allow_replace=value.get("allow_replace", False),
        adopt=value.get("adopt", False),
        was=value.get("was", ""),
        keep=value.get("keep", 0),
        retain=_retention(value.get(VERSION.section)),
        ignore=tuple(value.get("ignore", ())),
        origins=document.origins,
        values=document.values,
        extends=document.extends,
        rollouts=rollouts_of(document),
    )


def _retention(versions: Mapping[str, Any] | None) -> Retention | None:
    written = (versions or {}).get(RETAIN)
    return Retention(**written) if written else None


def owned(value: Mapping[str, Any]) -> Iterator[str]:
    """The sections that a spec has, and of a kind that is owned in parts its parts."""
    yield from (name for name in SECTION_NAMES if name in value)
    for kind in KINDS.values():
        if kind.is_owned_in_parts and kind.section in value:
            yield from (f"{kind.name}/{part}" for part in kind.parts(value[kind.section]))


def origins_below(document: Document) -> dict[str, dict[str, Origin]]:
    """The places of everything below each resource beside the function, by pointers relative to it; each place is looked at
    once."""
    lengths = {section: 2 + KINDS[kind].levels for section, kind in NAMED_SECTIONS.items()}
    below: dict[str, dict[str, Origin]] = {}
    for where, origin in document.origins.items():
        steps = where.split("/", 4)
        length = lengths.get(steps[1], 0) if len(steps) > 1 else 0
        if length and len(steps) >= length:
            at = "/".join(steps[:length])
            below.setdefault(at, {})[where.removeprefix(at)] = origin
    return below


def function_properties(document: Document) -> dict[str, Any]:
    """The function's sections, as CreateFunction would have them: answers of AWS that were pasted are cut down."""
    value = document.value
    properties: dict[str, Any] = {name: dict(value[name]) for name in FUNCTION_SECTIONS if name in value}
    if "configuration" in properties:
        properties["configuration"] = requested(properties["configuration"], layers.root_of(value))
    if "path" in properties.get("code", {}):
        properties["code"]["path"] = str(code_path(document, properties["code"]["path"]))
    return properties


def requested(configuration: Mapping[str, Any], root: str = FUNCTION.name) -> dict[str, Any]:
    """A configuration without what only AWS answers, by the schema's `readOnly`."""
    schema = validation.load_schema(root)["properties"]["configuration"]
    image = (configuration.get("ImageConfigResponse") or {}).get("ImageConfig")
    cut: dict[str, Any] = _requested(configuration, schema)
    return cut | ({"ImageConfig": image} if image and "ImageConfig" not in cut else {})


def _requested(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return {
            key: _requested(item, known[key])
            for key, item in value.items()
            if key in known and not known[key].get("readOnly")
        }
    if isinstance(value, list) and "items" in schema:
        return [
            item["Arn"] if isinstance(item, dict) and "anyOf" in schema["items"] else _requested(item, schema["items"])
            for item in value
        ]
    return value


def only(specs: Specs, chosen: Iterable[Target]) -> Specs:
    """The specs of some targets."""
    names = set(chosen)
    return replace(specs, specs=tuple(spec for spec in specs.specs if spec.target in names))
