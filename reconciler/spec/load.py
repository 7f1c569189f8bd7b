"""YAML files to `Spec`s, with every mistake of every file told at once. Reads files below the given paths, nothing else.

Needs no credentials, no network, and neither boto3 nor botocore.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.core.diff import escaped, pointer
from reconciler.core.errors import Fault, SpecError
from reconciler.core.finding import Finding, Rule
from reconciler.core.model import Desired, Diagnostic, Key, Origin, Spec, Target
from reconciler.files import validation
from reconciler.files.strict_yaml import Document
from reconciler.files.tree import real_path
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.registry import FUNCTION_SECTIONS, KINDS, NAMED_SECTIONS, SECTION_NAMES, kinds_of
from reconciler.spec import arns, cautions, layers, rules, shared
from reconciler.spec.cautions import warning
from reconciler.spec.config import Config, tree_of
from reconciler.spec.discovery import discovered, is_spec_name, read, spec_files
from reconciler.spec.meant import OVERLAY, is_varied, meant

__all__ = ["Specs", "expanded", "is_spec_name", "load", "only", "read", "spec_files", "targets"]

NAMES_AN_ACCOUNT = Rule("R010", "A spec is for an account of reconcile.yaml.")
NAMES_A_REGION = Rule("R011", "A spec is for a region, and for one that reconcile.yaml gives its account.")
IS_DESCRIBED_ONCE = Rule("R012", "A function of an account and region is described by one spec.")
LEAVES_ITS_OLD_NAME = Rule("R013", "A function that has a new name (`was`) has no spec under the old one.")
SPEAKS_OF_ITS_REGIONS = Rule("R090", "by_region speaks of regions that the spec is for.")
HAS_ITS_CODE = Rule("R032", "What `code.path` names is there.")
KEEPS_TO_ITS_TREE = Rule("R033", "Code stands in the tree that its spec belongs to.")
IS_NO_SPEC = Rule("W001", "A YAML file among specs that is none is named in .reconcileignore.")


@dataclass(frozen=True, slots=True)
class Specs:
    """All specs below the given paths, sorted by target, what is worth a warning, and the documents as written."""

    specs: tuple[Spec, ...]
    warnings: tuple[Diagnostic, ...]
    documents: tuple[Document, ...]


def load(paths: Sequence[Path], config: Config | None) -> Specs:
    """Every spec below `paths`. Raises SpecError with all faults of all files. Without a config, accounts and regions
    are taken as they are written (its own faults are told elsewhere)."""
    faults: list[Fault] = []
    documents, passed_over = discovered(paths, Path(config.path).parent if config else None, faults)
    targeted = []
    for document in documents:
        elsewhere: list[Fault] = []
        targeted.append((document, targets(document, config, elsewhere)))
        elsewhere += overlay_faults(document, targeted[-1][1])
        own = []
        for variant, there in variants(*targeted[-1], config):
            own += document_faults(variant)
            elsewhere += placing_faults(variant, there, config, {fault.origin for fault in own})
        reported = {fault.origin for fault in own}
        faults += own + [fault for fault in elsewhere if fault.origin not in reported]
    faults += [*repeated(targeted), *left_under_old_name(targeted)]
    if faults:
        raise SpecError(faults)
    specs = [spec for document, targets in targeted for spec in expanded(document, targets, config)]
    faults += shared.unlike(specs)
    faults += layers.misread(specs, documents, partial(layers_of_tree, config)) if config else ()
    if faults:
        raise SpecError(faults)
    warnings = [
        note
        for document, targets in targeted
        for variant, there in variants(document, targets, config)
        for note in cautions.notes(variant, there, config)
    ]
    warnings = [*(warning(IS_NO_SPEC, other.message, other.origin) for other in passed_over), *warnings]
    return Specs(tuple(sorted(specs, key=lambda spec: spec.target)), tuple(warnings), tuple(documents))


def named_targets(paths: Sequence[Path], config: Config) -> list[Target]:
    """The targets that the specs name, as far as they can be read: what else is wrong with them does not matter here."""
    try:
        documents, _ = discovered(paths, Path(config.path).parent, [])
    except SpecError:
        return []
    return [target for document in documents for target in targets(document, config, [])]


def layers_of_tree(config: Config) -> set[Target]:
    """The layers that specs of the folder of reconcile.yaml describe."""
    try:
        documents, _ = discovered([Path(config.path).parent], Path(config.path).parent, [])
    except SpecError:
        return set()
    described = (
        document
        for document in documents
        if isinstance(document.value, dict) and document.value.get("state") != "absent"
    )
    return {target for document in described for target in targets(document, config, []) if target.root == LAYER.name}


def variants(
    document: Document, targets: Sequence[Target], config: Config | None
) -> Iterator[tuple[Document, Sequence[Target]]]:
    """The document as it is meant, with the targets for which it is that."""
    if not is_varied(document):
        yield document, targets
        return
    for target in targets or (Target("", "", ""),):
        account = config.accounts.get(target.account) if config else None
        yield meant(document, target, account.account_id if account else ""), [target] if targets else []


def overlay_faults(document: Document, targets: Iterable[Target]) -> Iterator[Fault]:
    """What is said of a region that the spec is not for."""
    regions = {target.region for target in targets}
    overlays = document.value.get(OVERLAY) if isinstance(document.value, dict) else None
    for region in overlays if isinstance(overlays, dict) and regions else ():
        if region not in regions:
            message = f"this spec is not for {region}, but for {', '.join(sorted(regions))}; name it in regions, or take this out"
            yield Fault(document.key(f"/{OVERLAY}/{escaped(str(region))}"), SPEAKS_OF_ITS_REGIONS.ends(message))


def faults_of(document: Document, config: Config) -> list[Fault]:
    """What is wrong with a document, for whatever targets it is."""
    return [
        fault
        for variant, _ in variants(document, targets(document, config, []), config)
        for fault in document_faults(variant)
    ]


def document_faults(document: Document) -> list[Fault]:
    """What is wrong with what it is of and with references, then what the schema finds, and then the rules; none says anything of a place that one before
    it has spoken of."""
    found = [_fault(document, finding) for finding in rules.first_findings(document.value)]
    root = layers.root_of(document.value) if isinstance(document.value, dict) else FUNCTION.name
    for more in (
        validation.faults(document, root),
        [_fault(document, finding) for finding in rules.findings(document.value)],
    ):
        reported = {fault.origin for fault in found}
        found += [fault for fault in more if fault.origin not in reported]
    return found


def _fault(document: Document, finding: Finding) -> Fault:
    place = document.key(finding.pointer) if finding.is_key else document.at(finding.pointer)
    return Fault(place, _with_origins(finding.message, document))


def _with_origins(message: str, document: Document) -> str:
    """The message with `{/pointer}` replaced by the place that it names."""
    return re.sub(r"\{(/[^}]*)\}", lambda match: str(document.key(match[1])), message)


# --- where a spec applies ------------------------------------------------------------------------------------------


def targets(document: Document, config: Config | None, faults: list[Fault]) -> list[Target]:
    """The targets of a document; what keeps them from being known is added to `faults`."""
    value = document.value
    root = layers.root_of(value) if isinstance(value, dict) else FUNCTION.name
    if not isinstance(value, dict) or not isinstance(value.get(root), str):
        return []
    account = _account(document, config, faults)
    if account is None:
        return []
    regions = _regions(document, config, account, faults)
    return [Target(account, region, value[root], root) for region in dict.fromkeys(regions)]


def _account(document: Document, config: Config | None, faults: list[Fault]) -> str | None:
    named = document.value.get("account")
    if named is not None and not isinstance(named, str):
        return None
    if config is None:
        return named or ""
    known = sorted(config.accounts)
    if named is None:
        if len(known) == 1:
            return known[0]
        faults.append(
            Fault(
                document.key(""),
                NAMES_AN_ACCOUNT.ends(f"a spec needs account, for {config.path} has {', '.join(known)}"),
            )
        )
        return None
    if named not in config.accounts:
        hint = validation.close_match(named, known)
        message = f"account {named} is not in {config.path}{hint}"
        faults.append(Fault(document.at("/account"), NAMES_AN_ACCOUNT.ends(message)))
        return None
    return named


def _regions(document: Document, config: Config | None, account: str, faults: list[Fault]) -> list[str]:
    value = document.value
    listed = value.get("regions")
    named = listed if isinstance(listed, list) else [value["region"]] if "region" in value else []
    known = config.accounts[account].regions if config else ()
    if not named and listed is None:
        if len(known) == 1:
            return list(known)
        if config:
            choice = f"; account {account} has {', '.join(known)}" if known else ""
            faults.append(Fault(document.key(""), NAMES_A_REGION.ends(f"a spec needs region{choice}")))
        return []
    for index, region in enumerate(named):
        if known and region not in known and isinstance(region, str):
            at = f"/regions/{index}" if isinstance(listed, list) else "/region"
            message = f"region {region} is not one of account {account}'s in reconcile.yaml: {', '.join(known)}"
            faults.append(Fault(document.at(at), NAMES_A_REGION.ends(message)))
    return [region for region in named if isinstance(region, str)]


def repeated(targeted: Iterable[tuple[Document, list[Target]]]) -> Iterator[Fault]:
    """A target that two files (or one twice) describe; each later place names the first."""
    first: dict[Target, Origin] = {}
    for document, targets in targeted:
        for target in targets:
            here = document.at(f"/{target.root}")
            if target in first:
                message = f"{target} is described here and at {first[target]}; keep one of them"
                yield Fault(here, IS_DESCRIBED_ONCE.ends(message))
            first.setdefault(target, here)


def left_under_old_name(targeted: Iterable[tuple[Document, list[Target]]]) -> Iterator[Fault]:
    """A function that is said to have another name now, and still has a spec of its own."""
    documents = [(document, targets) for document, targets in targeted if targets]
    existing = {
        target: document.at(f"/{target.root}")
        for document, targets in documents
        if document.value.get("state") != "absent"
        for target in targets
    }
    for document, targets in documents:
        was = document.value.get("was")
        before = [replace(target, name=was) for target in targets] if isinstance(was, str) else []
        for target in (target for target in before if target in existing):
            message = f"{was} has a spec of its own at {existing[target]}; take one of the two out"
            yield Fault(document.at("/was"), LEAVES_ITS_OLD_NAME.ends(message))


def placing_faults(
    document: Document, targets: Iterable[Target], config: Config | None, reported: Iterable[Origin]
) -> Iterator[Fault]:
    """What is wrong only where the spec stands, or where it is for. Of a code section that is wrong already nobody looks
    for the path."""
    outside = list(code_faults(document, config))
    yield from outside
    for finding in arns.misplaced(document.value, [target.region for target in targets]):
        yield Fault(document.at(finding.pointer), finding.message)
    code = {origin for pointer, origin in document.origins.items() if f"{pointer}/".startswith("/code/")}
    if not outside and code.isdisjoint(reported) and document.key("/code") not in reported:
        yield from missing_code(document)


def written_path(document: Document) -> str | None:
    code = document.value.get("code") if isinstance(document.value, dict) else None
    written = code.get("path") if isinstance(code, dict) else None
    return written if isinstance(written, str) else None


def missing_code(document: Document) -> Iterator[Fault]:
    written = written_path(document)
    if written is None or document.value.get("state") == "absent":
        return
    try:
        is_there = Path(local_path(document.path, written)).exists()
    except (OSError, ValueError):  # longer than a path may be, or no path at all
        is_there = False
    if not is_there:
        message = f"code.path {written} does not exist; it is relative to this file"
        yield Fault(document.at("/code/path"), HAS_ITS_CODE.ends(message))


def code_faults(document: Document, config: Config | None) -> Iterator[Fault]:
    """A code path that, links followed, leaves the tree that the specs belong to: the git work tree, or without git
    the folder that is worked in, or what holds the folder of reconcile.yaml."""
    written = written_path(document)
    if written is None or config is None:
        return
    tree = tree_of(real_path(Path(document.path)), real_path(Path(config.path)).parent.parent)
    path = real_path(Path(local_path(document.path, written)))
    if not path.is_relative_to(tree):
        message = f"code.path {written} leads out of {tree}; keep the code in the same tree"
        yield Fault(document.at("/code/path"), KEEPS_TO_ITS_TREE.ends(message))


# --- what a spec says ----------------------------------------------------------------------------------------------


def expanded(document: Document, targets: Sequence[Target], config: Config | None) -> Iterator[Spec]:
    """One Spec a target, each as the document is meant for it, and one for the versions of a layer of which not all are kept."""
    for variant, there in variants(document, targets, config):
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
        ignore=tuple(value.get("ignore", ())),
        origins=document.origins,
    )


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
        properties["code"]["path"] = local_path(document.path, properties["code"]["path"])
    return properties


def local_path(spec_path: str, written: str) -> str:
    """A path of a spec, which is relative to the spec's file, as one that can be opened from here."""
    steps: list[str] = []
    for step in (*Path(spec_path).parent.parts, *Path(written).parts):
        if step == ".." and steps and steps[-1] not in ("..", "/"):
            steps.pop()
        elif step != ".":
            steps.append(step)
    return str(Path(*steps))


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
