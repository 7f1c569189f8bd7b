"""What is wrong with a spec, as it is meant for some targets: its form, its references, the rules, and what it names of the disk."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from reconciler.core.errors import Fault
from reconciler.core.finding import Finding, Rule
from reconciler.core.model import Origin, Target
from reconciler.files import validation
from reconciler.files.reading import is_there
from reconciler.files.strict_yaml import Document
from reconciler.files.tree import local_path, real_path
from reconciler.spec import arns, layers, rules
from reconciler.spec.config import Config
from reconciler.spec.discovery import DEFAULTS
from reconciler.spec.events import event_faults
from reconciler.spec.meant import texts_with_references

HAS_ITS_CODE = Rule("R032", "What `code.path` names is there.")
KEEPS_TO_ITS_TREE = Rule("R033", "Code stands in the tree that its spec belongs to.")


def document_faults(document: Document) -> list[Fault]:
    """What is wrong with what it is of and with references, then what the schema finds, and then the rules; none says anything of a place
    that one before it has spoken of."""
    found = [_fault(document, finding) for finding in rules.first_findings(document.value)]
    for more in (
        validation.faults(document, layers.root_of(document.value)),
        [_fault(document, finding) for finding in rules.findings(document.value)],
    ):
        reported = {fault.origin for fault in found}
        found += [fault for fault in more if fault.origin not in reported]
    return found


def defaults_faults(document: Document) -> list[Fault]:
    """What is wrong with a file of defaults, whatever extends it; a text with references is looked at where they are filled in."""
    found = validation.findings(document.value, DEFAULTS, document.texts)
    referring = set(texts_with_references(document.value))
    return [
        _fault(document, Finding(at, validation.FITS_ITS_SCHEMA.ends(message), is_key))
        for at, message, is_key in found
        if is_key or at not in referring
    ]


def _fault(document: Document, finding: Finding) -> Fault:
    place = document.key(finding.pointer) if finding.is_key else document.at(finding.pointer)
    return Fault(place, _with_origins(finding.message, document))


def _with_origins(message: str, document: Document) -> str:
    """The message with `{/pointer}` replaced by the place that it names."""
    return re.sub(r"\{(/[^}]*)\}", lambda match: str(document.key(match[1])), message)


def placing_faults(
    document: Document, targets: Iterable[Target], config: Config | None, reported: Collection[Origin]
) -> Iterator[Fault]:
    """What is wrong only where the spec stands, or where it is for. Of a code section that is wrong already nobody looks
    for the path."""
    outside = list(code_faults(document, config))
    yield from outside
    yield from event_faults(document, config, reported)
    for finding in arns.misplaced(document.value, [target.region for target in targets]):
        yield Fault(document.at(finding.pointer), finding.message)
    if not outside and not (reported and _is_wrong("/code", document, reported)):
        yield from missing_code(document)


def _is_wrong(at: str, document: Document, reported: Collection[Origin]) -> bool:
    """Whether something is wrong with a key, or with any below it."""
    below = (origin for pointer, origin in document.origins.items() if f"{pointer}/".startswith(f"{at}/"))
    return document.key(at) in reported or any(origin in reported for origin in below)


def written_path(document: Document) -> str | None:
    code = document.value.get("code") if isinstance(document.value, dict) else None
    written = code.get("path") if isinstance(code, dict) else None
    return written if isinstance(written, str) else None


def code_path(document: Document, written: str) -> Path:
    """Where the code is: relative to the file in which that is written."""
    return Path(local_path(document.key("/code/path").path, written))


def missing_code(document: Document) -> Iterator[Fault]:
    written = written_path(document)
    if written is None or document.value.get("state") == "absent":
        return
    if not is_there(code_path(document, written)):
        message = f"code.path {written} does not exist; it is relative to this file"
        yield Fault(document.at("/code/path"), HAS_ITS_CODE.ends(message))


def code_faults(document: Document, config: Config | None) -> Iterator[Fault]:
    """A code path that, links followed, leaves the tree that the specs belong to: the git work tree, or without git
    the folder that is worked in, or what holds the folder of reconcile.yaml."""
    written = written_path(document)
    if written is None or config is None:
        return
    tree = config.tree(document.path)
    path = real_path(code_path(document, written))
    if not path.is_relative_to(tree):
        message = f"code.path {written} leads out of {tree}; keep the code in the same tree"
        yield Fault(document.at("/code/path"), KEEPS_TO_ITS_TREE.ends(message))
