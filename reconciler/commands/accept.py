"""`reconcile drift accept`: git takes over what AWS moved. Specs are rewritten in memory, planned anew against what was seen, and only
then written: what such a plan still shows is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.commands import wiring
from reconciler.commands.plan import of_live, seen
from reconciler.commands.proposing import Proposal
from reconciler.commands.rewriting import Rewriting, placed, unchanged
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.diff import is_named, steps_of
from reconciler.core.errors import SpecError, UnsafePlan
from reconciler.core.model import Snapshot, Target
from reconciler.core.plans import Plan
from reconciler.core.sealing import canonical
from reconciler.files.splicing import Edit, Unspliced
from reconciler.plan.acceptance import Left, Taken, accepted
from reconciler.report.acceptance import message
from reconciler.report.documents import plain, source_document, who_document
from reconciler.report.schemas import FORMAT_VERSION
from reconciler.spec.places import Position

NOT_PROVED = "a plan of what would be written still shows it; write it by hand"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be accepted: of these paths, or all; whether numbers of versions may stand for the newest one; whether it is asked who
    did it."""

    only: Sequence[str]
    may_pin: bool
    snapshot: Path | None
    base: str
    folder: Path
    who: bool = False


@dataclass(slots=True)
class Acceptance:
    """What is written where. `places` has, for each entry that is, its steps in its file."""

    files: dict[str, Rewriting] = field(default_factory=dict)
    places: dict[Taken, Position] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def of(self, path: str) -> list[Taken]:
        """The entries of a file."""
        return [taken for taken, where in self.places.items() if where.origin.path == path]

    def leave(self, taken: Taken, reason: str) -> None:
        self.places.pop(taken, None)
        self.left.append(Left(taken.key, taken.path, reason))


def acceptance(workspace: Workspace, wish: Wish) -> tuple[list[Rewriting], dict[str, Any]]:
    """The files as they are to be, and what there is to say: nothing is written yet. Raises GitError without a history."""
    choices = Choices(base=wish.base, drift=True, who=wish.who)
    known, live, aws = seen(workspace, choices, snapshot=wish.snapshot, folder=wish.folder)
    plan, _ = of_live(known, live, choices, folder=wish.folder, aws=aws, known=None)
    found = Acceptance()
    others = 0
    for item in drifted(workspace, plan, live, wish.may_pin):
        if wish.only and not any(is_meant(only, item.path) for only in wish.only):
            others += 1
        elif isinstance(item, Left):
            found.left.append(item)
        else:
            place(workspace, item, found)
    unless_shared(found)
    while wrong := unproved(found, workspace, live):
        for taken in wrong:
            found.leave(taken, NOT_PROVED)
    files = [file for _, file in sorted(found.files.items()) if file.is_needed]
    return files, {**document(files, found, plan), "others": others}


def kept(files: Sequence[Rewriting], document: Mapping[str, Any], proposal: Proposal | None) -> dict[str, Any]:
    """Write the files, or commit them where that is wanted; what there is to say of it. Raises UnsafePlan where something else would be
    written over, or committed with it."""
    if proposal is None:
        for file in files:
            file.write()
        return {"written": True}
    commit = proposal.committed(files, message({**document, "written": True}))
    return {"written": True, "branch": {"name": proposal.branch, "commit": commit, "from": proposal.onto}}


def drifted(workspace: Workspace, plan: Plan, live: Snapshot, may_pin: bool) -> Iterator[Taken | Left]:
    specs = {spec.target: spec for spec in workspace.written}
    held = {item.key: item for item in live.resources}
    for target_plan in plan.targets:
        if target_plan.target in specs:
            yield from accepted(target_plan, specs[target_plan.target], held, may_pin=may_pin)


def is_meant(only: str, path: str) -> bool:
    """Whether a pointer, whose last step may stand for many, names a path or what it is below."""
    wanted, steps = steps_of(only), steps_of(path)
    return len(wanted) <= len(steps) and all(map(is_named, wanted, steps))


def document(files: Sequence[Rewriting], found: Acceptance, plan: Plan) -> dict[str, Any]:
    """What is taken over, and what is not, with the reason; of what is refused nothing can be told."""
    refused = [{"address": str(target), "path": "", "reason": note.message} for target, note in plan.refused.items()]
    who = {action.key: action.who for target_plan in plan.targets for action in target_plan.actions if action.who}
    left = [{"address": str(item.key.target), "path": item.path, "reason": item.reason} for item in found.left]
    return {
        "format_version": FORMAT_VERSION,
        "kind": "acceptance",
        "written": False,
        "files": [{"file": file.path, "diff": file.diff} for file in files],
        "accepted": [
            {
                "address": str(taken.key.target), "path": taken.path, "before": plain(taken.said), "after": plain(taken.value),
                "source": source_document(where.origin), **({"who": who_document(who[taken.key])} if taken.key in who else {}),
            }
            for taken, where in found.places.items()
        ],
        "left": [*left, *refused],
    }  # fmt: skip


# --- where it is written ---------------------------------------------------------------------------------------------


def place(workspace: Workspace, taken: Taken, found: Acceptance) -> None:
    """Find the place of an entry in its file, or why it has none of its own."""
    spec = next(spec for spec in workspace.written if spec.target == taken.key.target)
    found.files.setdefault(spec.path, unchanged(spec.path))
    try:
        where = placed(workspace, spec, taken.steps)
    except UnsafePlan as error:
        found.leave(taken, str(error))
        return
    found.places[taken] = where
    if where.has_reference:
        found.leave(taken, "it is made by a reference, so what that names must change")


def unless_shared(found: Acceptance) -> None:
    """What a file says for several targets is written where AWS holds the same for all of them."""
    values: dict[tuple[str, tuple[str, ...]], dict[Target, bytes]] = {}
    for taken, where in found.places.items():
        of_place = values.setdefault((where.origin.path, where.steps), {})
        of_place[taken.key.target] = canonical(taken.value)
    for taken, where in list(found.places.items()):
        told = values[where.origin.path, where.steps]
        others = [str(target) for target in where.shared if told.get(target) != told[taken.key.target]]
        if others:
            found.leave(
                taken,
                f"{where.origin} says it for {others[0]} as well, of which AWS holds another, or was not asked; say it for one alone, with by_region or in a variant",
            )


def write_anew(found: Acceptance, workspace: Workspace) -> None:
    """The new texts, of all entries that there are by now. Whatever keeps one from being written is told."""
    for path, file in found.files.items():
        unchanged_file = replace(file, after=file.before)
        written(found, unchanged_file)
        if mistake(found.files[path], workspace):
            for taken, reason in misfits(found, unchanged_file, workspace).items():
                found.leave(taken, f"with it the spec would be wrong: {reason}")
            written(found, unchanged_file)


def written(found: Acceptance, file: Rewriting) -> None:
    found.files[file.path] = file
    for taken in found.of(file.path):
        edit(found, file.path, taken)


def mistake(file: Rewriting, workspace: Workspace, edits: Sequence[Edit] = ()) -> str:
    """What is wrong with the specs of a new text, edited; nothing where they are valid."""
    try:
        file.edited(edits).specs(workspace.own)
    except SpecError as error:
        return error.faults[0].message
    except Unspliced as error:
        return str(error)
    return ""


def misfits(found: Acceptance, file: Rewriting, workspace: Workspace) -> dict[Taken, str]:
    """Of entries of which not all make a valid spec together those that fit to none of the others, and why."""
    kept, wrong, is_growing = list[Edit](), dict.fromkeys(found.of(file.path), ""), True
    while is_growing:
        is_growing = False
        for taken in list(wrong):
            edits = [*kept, Edit(found.places[taken].steps, taken.value)]
            wrong[taken] = mistake(file, workspace, edits)
            if not wrong[taken]:
                kept, is_growing = edits, True
                del wrong[taken]
    return wrong


def edit(found: Acceptance, path: str, taken: Taken) -> None:
    try:
        found.files[path] = found.files[path].edited([Edit(found.places[taken].steps, taken.value)])
    except Unspliced as error:
        found.leave(taken, str(error))


# --- the proof -------------------------------------------------------------------------------------------------------


def unproved(found: Acceptance, workspace: Workspace, live: Snapshot) -> list[Taken]:
    """The entries of which a plan of the new texts, against what was seen, still shows what they stand for."""
    write_anew(found, workspace)
    plans = {path: planned_anew(workspace, live, file) for path, file in found.files.items() if file.is_needed}
    return [
        taken
        for taken, where in found.places.items()
        if where.origin.path not in plans or is_shown(taken, plans[where.origin.path])
    ]


def planned_anew(workspace: Workspace, live: Snapshot, file: Rewriting) -> Plan:
    specs = tuple(file.specs(workspace.own))
    alone = replace(workspace.specs, specs=specs, documents=(), warnings=())
    offline = wiring.without_values(replace(workspace, specs=alone, is_chosen=True), live)
    return wiring.planned(offline, live, Choices())


def is_shown(taken: Taken, plan: Plan) -> bool:
    steps = steps_of(taken.path)
    return any(
        (action.key == taken.key and action.verb in ("create", "delete"))
        or any(steps_of(change.path)[: len(steps)] == steps for change in action.changes)
        for target_plan in plan.targets
        for action in target_plan.actions
        if target_plan.target == taken.key.target and action.verb != "none"
    )
