"""What `reconcile import` is asked for, and which functions that means. Asks AWS for names, and nothing else."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.core.errors import Fault, SelectionError, SourceError, SpecError
from reconciler.core.grouping import grouped
from reconciler.core.model import Origin, Target
from reconciler.core.place import Place
from reconciler.files.reading import UnreadableFile, contents
from reconciler.files.validation import close_match
from reconciler.importing.readers import read as read_sources
from reconciler.importing.told import File, Reader, Said, Told
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.spec.config import Config
from reconciler.spec.discovery import discovered
from reconciler.spec.extending import wholes
from reconciler.spec.load import targets
from reconciler.spec.selection import matches

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

NAMING = "ListFunctions"
LARGEST_SOURCE_BYTES = 64 * 2**20  # a state of thousands of resources has a tenth of that


@dataclass(frozen=True, slots=True)
class Wish:
    """Which functions: those that `words` mean, or `sources` tell of, or all that no spec describes; of an account or region alone where
    one is named. Where specs go; how values of environments are written; where code is looked for, and
    downloaded to; where what functions have in common is written."""

    words: Sequence[str]
    account: str
    region: str
    pattern: str
    sources: Sequence[Path]
    output: Path
    environment: str
    buckets: Sequence[str]
    download: Path | None
    defaults: Path | None


@dataclass(slots=True)
class Chosen:
    """The functions that are to be imported, with what a source says of each; which are not, and why; what of the sources is not
    understood. `numbers` are the accounts', `elsewhere` the files that describe a function, wherever it is; `layers` have a spec."""

    targets: list[Target] = field(default_factory=list)
    said: dict[Target, Said] = field(default_factory=dict)
    described: dict[Target, str] = field(default_factory=dict)
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    layers: set[Target] = field(default_factory=set)
    absent: list[str] = field(default_factory=list)
    sources: list[tuple[Reader, Told]] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)


def chosen(wish: Wish, config: Config, aws: Aws, places: Sequence[Place]) -> Chosen:
    """Raises SelectionError for words that mean none, SourceError, SpecError where a spec that is there cannot be read."""
    found = Chosen(sources=sources(wish.sources), numbers={place.account: aws.account_id(place) for place in places})
    there = [target for place in places for target in names(aws, place)]
    wanted = meant(wish, there)
    if found.sources:
        said = told(found, there)
        wanted = [target for target in wanted if target in said]
        found.said = said
    specs = described(config)
    found.described = {target: str(specs[target]) for target in wanted if target in specs}
    for target, place in specs.items():
        files = found.elsewhere.setdefault(target.function, [])
        files += [] if place.path in files or target.root != FUNCTION.name else [place.path]
    found.layers = {target for target in specs if target.root == LAYER.name}
    found.targets = [target for target in wanted if target not in specs]
    return found


def places(wish: Wish, config: Config) -> list[Place]:
    """Every enabled account, or the one that is named, with its regions, or the one that is named. Raises SelectionError where there is
    none."""

    if wish.account and wish.account not in config.accounts:
        hint = close_match(wish.account, config.accounts)
        raise SelectionError(f"account {wish.account} is not in {config.path}{hint}")
    found = []
    for account in config.accounts.values():
        if wish.account in ("", account.name) and (account.is_enabled or wish.account):
            regions = [region for region in account.regions or (wish.region,) if wish.region in ("", region) and region]
            found += [Place(account.name, region) for region in regions]
    if not found:
        what = f"region {wish.region} is none of" if wish.region else "no region is named for"
        raise SelectionError(f"{what} an account that {config.path} enables; write regions there, or pass --region")
    return found


def unasked(wish: Wish, config: Config, asked: Sequence[Place]) -> Iterator[str]:
    """Which accounts were not asked, and why, where all functions are meant; where there is one place alone, that others may have more."""
    if wish.words or wish.pattern or wish.sources or wish.account:
        return
    there = {place.account for place in asked}
    for account in config.accounts.values():
        if account.name not in there:
            why = "has no regions; write them, or pass --region" if account.is_enabled else "is not enabled"
            yield f"account {account.name} was not asked, for in {config.path} it {why}"
    if len(asked) == 1 and not wish.region:
        yield f"{asked[0]} alone was asked; other regions are asked once {config.path} names them"


def names(aws: Aws, place: Place) -> list[Target]:
    pages = aws.pages(place, NAMING, {})
    return sorted(
        Target(place.account, place.region, item["FunctionName"]) for page in pages for item in page["Functions"]
    )


def meant(wish: Wish, there: Sequence[Target]) -> list[Target]:
    """The functions that words and pattern mean; all of them where nothing does. Raises SelectionError."""
    wrong = [word for word in wish.words if not any(matches(word, target) for target in there)]
    if wrong:
        raise SelectionError("\n".join(unknown(word, there) for word in wrong))
    return [
        target
        for target in there
        if (not wish.words or any(matches(word, target) for word in wish.words))
        and fnmatchcase(target.function, wish.pattern or "*")
    ]


def unknown(word: str, there: Iterable[Target]) -> str:
    near = get_close_matches(word.rpartition("/")[2], sorted({target.function for target in there}), n=1)
    return f"AWS has no function {word} in the places that are asked{f'; did you mean {near[0]}?' if near else ''}"


# --- what is told beside AWS -----------------------------------------------------------------------------------------


def sources(paths: Iterable[Path]) -> list[tuple[Reader, Told]]:
    """Raises SourceError, also where all of them tell of no function."""
    files = [File(str(path), source_text(path)) for path in paths]
    found = read_sources(files)
    if files and not any(told.functions for _, told in found):
        notes = [note for _, told in found for note in told.notes]
        raise SourceError("\n".join(notes or [f"{file.path}: tells of no function" for file in files]))
    return found


def source_text(path: Path) -> str:
    """A shell may write UTF-16, and a mark of the order of bytes. Raises SourceError."""
    try:
        content = contents(path, LARGEST_SOURCE_BYTES)
        return content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except (UnreadableFile, UnicodeDecodeError) as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise SourceError(f"{path}: {reason}") from error


def told(found: Chosen, there: Sequence[Target]) -> dict[Target, Said]:
    """What sources say of functions that live; of what does not live only that."""
    known: dict[Target, Said] = {}
    called = grouped(there, lambda target: target.function)
    for said in (said for _, told in found.sources for said in told.functions):
        meant = [target for target in called.get(said.function, ()) if is_there(said, target, found.numbers)]
        known |= dict.fromkeys(meant, said)
        where = "/".join(filter(None, (said.account or said.account_id, said.region, said.function)))
        found.absent += [] if meant else [where]
    return known


def is_there(said: Said, target: Target, numbers: Mapping[str, str]) -> bool:
    """Whether nothing that a source says speaks against this place."""
    return (
        said.region in ("", target.region)
        and said.account_id in ("", numbers.get(target.account, ""))
        and said.account in ("", target.account)
    )


def described(config: Config) -> dict[Target, Origin]:
    """The functions that specs describe already, each with its place. Raises SpecError where a spec cannot be read, for it may describe
    one as well."""
    root, faults = Path(config.path).parent, list[Fault]()
    try:
        documents = discovered([root], root, faults).specs
    except SpecError:  # there is none yet
        documents = []
    if faults:
        raise SpecError(faults)
    return {
        target: document.at("/function")
        for document in documents
        for whole in wholes(document, None, [])
        for target in targets(whole, config, [])
    }
