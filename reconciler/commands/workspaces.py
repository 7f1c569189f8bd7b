"""What the files say, and what of it a command is about: reconcile.yaml, the specs below it, and the flags of a plan. Asks nobody but git."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.commands.progress import following, phase
from reconciler.core.errors import Fault, SpecError
from reconciler.core.model import Spec
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic, GuardChange
from reconciler.spec.config import Config, find_config, load_config
from reconciler.spec.load import Specs, load

if TYPE_CHECKING:
    from reconciler.spec.history import History


@dataclass(frozen=True, slots=True)
class Judgement:
    """That another revision's reconcile.yaml judges: `own` is the one of the files, `changes` is what differs, `unreached`
    are specs of accounts that are not reached, with the reason; `history` is what told so, and can tell more."""

    own: Config
    base: str
    changes: tuple[GuardChange, ...]
    unreached: tuple[tuple[Spec, str], ...]
    history: History


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the files say: reconcile.yaml and the specs; `is_chosen` when some of those were left out. `is_whole`: these are
    all specs of the folder of reconcile.yaml, so that a function without a spec has none. `written` are the specs before
    any reference in them was looked up. Where there is a `judgement`, `config` is the judging one. Of a `shard`, account/region, there
    is all that is in it, and nothing else."""

    config: Config
    specs: Specs
    paths: tuple[Path, ...] = ()
    is_chosen: bool = False
    written: tuple[Spec, ...] = ()
    judgement: Judgement | None = None
    shard: str = ""

    @property
    def own(self) -> Config:
        """reconcile.yaml as it stands in the files."""
        return self.judgement.own if self.judgement else self.config

    @property
    def unreached(self) -> tuple[tuple[Spec, str], ...]:
        return self.judgement.unreached if self.judgement else ()

    @property
    def accounts(self) -> set[str]:
        return {spec.target.account for spec in self.specs.specs}

    @property
    def is_all_read(self) -> bool:
        """Whether all specs of the folder of reconcile.yaml were read, be they chosen or not."""
        root = Path(self.config.path).parent.resolve()
        return [path.resolve() for path in self.paths] == [root]

    @property
    def is_whole(self) -> bool:
        return not self.is_chosen and self.is_all_read


@dataclass(frozen=True, slots=True)
class Choices:
    """The planning flags. `permitted` are numbers of deletions that commits of the change allow; `who`: with drift, who did it."""

    adopt: bool = False
    prune: bool = False
    base: str = ""
    drift: bool = False
    allow_deletes: int | None = None
    permitted: frozenset[int] = frozenset()
    download_code: bool = False
    who: bool = False


def read(paths: Sequence[Path]) -> Workspace:
    """Everything below the paths. Raises SpecError with the faults of reconcile.yaml and of every spec together."""
    faults: list[Fault] = []
    config = None
    try:
        config = load_config(find_config(paths))
    except SpecError as error:
        faults += error.faults
    try:
        with following(phase("loading specs")):
            specs = load(paths, config)
    except SpecError as error:
        faults += error.faults
    if faults or config is None:
        raise SpecError(faults)
    return Workspace(config, specs, tuple(paths), written=specs.specs)


def warnings(specs: Specs, moment: str) -> tuple[Diagnostic, ...]:
    """What is worth a warning in the specs at a moment, as our documents write times."""
    from reconciler.spec.aging import runtime_warnings
    from reconciler.spec.extending import told_once

    aged = ((document.path, note) for document in specs.documents for note in runtime_warnings([document], moment[:10]))
    return (*specs.warnings, *told_once(aged))


def places(workspace: Workspace) -> list[Place]:
    """Every enabled account with its regions: those of reconcile.yaml, or those that its specs name."""

    named = {Place.of(spec.target) for spec in workspace.specs.specs}
    configured = {
        Place(account.name, region)
        for account in workspace.config.accounts.values()
        if account.is_enabled
        for region in account.regions
    }
    return sorted(named | configured)


def marked_places(workspace: Workspace) -> list[Place]:
    """Those in which functions with our mark are looked for."""
    is_marked = workspace.config.managed_by and workspace.is_whole
    return [place for place in places(workspace) if workspace.shard in ("", str(place))] if is_marked else []


def history(workspace: Workspace) -> History:
    """What git tells of the work tree that holds reconcile.yaml. Raises GitError."""
    from reconciler.spec.history import History

    return workspace.judgement.history if workspace.judgement else History(Path(workspace.own.path).parent)
