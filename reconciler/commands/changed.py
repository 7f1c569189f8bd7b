"""The part of a workspace that git has changed since a revision: what a pull request is about, so that only that is read. Asks AWS nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from reconciler.commands import wiring, workspaces
from reconciler.commands.base import judged
from reconciler.commands.workspaces import Workspace
from reconciler.core.model import Spec
from reconciler.core.plans import Diagnostic
from reconciler.core.words import many
from reconciler.files.tree import packs
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.needs import layers_of
from reconciler.kinds.registry import KINDS
from reconciler.spec.history import History
from reconciler.spec.load import named_targets, only


def part(workspace: Workspace, *, base: str, changed_since: str = "", prunes: bool = False) -> Workspace:
    """What of a workspace is to be planned, judged by the base where one is given."""
    workspace = judged(workspace, base) if base else workspace
    if not changed_since:
        return workspace
    if prunes:
        wiring.require_prunable(workspace)
    return since(workspace, changed_since, prunes=prunes or (workspace.config.prunes and workspace.is_whole))


def since(workspace: Workspace, revision: str, *, prunes: bool) -> Workspace:
    """Only the targets whose spec, event or local code is another than at a revision; all of them where reconcile.yaml is. Functions whose
    spec is gone since are told or, where it `prunes`, asked to go. Raises GitError when git cannot tell."""
    history = workspaces.history(workspace)
    beside = {Path(path) for spec in workspace.specs.specs for path in (*spec.extends, *events_of(spec))}
    moved = history.changed(revision, [Path(workspace.own.path), *workspace.paths, *sorted(beside)])
    without_spec = dropped(history, revision, workspace, moved)
    if history.name_of(Path(workspace.own.path)) in moved:
        note = f"{workspace.own.path} is another than at {revision}, so every target counts as changed"
        return narrowed(workspace, workspace.specs.specs, without_spec, note, revision, prunes=prunes)
    changed = [spec for spec in workspace.specs.specs if has_changed(history, revision, spec, moved)]
    chosen = with_dependents(changed, workspace.specs.specs)
    left = len(workspace.specs.specs) - len(chosen)
    note = f"left out, for nothing of them changed since {revision}: {left} of {many(len(workspace.specs.specs), 'target')}"
    return narrowed(workspace, chosen, without_spec, note if left else "", revision, prunes=prunes)


def has_changed(history: History, revision: str, spec: Spec, moved: Collection[str]) -> bool:
    """Whether a file of a spec, an event that it sends, or the local code that it names, is another; of code that git does not hold nobody
    can tell."""
    path = spec.code.get("path")
    return any(history.name_of(Path(file)) in moved for file in (*spec.files, *events_of(spec))) or (
        path is not None and history.has_moved(revision, path, packs(path)) is not False
    )


def events_of(spec: Spec) -> list[str]:
    """The files that its rollouts send to a new version."""
    return [smoke.path for rollout in spec.rollouts.values() for smoke in rollout.smoke]


def with_dependents(changed: Iterable[Spec], specs: Iterable[Spec]) -> list[Spec]:
    """What changed, with what another version of a layer makes change: the functions that refer to it, and its older versions."""
    targets = {spec.target for spec in changed}
    layers = {(target.place, target.name) for target in targets if target.root == LAYER.name}

    def depends(spec: Spec) -> bool:
        named = {layer.target for item in spec.desired for layer in layers_of(item)}
        named |= {spec.target} if spec.target.root == LAYER_VERSION.name else set()
        return not layers.isdisjoint((target.place, target.name) for target in named)

    return [spec for spec in specs if spec.target in targets or depends(spec)]


def dropped(history: History, revision: str, workspace: Workspace, moved: Collection[str]) -> list[Spec]:
    """What the files that moved said at a revision of functions and layers that no spec of the house names now: one that
    only moved is not gone."""
    now = {
        *named_targets([Path(workspace.own.path).parent], workspace.own),
        *(spec.target for spec in workspace.specs.specs),
    }
    then = history.specs_in(revision, workspace.config, moved)
    return [spec for spec in then if spec.target not in now and KINDS[spec.target.root].is_root]


def narrowed(
    workspace: Workspace,
    chosen: Iterable[Spec],
    without_spec: Iterable[Spec],
    note: str,
    revision: str,
    *,
    prunes: bool,
) -> Workspace:
    """The workspace of what was chosen, with what there is to say about the rest."""
    without_spec = sorted((spec for spec in without_spec if not spec.is_absent), key=lambda spec: spec.target)
    notes = [Diagnostic("note", note, left_out=True)] if note else []
    gone = [spec.target for spec in without_spec]
    pruned = [target for target in gone if prunes and target.root == FUNCTION.name]
    for target in (target for target in gone if target not in pruned):
        how = "`state: absent` or --prune asks" if target.root == FUNCTION.name else "`state: absent` asks"
        message = f"{target} has had no spec since {revision}: it stays as it is, an orphan; {how} for its deletion"
        notes.append(Diagnostic("warning", message, left_out=True))
    specs = only(workspace.specs, [spec.target for spec in chosen])
    absent = tuple(Spec(target, "", (), frozenset(), is_absent=True) for target in pruned)
    specs = replace(specs, specs=(*specs.specs, *absent), warnings=(*specs.warnings, *notes))
    return replace(workspace, specs=specs, is_chosen=True)
