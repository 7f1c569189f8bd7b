"""YAML files to `Spec`s, with every mistake of every file told at once. Reads files below the given paths, nothing else.

Needs no credentials, no network, and neither boto3 nor botocore.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler import rules, strict_yaml, validation
from reconciler.config import FILE_NAME, Config
from reconciler.errors import Fault, SpecError
from reconciler.model import Desired, Diagnostic, Key, Origin, Spec, Target
from reconciler.strict_yaml import Document, escaped

FUNCTION_SECTIONS = ("configuration", "code", "tags")
NAMED_SECTIONS: Mapping[str, str] = {
    "versions": "version",
    "aliases": "alias",
    "event_source_mappings": "event_source_mapping",
}
SECTIONS = (*FUNCTION_SECTIONS, *NAMED_SECTIONS)


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
    documents = []
    for path in spec_files(paths):
        try:
            documents.append(read(path))
        except SpecError as error:
            faults += error.faults
    for document in documents:
        faults += document_faults(document)
    placed = [(document, targets(document, config, faults)) for document in documents]
    faults += repeated(placed)
    if faults:
        raise SpecError(faults)
    specs = [spec for document, places in placed for spec in expanded(document, places)]
    warnings = [warning for document in documents for warning in warnings_of(document)]
    return Specs(tuple(sorted(specs, key=lambda spec: spec.target)), tuple(warnings), tuple(documents))


def spec_files(paths: Sequence[Path]) -> list[Path]:
    """YAML files below the paths, sorted; names that begin with a dot are passed over. Raises SpecError for a path that
    is not there, a folder without a spec, and a link that leads out of its folder."""
    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
        elif path.is_dir():
            inside = sorted(_yaml_below(path))
            if not inside:
                raise SpecError(
                    [Fault(Origin(str(path)), "has no spec; write one, for example as `reconcile demo --keep` shows")]
                )
            found += inside
        else:
            raise SpecError([Fault(Origin(str(path)), "does not exist; name a spec file or a folder of specs")])
    return list(dict.fromkeys(found))


def _yaml_below(root: Path) -> Iterator[Path]:
    inside = root.resolve()
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if (
            path.suffix not in (".yaml", ".yml")
            or path.name == FILE_NAME
            or any(step.startswith(".") for step in relative.parts)
        ):
            continue
        if not path.resolve().is_relative_to(inside):
            raise SpecError(
                [Fault(Origin(str(path)), f"is a link that leads out of {root}; put the file itself there")]
            )
        if path.is_file():
            yield path


def read(path: Path) -> Document:
    try:
        text = path.read_bytes() if path.stat().st_size <= strict_yaml.MAX_BYTES else b" " * (strict_yaml.MAX_BYTES + 1)
    except OSError as error:
        raise SpecError([Fault(Origin(str(path)), f"cannot be read: {error.strerror}")]) from error
    return strict_yaml.parse(text, str(path))


def document_faults(document: Document) -> list[Fault]:
    """What the schema and then the rules find; a rule says nothing of a place that the schema has spoken of."""
    by_schema = validation.faults(document, "function")
    spoken = {fault.origin for fault in by_schema}
    by_rules = [
        Fault(
            document.key(found.pointer) if found.is_key else document.at(found.pointer),
            _placed(found.message, document),
        )
        for found in rules.findings(document.value)
    ]
    return by_schema + [fault for fault in by_rules if fault.origin not in spoken]


def _placed(message: str, document: Document) -> str:
    """The message with `{/pointer}` replaced by the place that it names."""
    return re.sub(r"\{(/[^}]*)\}", lambda found: str(document.key(found[1])), message)


# --- where a spec applies ------------------------------------------------------------------------------------------


def targets(document: Document, config: Config | None, faults: list[Fault]) -> list[Target]:
    """The targets of a document; what keeps them from being known is added to `faults`."""
    value = document.value
    if not isinstance(value, dict) or not isinstance(value.get("function"), str):
        return []
    account = _account(document, config, faults)
    if account is None:
        return []
    regions = _regions(document, config, account, faults)
    return [Target(account, region, value["function"]) for region in dict.fromkeys(regions)]


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
        faults.append(Fault(document.key(""), f"a spec needs account, for {config.path} has {', '.join(known)}"))
        return None
    if named not in config.accounts:
        hint = validation.close_match(named, known)
        faults.append(Fault(document.at("/account"), f"account {named} is not in {config.path}{hint}"))
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
            faults.append(Fault(document.key(""), f"a spec needs region{choice}"))
        return []
    for index, region in enumerate(named):
        if known and region not in known and isinstance(region, str):
            at = f"/regions/{index}" if isinstance(listed, list) else "/region"
            message = f"region {region} is not one of account {account}'s in reconcile.yaml: {', '.join(known)}"
            faults.append(Fault(document.at(at), message))
    return [region for region in named if isinstance(region, str)]


def repeated(placed: Iterable[tuple[Document, list[Target]]]) -> Iterator[Fault]:
    """A target that two files (or one twice) describe; each later place names the first."""
    first: dict[Target, Origin] = {}
    for document, places in placed:
        for target in places:
            here = document.at("/function")
            if target in first:
                yield Fault(here, f"{target} is described here and at {first[target]}; keep one of them")
            first.setdefault(target, here)


# --- what a spec says ----------------------------------------------------------------------------------------------


def expanded(document: Document, places: Iterable[Target]) -> Iterator[Spec]:
    """One Spec a target, all alike but for the target."""
    value = document.value
    for target in places:
        function = function_properties(document)
        desired = [Desired(Key(target, "function"), function, origins_below(document, ""))] if function else []
        for section, kind in NAMED_SECTIONS.items():
            for name, properties in (value.get(section) or {}).items():
                at = f"/{section}/{escaped(name)}"
                desired.append(Desired(Key(target, kind, name), properties, origins_below(document, at)))
        yield Spec(
            target=target,
            path=document.path,
            desired=tuple(desired),
            sections=frozenset(section for section in SECTIONS if section in value),
            is_absent=value.get("state") == "absent",
            publish=value.get("publish", False),
            allow_replace=value.get("allow_replace", False),
            adopt=value.get("adopt", False),
            ignore=tuple(value.get("ignore", ())),
            origins=document.origins,
        )


def origins_below(document: Document, at: str) -> dict[str, Origin]:
    """The places of everything below a pointer, by pointers relative to it."""
    return {
        pointer.removeprefix(at): place
        for pointer, place in document.origins.items()
        if pointer == at or pointer.startswith(f"{at}/")
    }


def function_properties(document: Document) -> dict[str, Any]:
    """The function's sections, as CreateFunction would have them: answers of AWS that were pasted are cut down."""
    value = document.value
    found: dict[str, Any] = {name: dict(value[name]) for name in FUNCTION_SECTIONS if name in value}
    if "configuration" in found:
        found["configuration"] = requested(found["configuration"])
    if "path" in found.get("code", {}):
        found["code"]["path"] = local_path(document.path, found["code"]["path"])
    return found


def local_path(spec_path: str, written: str) -> str:
    """A path of a spec, which is relative to the spec's file, as one that can be opened from here."""
    steps: list[str] = []
    for step in (*Path(spec_path).parent.parts, *Path(written).parts):
        if step == ".." and steps and steps[-1] not in ("..", "/"):
            steps.pop()
        elif step != ".":
            steps.append(step)
    return str(Path(*steps))


def requested(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without what only AWS answers, by the schema's `readOnly`."""
    schema = validation.load_schema("function")["properties"]["configuration"]
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


def warnings_of(document: Document) -> Iterator[Diagnostic]:
    """Read-only members that were pasted, and `published` where nothing is ever published."""
    known = validation.load_schema("function")["properties"]["configuration"]["properties"]
    for key in document.value.get("configuration") or {}:
        if known.get(key, {}).get("readOnly"):
            message = f"configuration.{key} is AWS's answer, not a setting; it is ignored"
            yield Diagnostic("warning", message, origin=document.key(f"/configuration/{escaped(key)}"))


def resolved_paths(specs: Iterable[Spec]) -> dict[Target, str]:
    """The local code path of each target that has one."""
    return {
        spec.target: item.properties["code"]["path"]
        for spec in specs
        for item in spec.desired
        if item.key.kind == "function" and "path" in item.properties.get("code", {})
    }


def only(specs: Specs, chosen: Iterable[Target]) -> Specs:
    """The specs of some targets."""
    names = set(chosen)
    return replace(specs, specs=tuple(spec for spec in specs.specs if spec.target in names))
