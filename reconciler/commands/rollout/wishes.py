"""What a person wants of one rollout, done at once: past an approval, back, paused, on again.

Going back asks for nothing that may be in its way: no lock, no evidence, no specs that are sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.apply.run import Hear
from reconciler.commands import wiring, workspaces
from reconciler.commands.apply import Orders, Session, running
from reconciler.commands.freezing import require_open
from reconciler.commands.naming import Named
from reconciler.commands.output import warn
from reconciler.commands.rollout import keeping
from reconciler.commands.rollout.tick import MOST_LOOKS, QUIET, Ticked, begin, carry_out
from reconciler.commands.run import Stop, new_run_id
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import SpecError, StalePlan, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.freezes import Breaking
from reconciler.core.model import Key, Spec
from reconciler.core.rollouts import Rollout
from reconciler.files.packages import Packages
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.version import VERSION
from reconciler.report.rollouts import Told
from reconciler.rollout.decide import Wish, asked
from reconciler.rollout.rolling import Rolling

IS_IN_A_STATE_FOR_IT = Rule("R360", "What is asked of a rollout is something that its state lets it do.")
NAMES_AN_ALIAS = Rule("R361", "A rollout is that of an alias that is there.")
WITHOUT_SPECS: tuple[Wish, ...] = ("abort", "pause")
AT_ANY_TIME = WITHOUT_SPECS  # whatever is frozen: nothing goes on by them


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which alias, what, and why; with which of the wish's flags. `hear` is told what smoke events are answered."""

    one: Named
    alias: str
    wish: Wish
    because: str = ""
    is_full: bool = False
    is_reset: bool = False
    hear: Hear | None = None
    breaking: Breaking = field(default_factory=Breaking)

    @property
    def key(self) -> Key:
        return Key(self.one.target, ALIAS.name, self.alias)


def granted(wanted: Wanted, path: Path, folder: Path, stop: Stop) -> Ticked:
    """Raises UnsafePlan where that cannot be in the state that the rollout is in, or a freeze holds."""
    workspace = wanted.one.alone
    from reconciler.snapshot.secrets import keep_secret

    spec = said(wanted, path)
    rollout, file = (spec.rollouts.get(wanted.alias), spec.path) if spec else (None, "")
    orders = Orders(Choices(), folder, command=f"rollout {wanted.wish}")
    with session_for(wanted, workspace, stop) as session:
        keep_secret(session.aws, [spec] if spec else [])
        for _ in range(MOST_LOOKS):
            one, versions, taken_at = looked(wanted, workspace, session, rollout, file)
            decision = asked(
                wanted.wish, rollout, one.alias, one.now,
                because=wanted.because, is_full=wanted.is_full, is_reset=wanted.is_reset, versions=versions,
            )  # fmt: skip
            if decision.did == "refused":
                raise UnsafePlan(IS_IN_A_STATE_FOR_IT.ends(f"{one.key}: {decision.reason}"))
            if wanted.wish not in AT_ANY_TIME:
                broken = require_open(workspace, one.key.target, one.now, wanted.breaking)
                orders = replace(orders, broken=broken)
            told: list[Told] = (
                begin(workspace, session, one, decision, orders)
                if decision.did == "start"
                else carry_out(workspace, session, [(one, decision)], orders)
            )
            if not any(item.exit_code == StalePlan.exit_code for item in told) or session.stop():
                break
        return Ticked(keeping.kept(workspace, session, orders, told), taken_at)


@contextmanager
def session_for(wanted: Wanted, workspace: Workspace, stop: Stop) -> Iterator[Session]:
    """A run; what goes back waits for no lock, for the alias's revision guards it as well."""
    if wanted.wish != "abort":
        with running(workspace, stop, replace(QUIET, hear=wanted.hear)) as session:
            yield session
        return
    aws = wiring.connect(workspace.config, workspace.accounts, stop)
    with stop.listening():
        yield Session(aws, new_run_id(), stop, QUIET, Packages())


def looked(
    wanted: Wanted, workspace: Workspace, session: Session, rollout: Rollout | None, file: str
) -> tuple[Rolling, list[str], str]:
    """The alias, the versions that there are, where those matter, and when it was looked."""
    from reconciler.snapshot.fetch import fetch
    from reconciler.snapshot.rolling import one

    kinds = frozenset({ALIAS.name, VERSION.name} if wanted.wish == "retry" else {ALIAS.name})
    live = fetch(session.aws, workspace.specs.specs, taken_at=wiring.now(), kinds=kinds)
    held = {item.key: item for item in live.resources}
    function = held.get(Key(wanted.one.target, FUNCTION.name))
    if function is None or wanted.key not in held:
        raise UnsafePlan(NAMES_AN_ALIAS.ends(f"{wanted.key if function else wanted.one.target} does not exist"))
    versions = [key.name for key in held if key.kind == VERSION.name]
    return one(session.aws, held[wanted.key], function, rollout, file), versions, live.taken_at


def said(wanted: Wanted, path: Path) -> Spec | None:
    """What git says of the function; of specs that are broken nothing, where it can go without. Raises SpecError."""
    try:
        specs = workspaces.read([path]).specs.specs
    except SpecError as error:
        if wanted.wish not in WITHOUT_SPECS:
            raise
        warn(f"the specs are not looked at, for there are mistakes: {error.faults[0]}")
        return None
    return next((spec for spec in specs if spec.target == wanted.one.target), None)
