"""The part of a tree that a command line means: paths, functions by name, address or pattern, an account, a region. Asks AWS nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from reconciler.commands import workspaces
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import SelectionError, SpecError
from reconciler.spec import root
from reconciler.spec.config import Config, find_config, load_config
from reconciler.spec.load import load, named_targets, only, spec_files
from reconciler.spec.selection import Selection, is_name, select, within


def read(selection: Selection) -> Workspace:
    """The specs that are meant. Names are looked for below the paths, or in the whole tree; only the files that are about them need
    be sound. Raises SpecError, SelectionError."""
    paths, names = parted(selection.words)
    if not names and not selection.is_of_places:
        return workspaces.read(paths)
    config = load_config(find_config(paths))
    files = {path: named_targets([path], config) for path in spec_files(paths, Path(config.path).parent)}
    targets = {target for found in files.values() for target in found}
    try:
        chosen = set(within(selection, select(names, targets)))
    except SelectionError:
        require_sound(names, paths, config, [path for path, found in files.items() if not found])
        raise
    meant = {(str(path), target.place) for path, found in files.items() for target in found if target in chosen}
    part = tuple(path for path, found in files.items() if chosen.intersection(found))
    specs = load(part, config)
    specs = only(specs, [spec.target for spec in specs.specs if (spec.path, spec.target.place) in meant])
    return Workspace(config, specs, part, is_chosen=True, written=specs.specs)


def parted(words: Sequence[str]) -> tuple[tuple[Path, ...], list[str]]:
    """The words that are paths, for they are there or can be no name; and the names. The tree where one stands, without a path."""
    names = [word for word in words if is_name(word) and not os.path.lexists(word)]
    paths = tuple(Path(word) for word in words if word not in names)
    return paths or (root.specs(),), names


def require_sound(names: Sequence[str], paths: Sequence[Path], config: Config, mute: Collection[Path]) -> None:
    """Raises SpecError where a name that no spec has looks like a path, or where what is missed may be in a file that tells no target."""
    for name in names:
        first, slash, _ = name.partition("/")
        if slash and first not in config.accounts and Path(first).is_dir():
            spec_files([Path(name)])
    try:
        load(paths, config)
    except SpecError as error:
        faults = [fault for fault in error.faults if Path(fault.origin.path) in mute]
        if faults:
            raise SpecError(faults) from error
