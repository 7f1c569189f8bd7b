"""Where a spec is for: its account of reconcile.yaml and its regions, and that nothing is described twice. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from reconciler.core.diff import escaped
from reconciler.core.errors import Fault
from reconciler.core.finding import Rule
from reconciler.core.model import Origin, Target
from reconciler.files import validation
from reconciler.files.strict_yaml import Document
from reconciler.spec import layers
from reconciler.spec.config import Config
from reconciler.spec.meant import OVERLAY

NAMES_AN_ACCOUNT = Rule("R010", "A spec is for an account of reconcile.yaml.")
NAMES_A_REGION = Rule("R011", "A spec is for a region, and for one that reconcile.yaml gives its account.")
IS_DESCRIBED_ONCE = Rule("R012", "A function of an account and region is described by one spec.")
LEAVES_ITS_OLD_NAME = Rule("R013", "A function that has a new name (`was`) has no spec under the old one.")
SPEAKS_OF_ITS_REGIONS = Rule("R090", "by_region speaks of regions that the spec is for.")


def targets(document: Document, config: Config | None, faults: list[Fault]) -> list[Target]:
    """The targets of a document; what keeps them from being known is added to `faults`."""
    value = document.value
    root = layers.root_of(value)
    if not isinstance(value, dict) or not isinstance(value.get(root), str):
        return []
    account = _account(document, config, faults)
    if account is None:
        return []
    regions = _regions(document, config, account, faults)
    return [Target(account, region, value[root], root) for region in dict.fromkeys(regions)]


def _account(document: Document, config: Config | None, faults: list[Fault]) -> str | None:
    named = document.value.get("account")
    if named is not None and not isinstance(named, str):
        return None
    if config is None:
        return named or ""
    known = sorted(config.accounts)
    if named is None:
        if len(known) == 1:
            return known[0]
        faults.append(
            Fault(
                document.key(""),
                NAMES_AN_ACCOUNT.ends(f"a spec needs account, for {config.path} has {', '.join(known)}"),
            )
        )
        return None
    if named not in config.accounts:
        hint = validation.close_match(named, known)
        message = f"account {named} is not in {config.path}{hint}"
        faults.append(Fault(document.at("/account"), NAMES_AN_ACCOUNT.ends(message)))
        return None
    return named


def _regions(document: Document, config: Config | None, account: str, faults: list[Fault]) -> list[str]:
    value = document.value
    listed = value.get("regions")
    named = listed if isinstance(listed, list) else [value["region"]] if "region" in value else []
    known = config.accounts[account].regions if config else ()
    if not named and listed is None:
        if len(known) == 1:
            return list(known)
        if config:
            choice = f"; account {account} has {', '.join(known)}" if known else ""
            faults.append(Fault(document.key(""), NAMES_A_REGION.ends(f"a spec needs region{choice}")))
        return []
    for index, region in enumerate(named):
        if known and region not in known and isinstance(region, str):
            at = f"/regions/{index}" if isinstance(listed, list) else "/region"
            message = f"region {region} is not one of account {account}'s in reconcile.yaml: {', '.join(known)}"
            faults.append(Fault(document.at(at), NAMES_A_REGION.ends(message)))
    return [region for region in named if isinstance(region, str)]


def repeated(targeted: Iterable[tuple[Document, list[Target]]]) -> Iterator[Fault]:
    """A target that two files (or one twice) describe; each later place names the first."""
    first: dict[Target, Origin] = {}
    for document, targets in targeted:
        for target in targets:
            here = place_of(document, target)
            if target in first:
                message = f"{target} is described here and at {first[target]}; keep one of them"
                yield Fault(here, IS_DESCRIBED_ONCE.ends(message))
            first.setdefault(target, here)


def place_of(document: Document, target: Target) -> Origin:
    """Where a spec says what it is of; of a variant its label."""
    own = document.key("")
    return document.at(f"/{target.root}") if own == Origin(document.path) else own


def left_under_old_name(targeted: Iterable[tuple[Document, list[Target]]]) -> Iterator[Fault]:
    """A function that is said to have another name now, and still has a spec of its own."""
    documents = [(document, targets) for document, targets in targeted if targets]
    existing = {
        target: place_of(document, target)
        for document, targets in documents
        if document.value.get("state") != "absent"
        for target in targets
    }
    for document, targets in documents:
        was = document.value.get("was")
        before = [replace(target, name=was) for target in targets] if isinstance(was, str) else []
        for target in (target for target in before if target in existing):
            message = f"{was} has a spec of its own at {existing[target]}; take one of the two out"
            yield Fault(document.at("/was"), LEAVES_ITS_OLD_NAME.ends(message))


def overlay_faults(document: Document, regions: Collection[str]) -> Iterator[Fault]:
    """What a file says of a region that none of its specs is for; defaults may speak of any."""
    overlays = document.value.get(OVERLAY) if isinstance(document.value, dict) else None
    for region in overlays if isinstance(overlays, dict) and regions else ():
        origin = document.key(f"/{OVERLAY}/{escaped(str(region))}")
        if region not in regions and origin.path == document.path:
            message = f"this spec is not for {region}, but for {', '.join(sorted(regions))}; name it in regions, or take this out"
            yield Fault(origin, SPEAKS_OF_ITS_REGIONS.ends(message))
