"""Versions that a spec does not keep: which of them go, last of all, and why the others stay. Pure.

Nothing goes that anything is seen to use, nor what could not be looked at. What an alias leaves in the same plan stays for that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.finding import Rule
from reconciler.core.model import Live, Retention, Spec
from reconciler.core.plans import Diagnostic
from reconciler.core.rollouts import Rollout
from reconciler.core.words import many
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.base import PUBLISHED
from reconciler.kinds.needs import hanging_on
from reconciler.kinds.registry import KINDS
from reconciler.kinds.retention import AT_ONCE, beyond, by_number, newest_kept
from reconciler.kinds.version import RETAIN, VERSION
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, deleted
from reconciler.plan.matching import Pair
from reconciler.plan.qualifiers import aliases_after, invoking_after, version_of_each_after
from reconciler.plan.speaking import Drafts, PlanCheck, is_new, note, spec_origin, warning

_NAMED = re.compile(r":?function:([A-Za-z0-9-_]+):([1-9][0-9]*)(?![A-Za-z0-9-_])")


def mentioned(specs: Iterable[Spec], beside: Iterable[Spec] | None) -> frozenset[tuple[str, str]] | None:
    """The versions, as function and number, that texts of any spec name; only looked for where a spec that is planned does not keep all
    of its own. None where not all specs were read."""
    planned = [*specs]
    if not any(spec.retain for spec in planned):
        return frozenset()
    if beside is None:
        return None
    texts = (text for spec in (*planned, *beside) for item in spec.desired for text in _texts(item.properties))
    return frozenset((match[1], match[2]) for text in texts for match in _NAMED.finditer(text))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for name, item in value.items():
                yield str(name)
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


def deletions(case: Case, drafts: Drafts) -> list[Draft]:
    """The oldest of those that nothing uses; `drafts` are all others of the target."""
    if case.spec.retain is None or is_new(drafts):
        return []
    reason = _beyond_what(case.spec.retain)
    free = [item for item in _old(case, drafts) if not why_kept(case, drafts, item)]
    return [deleted(VERSION, Pair(item.key, None, item), reason) for item in free[:AT_ONCE]]


def _old(case: Case, drafts: Drafts) -> list[Live]:
    return beyond(case.spec, case.live, case.taken_at, published=int(_is_publishing(drafts)))


def _is_publishing(drafts: Drafts) -> bool:
    return any(draft.pair.key.kind == VERSION.name and draft.pair.key.name == PUBLISHED for draft in drafts)


def _beyond_what(retain: Retention) -> str:
    newest = f"beyond the newest {newest_kept(retain)}"
    return f"{newest} and older than {many(retain.days, 'day')}" if retain.days else newest


def why_kept(case: Case, drafts: Drafts, version: Live) -> str:
    """What keeps a version that is old enough to go; empty where nothing does."""
    return unseen(case, version) or _used(case, drafts, version)


def unseen(case: Case, version: Live) -> str:
    """Why nobody knows whether a version is used; empty where it was looked at."""
    number = version.key.name
    if case.unseen:
        return case.unseen
    if case.scope is not None and not hanging_on(frozenset({number})) <= case.scope:
        return "the snapshot was taken without what invokes it"
    if case.mentioned is None:
        return "not all specs were read, and another one may name it; plan the whole folder of reconcile.yaml"
    if "DurableConfig" not in version.properties["configuration"]:
        return ""
    told = case.executions.get(version.key)
    return "the snapshot was taken without its durable executions" if told is None else told.problem


def _used(case: Case, drafts: Drafts, version: Live) -> str:
    number = version.key.name
    aliases = [name for name, versions in aliases_after(case, drafts).items() if number in versions]
    if aliases:
        return f"alias {', '.join(sorted(aliases))} is on it"
    windows = [name for name, numbers in _windows(case, drafts).items() if number in numbers]
    if windows:
        return f"alias {', '.join(sorted(windows))} may go back to it"
    things = sorted({KINDS[item.key.kind].word for item in invoking_after(case, drafts).get(number, ())})
    if things:
        return f"{' and '.join(things)} of its own"
    if version.handle.get("MasterArn"):
        return "it has replicas at the edge"
    told = case.executions.get(version.key)
    if told and told.is_running:
        return "durable executions run in it"
    own = {item.key.name.partition("/")[0] for item in case.spec.desired if item.key.kind != VERSION.name}
    is_named = number in own or (case.spec.target.name, number) in (case.mentioned or ())
    return "a spec names it" if is_named else ""


def _windows(case: Case, drafts: Drafts) -> dict[str, frozenset[str]]:
    """Alias -> the newest versions below the one that it will be on: those that it goes back to at once."""
    numbers = [int(item.key.name) for item in by_number(case.held(VERSION))]
    gone = {draft.pair.key.name for draft in drafts if draft.pair.key.kind == ALIAS.name and draft.verb == "delete"}
    windows = {}
    for name, version in version_of_each_after(case, drafts).items():
        count = case.spec.rollouts.get(name, Rollout()).rollback_window
        below = [number for number in numbers if version == PUBLISHED or (version.isdigit() and number < int(version))]
        if name not in gone and count:
            windows[name] = frozenset(map(str, below[-count:]))
    return windows


# --- what there is to say ------------------------------------------------------------------------------------------


@Rule("W245", "How many versions `versions.retain` keeps and deletes is told with each plan that deletes any.")
def keeps_and_deletes(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    gone = {draft.pair.key.name for draft in drafts if draft.pair.key.kind == VERSION.name and draft.verb == "delete"}
    going = gone - {item.key.name for item in case.desired(VERSION)}
    if case.spec.retain is None or is_new(drafts) or not going:
        return
    staying = [item for item in _old(case, drafts) if item.key.name not in going]
    used = {item.key.name: why_kept(case, drafts, item) for item in staying}
    left, shown = list(used.values()).count(""), [f"{number} ({why})" for number, why in used.items() if why]
    parts = [f"keeps {len(case.held(VERSION)) + _is_publishing(drafts) - len(gone)}, deletes {len(going)}"]
    parts += [f"{left} more go with later applies, for {AT_ONCE} go at once"] if left else []
    parts += [f"kept all the same: {', '.join(shown)}"] if shown else []
    message = f"{case.spec.target}: versions.{RETAIN} {'; '.join(parts)}"
    yield note(case, message, spec_origin(case, VERSION.section, RETAIN))


@Rule("W246", "A version of which nobody could see whether it is used is kept, and that is told.")
def keeps_what_was_not_seen(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    if case.spec.retain is None or is_new(drafts):
        return
    kept: dict[str, list[str]] = {}
    for item in _old(case, drafts):
        if why := unseen(case, item):
            kept.setdefault(why, []).append(item.key.name)
    for why, numbers in kept.items():
        which = f"version {numbers[0]} stays" if len(numbers) == 1 else f"versions {', '.join(numbers)} stay"
        message = f"{case.spec.target}: {which} beyond versions.{RETAIN}, for it could not be seen whether anything uses what is so old: {why}"
        origin = spec_origin(case, VERSION.section, RETAIN)
        yield warning(case, message, origin, left_out=True)


RULES: tuple[PlanCheck, ...] = (keeps_and_deletes, keeps_what_was_not_seen)
