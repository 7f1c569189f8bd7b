"""What a plan comes to, in functions, for the headline; and what it was made of, for the foot. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from reconciler.core.words import many
from reconciler.report.costs import calls, places
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.alike import Group
from reconciler.report.formats.page.grave import accounts_of, concerns, is_gone, refusals
from reconciler.report.formats.page.text import inert, run_link, small
from reconciler.report.formats.shown import guard_changes, is_itself, noun_of, totals

HELD = "W257"  # the rule that says so of a target
# Of one function, of several, and of any where the whole plan is refused.
WORDS = {
    "refused": ("is refused", "are refused", "would be refused"),
    "delete": ("is deleted", "are deleted", "would be deleted"),
    "replace": ("is replaced", "are replaced", "would be replaced"),
    "create": ("is new", "are new", "would be new"),
    "adopt": ("is taken over", "are taken over", "would be taken over"),
    "update": ("changes", "change", "would change"),
}


def headline(plan: Document, groups: Sequence[Group]) -> str:
    """The verdict: `🟡 2 functions change, live traffic moves · nothing is deleted`."""
    refused = {note["address"] for note in refusals(plan)}
    counts = _counts(plan, groups, refused)
    noun = noun_of(address for group in groups for address in group.addresses)
    judged = ["what judges is changed"] if guard_changes(plan) else []
    if not counts and not refused:
        sign = "🟠" if judged else "🟢" if plan.get("in_sync", True) else "⚪"
        return f"### {sign} {' · '.join([totals(plan).removesuffix('.'), *judged]) if judged else totals(plan)}\n"
    said = [
        ", ".join(
            [
                *_counted(counts, noun, is_refused=None in refused),
                *(f"{name} traffic moves" for name in _moving(groups)),
            ]
        )
    ]
    grave = dict.fromkeys(word for group in groups for word, _, _ in concerns(group, accounts_of(plan)))
    said += [", ".join(f"{word} changes" for word in grave)] if grave else []
    gone = sum(
        address not in refused
        for group in groups
        for action in group.common["actions"]
        if is_gone(action)
        for address in group.addresses
    )
    is_told = counts["delete"] or counts["replace"] or None in refused
    said += [] if is_told else [f"{many(gone, 'resource')} deleted" if gone else "nothing is deleted"]
    frozen = {note["address"] for note in plan["diagnostics"] if note.get("rule") == HELD}
    said += [f"a freeze holds {len(frozen)}"] if frozen else []
    sign = "🔴" if refused else "🟠" if gone or grave or judged else "🟡"
    return f"### {sign} {'Refused: ' if None in refused else ''}{' · '.join(filter(None, [*said, *judged]))}\n"


def _counts(plan: Document, groups: Sequence[Group], refused: set[str | None]) -> Counter[str]:
    """Targets by what becomes of them."""
    counts = Counter({"refused": len(refused - {None})}) if refused - {None} else Counter[str]()
    for group in groups:
        own = next((one["verb"] for one in group.common["actions"] if is_itself(one)), "update")
        counts[own] += sum(address not in refused for address in group.addresses)
    return +counts


def _counted(counts: Counter[str], noun: str, *, is_refused: bool) -> list[str]:
    """`2 functions change`, `1 is new`: the noun stands with the first."""
    parts: list[str] = []
    for word, (one, several, would) in WORDS.items():
        if counts[word]:
            number = str(counts[word]) if parts else many(counts[word], noun)
            parts.append(f"{number} {would if is_refused else one if counts[word] == 1 else several}")
    return parts


def _moving(groups: Sequence[Group]) -> list[str]:
    """The aliases whose traffic moves from somewhere; of more than two, how many."""
    names = dict.fromkeys(
        action["name"].partition("/")[2]
        for group in groups
        for action in group.common["actions"]
        if action.get("traffic", {}).get("before")
    )
    return [inert(name) for name in names] if len(names) <= 2 else [f"{len(names)} aliases'"]


def foot(plan: Document, view: View) -> str:
    """Calls, time, what stays, and by what the plan can be told from another; above it the calls of each place, where there are several."""
    summary = plan["summary"]
    commit = plan["provenance"]["commit"]
    dirty = " with changes that are not committed" if plan["provenance"]["dirty"] else ""
    by_place = places(plan)
    above = f"{small(*map(inert, by_place))}\n\n" if by_place else ""
    return above + small(
        calls(plan),
        f"{many(summary['unchanged'], 'resource')} unchanged" + (f", {summary['refused']} refused" if summary.get("refused") else ""),
        f"plan {inert(str(plan['digest'])[:8])}" + (f" of {inert(commit[:10])}{dirty}" if commit else ""),
        f"AWS at {_moment(plan['snapshot']['taken_at'])}",
        run_link(view),
    )  # fmt: skip


def _moment(taken_at: str) -> str:
    return taken_at if re.fullmatch("[0-9TZ:.-]+", taken_at) else inert(taken_at)
