"""A file to the specs that it means: the defaults that it extends lie below it, each of its variants over it, by one rule. What the defaults
say is read by whoever is given for that, from the disk or from a revision; each file once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from reconciler.core.diff import escaped, steps_of
from reconciler.core.errors import Fault, SpecError
from reconciler.core.finding import Rule, continued
from reconciler.core.finding import part as map_at
from reconciler.core.model import Origin
from reconciler.core.plans import Diagnostic
from reconciler.core.words import many
from reconciler.files import strict_yaml
from reconciler.files.reading import UnreadableFile, contents
from reconciler.files.strict_yaml import Document
from reconciler.files.tree import absolute, local_path, real_path
from reconciler.files.validation import dotted
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.spec.discovery import DEFAULTS, is_defaults
from reconciler.spec.layers import root_of
from reconciler.spec.laying import laid_over, part, seams_of, without
from reconciler.spec.meant import OVERLAY

EXTENDS, VARIANTS = "extends", "variants"
LONGEST = 3
MOST_NAMED = 3
MOST_VARIANTS = 100  # each is checked whole
REGIONS = ("region", "regions")
WHERE = ("account", *REGIONS)
_SAME = "a variant is the same function elsewhere"
NOT_IN_A_VARIANT: Mapping[str, str] = {
    **dict.fromkeys((EXTENDS, VARIANTS, DEFAULTS, LAYER.name), _SAME),
    FUNCTION.name: f"{_SAME}; one of another name has a file of its own",
}
LABEL = re.compile(r"[A-Za-z0-9_.-]{1,64}")

EXTENDS_DEFAULTS = Rule("R022", "What is extended is a file of defaults in the folder of reconcile.yaml.")
HAS_AN_END = Rule("R023", "A chain of defaults has an end, after three files at the most.")
IS_ELSEWHERE = Rule("R024", "A variant is the same function elsewhere: part of a spec, under a label.")
TAKES_SOMETHING_AWAY = Rule("R028", "A null takes away what stands in what it is laid over.")

Reader = Callable[[str], bytes]  # raises UnreadableFile


def on_disk(root: Path | None) -> Reader:
    """Reads files of a folder, links followed."""

    def read(path: str) -> bytes:
        if root and not real_path(Path(path)).is_relative_to(real_path(root)):
            raise UnreadableFile(f"leads out of {root}; defaults stand in the folder of reconcile.yaml")
        return contents(Path(path), strict_yaml.MAX_BYTES)

    return read


class Defaults:
    """Files of defaults: those that are `known` already, and others as somebody extends them."""

    def __init__(self, read: Reader, known: Iterable[Document] = ()) -> None:
        self._read = read
        self._files: dict[Path, Document | SpecError] = {absolute(document.path): document for document in known}
        self._laid: dict[str, Document] = {}

    @property
    def documents(self) -> list[Document]:
        return [file for file in self._files.values() if isinstance(file, Document)]

    def below(self, document: Document) -> Document | None:
        """What a document extends, laid over what that extends in turn; None where it extends nothing. Raises SpecError."""
        chain = list(self._chain(document))
        if not chain:
            return None
        nearest = chain[0].path
        if nearest not in self._laid:
            *others, farthest = [without(file, (f"/{DEFAULTS}", f"/{EXTENDS}")) for file in chain]
            faults: list[Fault] = []
            laid = lay(replace(farthest, value={}, origins={}, values={}, texts={}), farthest, faults)
            for file in reversed(others):
                laid = lay(laid, file, faults)
            if faults:
                raise SpecError(faults)
            self._laid[nearest] = laid
        return self._laid[nearest]

    def _chain(self, document: Document) -> Iterator[Document]:
        passed: list[str] = []
        while EXTENDS in document.value:
            written, place = document.value[EXTENDS], document.at(f"/{EXTENDS}")
            if not isinstance(written, str):
                raise _wrong(EXTENDS_DEFAULTS, place, "extends must be a string, the path of a file of defaults")
            path = local_path(document.path, written)
            if path in passed:
                chain = " → ".join([*passed, path])
                raise _wrong(HAS_AN_END, place, f"extends {written}, and so itself: {chain}; take one of them out")
            if len(passed) == LONGEST:
                raise _wrong(HAS_AN_END, place, f"extends {written}, the fourth of a chain; {LONGEST} are the most")
            document = self._file(path, written, place)
            passed.append(path)
            yield document

    def _file(self, path: str, written: str, place: Origin) -> Document:
        """Raises SpecError, of what is no file of defaults at the place that names it."""
        if _is_absolute(written):
            raise _wrong(EXTENDS_DEFAULTS, place, f"extends {written} is absolute; write it relative to this file")
        name = absolute(path)
        if name not in self._files:
            try:
                self._files[name] = strict_yaml.parse(self._read(path), path)
            except UnreadableFile as error:
                raise _wrong(
                    EXTENDS_DEFAULTS, place, f"extends {written}, which {error}; the path is relative to this file"
                ) from error
            except SpecError as error:
                self._files[name] = error
        file = self._files[name]
        if isinstance(file, SpecError):
            raise file
        if not is_defaults(file.value):
            message = f"extends {written}, which is no file of defaults: one begins with `{DEFAULTS}: NAME`, and is of no function"
            raise _wrong(EXTENDS_DEFAULTS, place, message)
        return file


def wholes(document: Document, defaults: Defaults | None, faults: list[Fault]) -> list[Document]:
    """The specs that a file means, each a whole: what stands at its top, and each variant. The top is none of them where only its variants
    say where. Without `defaults` what is extended is left out. What is wrong is added to `faults`."""
    value = document.value
    is_plain = not isinstance(value, dict) or not ({EXTENDS, VARIANTS} & value.keys())
    if is_plain or root_of(value) == LAYER.name:
        return [document]
    try:
        laid = over_defaults(document, defaults, faults)
    except SpecError as error:
        faults += error.faults
        return []
    top = without(laid, [f"/{VARIANTS}"])
    if VARIANTS not in laid.value:
        return [top]
    places = [top] if any(key in value for key in WHERE) else []
    return [*places, *_variants(laid, top, faults)]


def over_defaults(document: Document, defaults: Defaults | None, faults: list[Fault]) -> Document:
    """A file over what it extends, its variants with it. Raises SpecError."""
    below = defaults.below(document) if defaults else None
    own = without(document, [f"/{EXTENDS}"])
    return lay(below, own, faults) if below else own


def _variants(document: Document, top: Document, faults: list[Fault]) -> Iterator[Document]:
    """Each variant over what stands at the top. A null that defaults say in one need not take something away from every spec."""
    variants = document.value[VARIANTS]
    if not isinstance(variants, dict) or not variants:
        message = "variants must be a map of labels to parts of a spec: write prod: {account: prod}"
        faults.append(Fault(document.at(f"/{VARIANTS}"), IS_ELSEWHERE.ends(message)))
        return
    if len(variants) > MOST_VARIANTS:
        message = f"there are {len(variants)} variants; {MOST_VARIANTS} are the most"
        faults.append(Fault(document.at(f"/{VARIANTS}"), IS_ELSEWHERE.ends(message)))
        return
    for label, variant in variants.items():
        at = f"/{VARIANTS}/{escaped(label)}"
        faults += _form_faults(document, label, variant)
        if isinstance(variant, dict):
            over = without(part(document, at), [f"/{name}" for name in NOT_IN_A_VARIANT])
            idle: list[Fault] = []
            yield lay(top, over, idle)
            faults += [fault for fault in idle if fault.origin.path == document.path]


def _form_faults(document: Document, label: str, variant: Any) -> Iterator[Fault]:
    at = f"/{VARIANTS}/{escaped(label)}"
    if not LABEL.fullmatch(label):
        message = "the label of a variant must be letters, digits, dots, - and _, 64 at most"
        yield Fault(document.key(at), IS_ELSEWHERE.ends(message))
    if not isinstance(variant, dict):
        message = f"variants.{label} must be a map, part of a spec: write {label}: {{account: {label}}}"
        yield Fault(document.at(at), IS_ELSEWHERE.ends(message))
        return
    for name, why in NOT_IN_A_VARIANT.items():
        if name in variant:
            message = f"variants.{label}.{name} is not written here: {why}"
            yield Fault(document.key(f"{at}/{name}"), IS_ELSEWHERE.ends(message))


def lay(below: Document, above: Document, faults: list[Fault]) -> Document:
    """A part over another; nulls that take nothing away are added to `faults`."""
    below = without(below, _left(below.value, above.value))
    seams = seams_of(below.value, above.value, is_for_later)
    for at in seams.idle:
        message = f"null takes {dotted(steps_of(at))} away, and nothing below says it; take this out"
        faults.append(Fault(above.key(at), TAKES_SOMETHING_AWAY.ends(message)))
    return laid_over(below, above, seams)


def _left(below: Mapping[str, Any], above: Mapping[str, Any]) -> Iterator[str]:
    """The regions of the lower part where the upper one, or its variant of the same label, names others, in whichever of the two ways."""
    labels = map_at(below, VARIANTS).keys() & map_at(above, VARIANTS).keys()
    inner = ((f"/{VARIANTS}/{escaped(label)}", map_at(above[VARIANTS], label)) for label in labels)
    for at, upper in (("", above), *inner):
        if any(name in upper for name in REGIONS):
            yield from (f"{at}/{name}" for name in REGIONS)


def is_for_later(at: str) -> bool:
    """Whether a pointer leads into a variant, or into what is said of a region: that is laid over the rest at last, and its nulls take away
    then."""
    return at.startswith((f"/{OVERLAY}/", f"/{VARIANTS}/")) and at.count("/") > 2


Item = TypeVar("Item", Fault, Diagnostic)


def told_once(found: Iterable[tuple[str, Item]]) -> list[Item]:
    """What is told of specs, by their files, each once; of what stands in another file, in which specs it is."""
    specs: dict[Item, dict[str, None]] = {}
    for path, item in found:
        specs.setdefault(item, {})[path] = None
    return [_with_specs(item, list(paths)) for item, paths in specs.items()]


def _with_specs(item: Item, paths: Sequence[str]) -> Item:
    if item.origin is None or item.origin.path in paths:
        return item
    left = len(paths) - MOST_NAMED
    more = f" and {left} more" if left > 0 else ""
    return replace(
        item, message=continued(item.message, f"in {many(len(paths), 'spec')}: {', '.join(paths[:MOST_NAMED])}{more}")
    )


def _is_absolute(written: str) -> bool:
    return written.startswith(("/", "~", "\\")) or written[1:2] == ":"


def _wrong(rule: Rule, place: Origin, message: str) -> SpecError:
    return SpecError([Fault(place, rule.ends(message))])
