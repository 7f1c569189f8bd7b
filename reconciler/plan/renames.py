"""Deletions that something of the same run stands in for: they wait for it, and a rename is told as one. Pure.

A successor says so itself (`was: OLD`), or is created of the very code that the deleted function runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.model import Snapshot, Spec, Target
from reconciler.core.plans import Diagnostic, TargetPlan
from reconciler.kinds.function import FUNCTION
from reconciler.plan.speaking import Made, is_refused

WAITS_FOR_ITS_SUCCESSOR = Rule("R230", "A function is deleted once what replaces it in the same run is there.")

DELETES_WHAT_IT_REPLACES = Rule("W265", "What a function replaces by `was` goes in the same run, or is told to stay.")


@dataclass(frozen=True, slots=True)
class Link:
    """`old` is deleted once `new` is done. `is_certain`: it is the same function under another name, as far as anybody
    can tell."""

    old: Target
    new: Target
    is_certain: bool


def ordered(made: Iterable[Made], specs: Collection[Spec], snapshot: Snapshot) -> list[Made]:
    """The plans, each deletion after what replaces it; refused where that is refused."""
    plans = list(made)
    links = find_links([plan for plan, _ in plans], list(specs), snapshot)
    refused = {plan.target for plan, notes in plans if is_refused(notes)}
    replacing = {spec.target: spec for spec in specs if spec.was and not spec.is_absent}
    staying = {target: spec for target, spec in replacing.items() if not any(link.new == target for link in links)}
    return [
        (
            with_rename(after(plan, links), links),
            [*notes, *_refusals(plan.target, links, refused), *_left(plan, staying.get(plan.target))],
        )
        for plan, notes in plans
    ]


def find_links(plans: Iterable[TargetPlan], specs: Iterable[Spec], snapshot: Snapshot) -> list[Link]:
    known = tuple(specs)
    plans = tuple(plans)
    deleted = [plan.target for plan in plans if _verb(plan) == "delete"]
    created = {plan.target for plan in plans if _verb(plan) == "create"}
    held = {
        item.key.target: str(item.handle.get("CodeSha256", ""))
        for item in snapshot.resources
        if item.key.kind == FUNCTION.name
    }
    pruned = {spec.target for spec in known if spec.is_absent and not spec.path}
    links: list[Link] = []
    for old in deleted:
        near = [spec for spec in known if not spec.is_absent and _is_near(spec.target, old)]
        named = [spec.target for spec in near if spec.was == old.function]
        if named:
            links += [Link(old, new, is_certain=True) for new in named]
            continue
        for spec in near:
            artifact = snapshot.artifacts.get(spec.target)
            code = artifact.sha256 if artifact else ""
            is_same = bool(code) and code == held.get(old)
            is_possible = spec.target in created and not spec.was and (is_same or (not code and old in pruned))
            links += [Link(old, spec.target, is_certain=is_same)] if is_possible else []
    return [replace(link, is_certain=link.is_certain and _is_alone(link, links)) for link in links]


def _verb(plan: TargetPlan) -> str:
    return next((action.verb for action in plan.actions if action.key.kind == FUNCTION.name), "none")


def _is_near(target: Target, other: Target) -> bool:
    return (target.account, target.region) == (other.account, other.region)


def _is_alone(link: Link, links: Iterable[Link]) -> bool:
    return sum(other.old == link.old or other.new == link.new for other in links) == 1


def after(plan: TargetPlan, links: Iterable[Link]) -> TargetPlan:
    waits = {link.new for link in links if link.old == plan.target}
    return replace(plan, after=tuple(sorted({*plan.after, *waits})))


def with_rename(plan: TargetPlan, links: Iterable[Link]) -> TargetPlan:
    """The plan whose function's action says which rename it is a part of."""
    words: Mapping[bool, str] = {
        old: text
        for link in links
        if link.is_certain
        for old, target, text in (
            (True, link.old, f"renamed to {link.new.function}"),
            (False, link.new, f"renamed from {link.old.function}"),
        )
        if target == plan.target
    }
    text = "; ".join(words.values())
    return plan if not text else replace(
        plan,
        actions=tuple(
            replace(action, reason="; ".join(filter(None, (action.reason, text))))
            if action.key.kind == FUNCTION.name and action.verb != "none"
            else action
            for action in plan.actions
        ),
    )  # fmt: skip


def _refusals(target: Target, links: Iterable[Link], refused: Iterable[Target]) -> list[Diagnostic]:
    return [
        WAITS_FOR_ITS_SUCCESSOR.cited(
            Diagnostic("refusal", waiting(target, link.new, "is refused"), target, error=PlanError.__name__)
        )
        for link in links
        if link.old == target and link.new in set(refused)
    ][:1]


def _left(plan: TargetPlan, spec: Spec | None) -> Iterator[Diagnostic]:
    """That what a new function is to replace stays: its name alone deletes nothing."""
    if spec is None or _verb(plan) != "create":
        return
    message = (
        f"{plan.target} comes in the place of {spec.was}, which nothing of this plan deletes; where that is there, a spec of it with "
        "`state: absent` does, or --prune where it bears our mark"
    )
    yield DELETES_WHAT_IT_REPLACES.cited(Diagnostic("note", message, plan.target, spec.origins.get("/was")))


def waiting(old: Target, new: Target, wrong: str) -> str:
    return f"{old} is not deleted: {new}, which is to replace it, {wrong}"
