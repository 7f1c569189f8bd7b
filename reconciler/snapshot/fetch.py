"""The live side of some specs: fetch(aws, specs) -> Snapshot. Reads only what the specs declare, in bulk where AWS can.

Calls: one GetFunction a target, or one listing of all functions where many are to be made; of every other kind that a spec needs, and
that this does not tell, the listing that its `reading` names: of the function, or of the whole account and region where that is cheaper
or the only one to be believed; and the names of all functions where they are asked for, out of such a listing if there was one. All
accounts and regions are read side by side, and in each all that needs no answer of another. Never writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import partial

from reconciler.aws.client import Aws
from reconciler.aws.unread import Unread, failure_text
from reconciler.core.errors import AwsError, SnapshotError
from reconciler.core.model import Live, Snapshot, Spec, Target
from reconciler.core.packages import Artifact
from reconciler.core.place import Place
from reconciler.core.words import by_reason
from reconciler.kinds.needs import with_layers
from reconciler.snapshot.artifacts import Looking, artifacts, live_code, needs_live_code
from reconciler.snapshot.asked import specs_of
from reconciler.snapshot.executions import executions
from reconciler.snapshot.missing import Missing
from reconciler.snapshot.readers import Readers
from reconciler.snapshot.region import Region, Wish
from reconciler.snapshot.rest import Patience
from reconciler.snapshot.rooms import rooms


def fetch(
    aws: Aws,
    specs: Iterable[Spec],
    *,
    taken_at: str,
    managed_by: str = "",
    places: Iterable[Place] = (),
    naming: Collection[Place] = (),
    looking: Looking = Looking(),  # noqa: B008  frozen
    kinds: frozenset[str] | None = None,
    optional: frozenset[str] = frozenset(),
    missing: Missing | None = None,
) -> Snapshot:
    """The live resources of the specs' targets and, where a mark is given, of every function of these places that bears it; what
    could not be read is told with its reason. Of the places in `naming` the names of all functions are listed. `kinds` are read of
    every target instead of those that its spec needs; of `optional` ones that cannot be read only `invoked` says why. `missing` is told of
    functions that are not there, as soon as that is known. Raises
    SnapshotError when every target is unread."""
    ordered = sorted(with_layers(specs), key=lambda spec: spec.target)
    marked = list(places)
    by_place = specs_of(ordered, (*marked, *naming))
    wishes = {place: Wish(managed_by, kinds, optional, place in naming, taken_at) for place in by_place}
    found = _read(aws, ordered, by_place, wishes, looking, Missing() if missing is None else missing)
    unread, regions, failed = found.unread, found.regions, found.failed
    if ordered and not unread.readable(spec.target for spec in ordered):
        told = by_reason((str(target), why) for target, why in sorted(unread.reasons.items()))
        raise SnapshotError("\n".join(told))
    code = {target: told for target, told in found.code.items() if target not in unread.reasons}
    known = tuple(sorted((item for item in found.resources if item.key.target not in unread.reasons), key=_by_key))
    unlisted = {str(place): why for place, why in failed.items() if place in marked or by_place[place]}
    unnamed = {str(place): why for place, why in failed.items() if place in naming}
    return Snapshot(
        known, taken_at, found.accounts, code,
        unread=unread.reasons,
        unlisted=unlisted | {str(region.place): region.unlisted for region in regions if region.unlisted},
        invoked={target: why for region in regions for target, why in region.invoked.items()},
        functions={str(region.place): region.names for region in regions if region.names is not None},
        unnamed=unnamed | {str(region.place): region.unnamed for region in regions if region.unnamed},
        rooms=rooms(aws, ordered, known, code),
        executions=executions(aws, ordered, known, taken_at) if kinds is None else {},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of all places. `failed` are those whose account is not known, and why."""

    accounts: Mapping[str, str]
    failed: Mapping[Place, str]
    regions: Sequence[Region]
    resources: Sequence[Live]
    code: Mapping[Target, Artifact]
    unread: Unread


def _read(
    aws: Aws,
    ordered: Sequence[Spec],
    by_place: Mapping[Place, list[Spec]],
    wishes: Mapping[Place, Wish],
    looking: Looking,
    missing: Missing,
) -> _Found:
    """All places, and beside them the code that specs name."""
    with Readers(len(by_place)) as readers:
        unread, patience = Unread(), Patience()
        accounts, failed = identities(aws, by_place, unread, readers)
        look = partial(artifacts, aws, pool=readers.of(None, "HeadObject"), looking=looking)
        at_once = [spec for spec in ordered if spec.target.account in accounts and not needs_live_code(spec)]
        codes = readers.beside(partial(look, at_once, held={}))
        reading = [
            readers.beside(Region(aws, place, specs, wishes[place], readers, patience, missing).read)
            for place, specs in by_place.items()
            if place.account in accounts
        ]
        regions = [future.result() for future in reading]
        for region in regions:
            unread.join(region.unread)
        resources = [live for region in regions for items in region.held.values() for live in items]
        rest = [spec for spec in ordered if needs_live_code(spec) and spec.target not in unread.reasons]
        code = codes.result() | look(rest, held=live_code(resources))
    return _Found(accounts, failed, regions, resources, code, unread)


def _by_key(item: Live) -> tuple[str, ...]:
    """The order of keys, as texts: of those Python itself knows it, which is ten times as fast."""
    key, target = item.key, item.key.target
    return target.account, target.region, target.name, target.root, key.kind, key.name


def identities(
    aws: Aws, by_place: Mapping[Place, list[Spec]], unread: Unread, readers: Readers
) -> tuple[dict[str, str], dict[Place, str]]:
    """The number of each account whose credentials are there and its own, as soon as any of its regions tells it; of the others' places why
    it is not known, and their targets are unread."""
    accounts, failures = dict[str, str](), dict[Place, AwsError]()
    asking = {readers.beside(partial(aws.account_id, place)): place for place in by_place}
    for place in by_place:
        readers.beside(partial(aws.make_ready, place))  # while AWS answers; what it raises, the first call raises again
    for answer in as_completed(asking):
        place = asking[answer]
        try:
            accounts[place.account] = answer.result()
        except AwsError as failure:
            failures[place] = failure
        if all(place.account in accounts for place in by_place):
            break
    unknown = {place: failures[place] for place in by_place if place.account not in accounts}
    for place, why in unknown.items():
        unread.add([spec.target for spec in by_place[place]], "GetCallerIdentity", why)
    return accounts, {place: failure_text("GetCallerIdentity", why) for place, why in unknown.items()}
