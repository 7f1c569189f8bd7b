"""What lives of a function to the spec that says it: all sections of all kinds, as far as anything but AWS's defaults is there. Pure.

What a spec cannot say, or must not, is left out with the reason: whoever reads the spec finds it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.core.diff import pointer, steps_of, unreadable, value_at, with_value
from reconciler.core.errors import SpecError
from reconciler.core.foreign import printable
from reconciler.core.grouping import grouped
from reconciler.core.model import Live, Properties, Target
from reconciler.core.sealing import canonical
from reconciler.core.values import UNSET
from reconciler.files import strict_yaml
from reconciler.files.splicing import inline
from reconciler.importing.told import Said
from reconciler.kinds.alias import ALIAS, marker
from reconciler.kinds.base import PUBLISHED, Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.minimal import label, minimal, unsayable, written
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION, content, newest_number

Steps = tuple[str, ...]
LABEL = re.compile("[a-zA-Z0-9-_.]{1,128}")
ON_THE_NEWEST = (
    "{names}: on the newest version, which is what $LATEST is, and so on the next one; a number in its place stays"
)
ON_A_NUMBER = "{names}: on a version that no place has but this; for another a variant says FunctionVersion: published, and publish: true"
BESIDE = tuple(kind for kind in KINDS.values() if kind.of == FUNCTION.of and kind not in (FUNCTION, VERSION))


@dataclass(frozen=True, slots=True)
class Wording:
    """How values are written: `text(text)` is what a spec says for one, `place(text)` for the name of a bucket or registry; `hidden(steps,
    value)` what it says for one that must not be shown, None where that is left to others."""

    text: Callable[[str], str]
    place: Callable[[str], str]
    hidden: Callable[[Steps, str], str | None]


@dataclass(frozen=True, slots=True)
class Left:
    """Something that lives and the spec does not say: where it would stand, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Code:
    """Where the code is, in the words of a spec; where nobody knows, why."""

    said: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The spec of one function, as it is to be written: its document, the remarks by section, what is left out, the sections that defaults
    say instead."""

    target: Target
    document: Mapping[str, Any]
    arn: str
    remarks: Mapping[str, tuple[str, ...]]
    left: tuple[Left, ...] = ()
    elsewhere: frozenset[str] = frozenset()

    @property
    def ignored(self) -> tuple[str, ...]:
        return tuple(self.document.get("ignore", ()))

    def without(self, section: str, reason: str) -> Draft:
        """With a section left to others."""
        document = {name: value for name, value in self.document.items() if name != section}
        ignored = [path for path in self.ignored if steps_of(path)[0] != section]
        document = with_value(document, ("ignore",), ignored or UNSET)
        return replace(self, document=document, left=(*self.left, Left(f"/{section}", reason)))

    def managing(self, index: int) -> Draft:
        """With one thing less that is left to others."""
        ignored = [path for number, path in enumerate(self.ignored) if number != index]
        return replace(self, document=with_value(self.document, ("ignore",), ignored or UNSET))

    def ignoring(self, path: str, reason: str) -> Draft:
        """With one thing of a section left to others."""
        document = {**self.document, "ignore": [*self.ignored, path]}
        return replace(self, document=document, left=(*self.left, Left(path, reason)))

    def leaving(self, steps: tuple[str, ...], reason: str) -> Draft:
        """With one thing of a section left to others, and not said."""
        left = self.ignoring(pointer(steps), reason)
        return replace(left, document=with_value(left.document, steps, UNSET))


def draft(held: Sequence[Live], code: Code, said: Said, wording: Wording) -> Draft:
    """The spec of a function of which all this lives."""
    function = next(item for item in held if item.key.kind == FUNCTION.name)
    target, properties = function.key.target, function.properties
    writing = _Writing(target, wording)
    own = writing.entry(FUNCTION, (), {name: properties[name] for name in ("configuration", "tags")})
    document: dict[str, Any] = {
        "function": target.function, "account": target.account, "region": target.region, "adopt": True,
        "configuration": own.get("configuration", {}),
    }  # fmt: skip
    if code.said:
        settings = {name: value for name, value in properties["code"].items() if name != "CodeSha256"}
        document["code"] = writing.source(code.said) | writing.entry(FUNCTION, (), {"code": settings}).get("code", {})
    else:
        writing.left.append(Left("/code", code.reason))
    document |= {"tags": own["tags"]} if own.get("tags") else {}
    for kind in BESIDE:
        for steps, entry in writing.entries(kind, held, said):
            document = with_value(document, steps, entry)
    standing = [item for item in held if not rolling(item)]
    newest = following(standing)
    for name in newest:
        document = with_value(document, (*ALIAS.at(name), "FunctionVersion"), PUBLISHED)
    document |= {"publish": True} if newest else {}
    ignored = [path for path, below in writing.ignored if value_at(document, below) is not UNSET]
    document |= {"ignore": ignored} if ignored else {}
    return Draft(
        target,
        document,
        str(function.handle.get("FunctionArn", "")),
        _remarks(standing, said, newest),
        tuple(writing.left),
    )


def rolling(live: Live) -> str:
    """What of an alias only its rollout can tell; empty where none is under way, or has turned a version away."""
    mark = marker(live.handle) if live.key.kind == ALIAS.name else None
    if mark is None:
        return ""
    what = (
        f"a rollout of version {mark.candidate} is under way"
        if mark.is_open
        else f"a rollout turned version {mark.candidate} away"
    )
    return f"{what}, and no alias tells its steps; write it with `rollout`, as whoever began that has it"


def following(held: Iterable[Live]) -> tuple[str, ...]:
    """The aliases that are on the newest version, where that is what $LATEST is: to follow the newest changes nothing, and holds wherever the
    function is."""
    held = tuple(held)
    newest = str(newest_number(held))
    lives = {item.key.name: item for item in held if item.key.kind in (FUNCTION.name, VERSION.name)}
    if newest not in lives:
        return ()
    contents = [content(lives[name].properties, lives[name].key.target.function) for name in ("", newest)]
    if contents[0] != contents[1] or any(unreadable(contents[0])):
        return ()
    aliases = (item for item in held if item.key.kind == ALIAS.name)
    return tuple(sorted(item.key.name for item in aliases if item.properties.get("FunctionVersion") == newest))


def needed_more(held: Iterable[Live]) -> frozenset[str]:
    """What must be read besides, as KIND/PART: whole policies, where one has a statement that cannot be said by itself."""
    more = set()
    for live in held:
        kind = KINDS[live.key.kind]
        others = [other for other in BESIDE if other.below and other.section == kind.section and other is not kind]
        if others and unsayable(kind, live, written(kind, live.properties)):
            more |= {f"{other.name}/{live.key.name.partition('/')[0]}" for other in others}
    return frozenset(more)


class _Writing:
    """A spec while it is written: what is left to others, each with the map that must be there for that; and what is left out."""

    def __init__(self, target: Target, wording: Wording) -> None:
        self.target, self.wording = target, wording
        self.ignored: list[tuple[str, Steps]] = []
        self.left: list[Left] = []

    def entries(self, kind: Kind, held: Sequence[Live], said: Said) -> Iterator[tuple[Steps, dict[str, Any]]]:
        """What there is of a kind, with the steps to each. Where two kinds may say the same, the one that says it whole does."""
        whole = {
            item.key.name
            for item in held
            if KINDS[item.key.kind].below and KINDS[item.key.kind].section == kind.section
        }
        labels: list[str] = []
        for live in sorted((item for item in held if item.key.kind == kind.name), key=_order):
            if not kind.below and live.key.name.partition("/")[0] in whole:
                continue
            name = _labelled(live, said, labels) if kind.named_by else live.key.name
            entry = self.entry(kind, kind.at(name), live.properties)
            why = unsayable(kind, live, entry) or rolling(live)
            if why:
                self.leave(kind.at(live.key.name), kind.at(live.key.name)[:-1], why)
            elif not self.is_default(kind, entry):
                labels += [name]
                yield kind.at(name), entry

    def is_default(self, kind: Kind, entry: Properties) -> bool:
        """Whether it is as every function has it that nobody spoke of it."""
        has_default = kind.is_always_there or kind.is_kept
        function = self.target.function
        return kind.is_single and (
            not entry or (has_default and kind.normal(entry, function) == kind.normal({}, function))
        )

    def entry(self, kind: Kind, at: Steps, properties: Properties) -> dict[str, Any]:
        """The entry that says these properties; it stands at `at` in the spec."""
        shown = {name: value for name, value in _plain(written(kind, properties)).items() if value or name != "Tags"}
        for steps, reason in list(_unwritable(shown)):
            self.leave((*at, *steps), at or steps[:1], reason)
            shown = with_value(shown, steps, UNSET)
        for steps, value in list(_leaves(shown)):
            if kind.is_sensitive(steps):
                instead = self.wording.hidden(steps, value) if isinstance(value, str) else None
                shown = with_value(shown, steps, UNSET if instead is None else instead)
                if instead is None:
                    self.leave((*at, *steps), at or steps[:1])
        least = minimal(kind, shown, self.target.function)
        entry: dict[str, Any] = self._worded(kind, least if least or kind.is_single else shown, ())
        return entry

    def leave(self, steps: Steps, below: Steps, reason: str = "") -> None:
        self.ignored.append((pointer(steps), below))
        self.left += [Left(pointer(steps), reason)] if reason else []

    def source(self, code: Mapping[str, str]) -> dict[str, str]:
        """Where code is; a bucket or a registry is of a region, and most are named so."""
        wording = {"S3Bucket": self.wording.place, "ImageUri": self.wording.place}
        return {name: wording.get(name, self.wording.text)(value) for name, value in code.items()}

    def _worded(self, kind: Kind, value: Any, steps: Steps) -> Any:
        if isinstance(value, Mapping):
            return {name: self._worded(kind, item, (*steps, name)) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._worded(kind, item, steps) for item in value]
        return self.wording.text(value) if isinstance(value, str) and not kind.is_sensitive(steps) else value


def _order(live: Live) -> tuple[int, str, str, str]:
    """By name, numbers as such; of what AWS numbers by what it is, so that it is the same in every region."""
    name, source = live.key.name, str(live.properties.get("EventSourceArn", "")).split(":", 5)[-1]
    return int(name) if name.isdigit() else 0, source, str(live.properties.get("alias", "")), name


def _labelled(live: Live, said: Said, taken: Sequence[str]) -> str:
    told = said.labels.get(live.key.name) or said.labels.get(str(live.properties.get("EventSourceArn", "")), "")
    return told if LABEL.fullmatch(told) and told not in taken else label(live, taken)


def _plain(tree: Any) -> Any:
    """With moments as texts."""
    if isinstance(tree, Mapping):
        return {name: _plain(item) for name, item in tree.items()}
    return tree.isoformat() if isinstance(tree, datetime) else tree


def _leaves(tree: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every value that is no map; a list is one."""
    if isinstance(tree, Mapping):
        for name, item in tree.items():
            yield from _leaves(item, (*steps, name))
    else:
        yield steps, tree


def _unwritable(tree: Any) -> Iterator[tuple[Steps, str]]:
    """What no spec can hold, by where it stands; what stands below a name that none can hold goes with all names there."""
    named = {steps[:-1] for steps, _ in _leaves(tree) if steps and not _is_writable(steps[-1])}
    yield from ((steps, "its names have characters that no spec may have") for steps in sorted(named))
    for steps, value in _leaves(tree):
        if steps[:-1] in named:
            continue
        if hidden := next((hidden for _, hidden in unreadable(value)), None):
            yield steps, f"AWS does not show it ({hidden.reason})"
        elif not _is_writable(value):
            yield steps, "it has characters that no spec may have"


def _is_writable(value: Any) -> bool:
    if isinstance(value, str) and value.isprintable() and value.isascii():
        return True
    try:
        text = inline(value)
        return bool(strict_yaml.parse(f"a: {text}\n", "").value == {"a": value})
    except SpecError:
        return False


def _remarks(held: Iterable[Live], said: Said, newest: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What is worth saying above a section."""
    remarks: dict[str, list[str]] = {}
    for path, symbol in sorted(said.symbols.items()):
        remarks.setdefault(steps_of(path)[0], []).append(f"{path} is {symbol} there")
    numbered = (
        item.key.name
        for item in held
        if item.key.kind == ALIAS.name and str(item.properties.get("FunctionVersion")).isdigit()
    )
    staying = sorted({*numbered} - {*newest})
    if newest:
        remarks.setdefault(ALIAS.section, []).append(ON_THE_NEWEST.format(names=" and ".join(newest)))
    if staying:
        remarks.setdefault(ALIAS.section, []).append(ON_A_NUMBER.format(names=" and ".join(staying)))
    return {section: tuple(map(printable, lines)) for section, lines in remarks.items()}


# --- several functions -----------------------------------------------------------------------------------------------


def merged(drafts: Iterable[Draft]) -> list[tuple[Draft, tuple[Draft, ...]]]:
    """What each file is to say, with the drafts that it stands for: a function that is the same in several regions of an account is one."""
    alike = grouped(
        sorted(drafts, key=lambda draft: draft.target),
        lambda draft: (draft.target.account, draft.target.function, canonical({**draft.document, "region": ""})),
    )
    return [(_of_regions(group) if len(group) > 1 else group[0], tuple(group)) for group in alike.values()]


def _of_regions(drafts: Sequence[Draft]) -> Draft:
    regions = {"regions": [draft.target.region for draft in drafts]}
    first = drafts[0].document
    document = {name: value for name, value in first.items() if name != "region"}
    return replace(
        drafts[0],
        document={"function": document.pop("function"), "account": document.pop("account"), **regions, **document},
    )
