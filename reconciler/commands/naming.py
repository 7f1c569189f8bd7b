"""The one function that a word of the command line means, with what reconcile.yaml says of its account. Asks AWS only who it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.commands import wiring
from reconciler.commands.workspaces import Workspace
from reconciler.core.model import Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.function import FUNCTION
from reconciler.spec.config import Config, find_config, load_config
from reconciler.spec.load import Specs, named_targets
from reconciler.spec.selection import one

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


@dataclass(frozen=True, slots=True)
class Named:
    """A function by its address, and the configuration that it stands under."""

    target: Target
    config: Config

    @property
    def alone(self) -> Workspace:
        """Nothing but the function: what specs say of others, or wrongly, is in nobody's way."""
        bare = Spec(self.target, "", (), frozenset())
        return Workspace(self.config, Specs((bare,), (), ()), is_chosen=True)

    def connected(self, is_stopping: Callable[[], bool] = lambda: False) -> Aws:
        """The seam to its account, once that is known to be the one that reconcile.yaml means. Raises AwsError."""

        aws = wiring.connect(self.config, {self.target.account}, is_stopping)
        aws.account_id(Place.of(self.target))
        return aws


def named(word: str, path: Path) -> Named:
    """A name of a spec below `path`, or an address, which needs no spec. Specs that are broken are in nobody's way. Raises
    SelectionError, SpecError."""
    config = load_config(find_config([path]))
    return Named(meant(word, functions_of(path, config), config), config)


def functions_of(path: Path, config: Config) -> list[Target]:
    """The functions that specs below a path name."""
    return [target for target in named_targets([path], config) if target.root == FUNCTION.name]


def meant(word: str, functions: Collection[Target], config: Config) -> Target:
    """The only one that a word means; an address need only be in an account and a region of reconcile.yaml. Raises SelectionError."""
    places = ((account.name, region) for account in config.accounts.values() for region in account.regions)
    return one(word, functions, places)
