"""All that lives of the functions that are to be imported, and which of them may be taken over. Reads, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.commands import wiring
from reconciler.commands.importing.made import Import
from reconciler.commands.progress import following
from reconciler.core.grouping import by_target, grouped
from reconciler.core.model import Desired, Key, Live, Snapshot, Spec, Target
from reconciler.core.place import Place
from reconciler.core.words import many
from reconciler.importing.drafts import needed_more
from reconciler.kinds.event_source_mapping import EVENT_SOURCE_MAPPING
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS
from reconciler.kinds.tags import MARK
from reconciler.spec.config import Config

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

REQUEST = re.compile(r",? ?request [0-9a-zA-Z-]+")
STACK = "aws:cloudformation:stack-name"
EVERYTHING = frozenset(name for name, kind in KINDS.items() if kind.of == FUNCTION.of)
# Of what cannot be read there is no section, and a function is imported all the same.
OPTIONAL = EVERYTHING - {FUNCTION.name}


def seen(aws: Aws, targets: Sequence[Target]) -> Snapshot:
    """Everything of the functions: all kinds, and whole policies where single statements do not say them."""
    from reconciler.snapshot.fetch import fetch

    read = partial(fetch, aws, taken_at=wiring.now(), optional=OPTIONAL)
    with following(wiring.counting(aws, lambda: {Place.of(target): {} for target in targets})):
        live = read([bare(target) for target in targets], kinds=EVERYTHING)
    more = {target: needed_more(lives) for target, lives in functions(live).items()}
    more = {target: names for target, names in more.items() if names}
    if not more:
        return live
    beside = read(map(bare, more), kinds=frozenset().union(*more.values()))
    added = [
        item
        for item in beside.resources
        if f"{item.key.kind}/{item.key.name}" in more[item.key.target] and item.key.target not in live.unread
    ]
    reasons = {target: live.invoked.get(target) or reason for target, reason in beside.invoked.items()}
    return replace(live, resources=(*live.resources, *added), invoked={**live.invoked, **reasons})


def bare(target: Target) -> Spec:
    """A spec that says nothing but that a mapping's tags are to be read, which nobody reads unasked."""
    return Spec(target, "", (Desired(Key(target, EVENT_SOURCE_MAPPING.name), {"Tags": {}}),), frozenset())


def functions(live: Snapshot) -> dict[Target, list[Live]]:
    """Each with what hangs on it."""
    held = by_target(live.resources).items()
    return {target: lives for target, lives in held if any(item.key.kind == FUNCTION.name for item in lives)}


def function_of(lives: Iterable[Live]) -> Live:
    return next(item for item in lives if item.key.kind == FUNCTION.name)


def importable(config: Config, live: Snapshot, made: Import) -> dict[Target, list[Live]]:
    """The functions that may be taken over; of the others, and of those that somebody else may have in hand, it is told why."""
    made.failed |= {str(target): reason for target, reason in live.unread.items()}
    made.remarks += told_together({target: reason for target, reason in live.invoked.items() if reason})
    held = {}
    for target, lives in functions(live).items():
        function = function_of(lives)
        tags = function.handle.get("Tags", {})
        if tags.get(MARK, config.managed_by) != config.managed_by:
            made.passed_over[str(target)] = f"it is managed by {tags[MARK]}"
        elif function.handle.get("State") == "Failed":
            made.failed[str(target)] = (
                f"its creation failed ({function.handle.get('StateReasonCode', 'AWS does not say why')})"
            )
        else:
            held[target] = lives
            if STACK in tags:
                made.remarks.append(
                    f"{target} belongs to the CloudFormation stack {tags[STACK]}, which will change it as well; "
                    "let it go there before the first change here"
                )
    return held


def told_together(reasons: Mapping[Target, str]) -> Iterator[str]:
    """What is wrong with several functions alike is told once, of the first of them."""
    alike = grouped(sorted(reasons), lambda target: REQUEST.sub("", reasons[target].removeprefix(str(target))))
    for first, *others in alike.values():
        text = reasons[first]
        more = f"{first} and {many(len(others), 'other')}"
        yield f"{more}{text.removeprefix(str(first))}" if others and text.startswith(str(first)) else text


def hashes(held: Mapping[Target, Sequence[Live]]) -> dict[Target, str]:
    known = {target: function_of(lives).properties["code"].get("CodeSha256") for target, lives in held.items()}
    return {target: sha256 for target, sha256 in known.items() if isinstance(sha256, str)}
