"""The one function that a word of the command line means, with what reconcile.yaml says of its account. Asks AWS only who it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.commands import wiring
from reconciler.core.model import Target
from reconciler.kinds.function import FUNCTION
from reconciler.spec.config import Config, find_config, load_config
from reconciler.spec.load import named_targets
from reconciler.spec.selection import one

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


@dataclass(frozen=True, slots=True)
class Named:
    """A function by its address, and the configuration that it stands under."""

    target: Target
    config: Config

    def connected(self, is_stopping: Callable[[], bool] = lambda: False) -> Aws:
        """The seam to its account, once that is known to be the one that reconcile.yaml means. Raises AwsError."""
        from reconciler.aws.client import Place

        aws = wiring.connect(self.config, {self.target.account}, is_stopping)
        aws.account_id(Place.of(self.target))
        return aws


def named(word: str, path: Path) -> Named:
    """A name of a spec below `path`, or an address, which needs no spec. Specs that are broken are in nobody's way. Raises
    SelectionError, SpecError."""
    config = load_config(find_config([path]))
    places = ((account.name, region) for account in config.accounts.values() for region in account.regions)
    functions = [target for target in named_targets([path], config) if target.root == FUNCTION.name]
    return Named(one(word, functions, places), config)
