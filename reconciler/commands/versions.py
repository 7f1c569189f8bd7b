"""The versions of a function, with what earlier runs and the spec say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import wiring
from reconciler.commands.naming import Named, named
from reconciler.commands.output import warn
from reconciler.commands.past import in_bucket, in_folder
from reconciler.core.errors import AwsError, SpecError
from reconciler.core.model import Live, Spec, Target
from reconciler.report.versions import Publication, publications, versions_document
from reconciler.spec.load import load

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


def versions_of(word: str, path: Path, folder: Path, *, is_fetching: bool) -> dict[str, Any]:
    """The document. Reports in S3 are read where `is_fetching`. Raises AwsError, SelectionError, ReportError."""
    place = named(word, path)
    aws = place.connected()
    taken_at = wiring.now()
    resources = held(aws, place, taken_at)
    numbers = {item.key.name for item in resources if item.key.kind == "version"}
    distant = in_bucket(place.alone, aws) if is_fetching else iter(())
    reports = chain(in_folder(folder, str(place.target)), distant)
    return versions_document(
        place.target, resources, spec_of(place, path), published(reports, place.target, numbers), taken_at
    )


def held(aws: Aws, place: Named, taken_at: str) -> tuple[Live, ...]:
    """The function, its versions, and all that hangs on them; what may not be read of the latter is told. Raises AwsError."""
    from reconciler.kinds.needs import INVOKING, QUALIFIERS
    from reconciler.snapshot.fetch import fetch

    others = frozenset(kind.name for kind in INVOKING)
    kinds = others | {kind.name for kind in QUALIFIERS}
    snapshot = fetch(aws, place.alone.specs.specs, taken_at=taken_at, kinds=kinds, optional=others)
    for reason in filter(None, snapshot.invoked.values()):
        warn(reason)
    if not any(item.key.kind == "function" for item in snapshot.resources):
        raise AwsError(f"{place.target} does not exist in AWS; `reconcile plan` tells what would make it")
    return snapshot.resources


def spec_of(place: Named, path: Path) -> Spec | None:
    """What git says of the function; None where there is no spec. Of specs that are broken that is told, and they say nothing."""
    try:
        specs = load([path], place.config).specs
    except SpecError as error:
        warn(f"{error.faults[0]}; the specs are not valid, so what they name is not told")
        return None
    return next((spec for spec in specs if spec.target == place.target), None)


def published(reports: Iterator[Mapping[str, Any]], target: Target, numbers: set[str]) -> dict[str, Publication]:
    """What reports tell of these versions; no more of them are read than that takes."""
    found = dict[str, Publication]()
    for publication in publications(reports, target):
        found.setdefault(publication.version, publication)
        if numbers <= set(found):
            break
    return found
