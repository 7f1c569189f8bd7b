"""The story of `reconcile import`: names, then all that lives of them in bulk, drafts, proofs, and only then files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.commands import wiring
from reconciler.commands.importing.adding import with_variants
from reconciler.commands.importing.code import codes
from reconciler.commands.importing.environment import VARIABLES, Environments, environments
from reconciler.commands.importing.founding import configuration
from reconciler.commands.importing.layers import Wanted, used, with_layers
from reconciler.commands.importing.made import Added, File, Import
from reconciler.commands.importing.placing import Naming, prove
from reconciler.commands.importing.proof import Witness, code_seen
from reconciler.commands.importing.seeing import function_of, hashes, importable, seen
from reconciler.commands.importing.sharing import offer, require_place, share, tell_of_places
from reconciler.commands.importing.wish import Chosen, Wish, chosen, places, unasked
from reconciler.commands.new_files import require_folders, write
from reconciler.commands.output import warn
from reconciler.core.diff import steps_of
from reconciler.core.model import Target
from reconciler.core.words import many
from reconciler.importing.drafts import Wording, draft
from reconciler.importing.told import Said
from reconciler.report.schemas import FORMAT_VERSION
from reconciler.spec.config import Config
from reconciler.spec.extending import Defaults, on_disk
from reconciler.spec.referring import named_by_place, referring


def imported(wish: Wish) -> dict[str, Any]:
    """Write the specs, and tell what was written and what was not."""
    config, founded = configuration(wish)
    if wish.defaults:
        require_place(wish.defaults, config)
    environment = environments(wish.environment)
    found, made = proposed(wish, config, environment)
    if founded and made.files:
        write_new(config.path, founded)
    for path, content in (
        *([made.defaults] if made.defaults else ()),
        *((path, text) for path, (_, text) in made.layers.items()),
        *((path, file.text) for path, file in made.files.items()),
    ):
        write_new(path, content)
    for rewriting in made.rewritten.values():
        rewriting.write()
    return document(made, environment, found, config.path if founded and made.files else None)


def write_new(path: str, content: str) -> None:
    require_folders(Path(), path)
    write(Path(path), content)


def proposed(wish: Wish, config: Config, environment: Environments) -> tuple[Chosen, Import]:
    """What is to be imported and what comes of it; no spec is written yet."""
    where = places(wish, config)
    aws = wiring.connect(config, {place.account for place in where})
    found = chosen(wish, config, aws, where)
    made = Import(passed_over={str(target): f"{place} describes it" for target, place in found.described.items()})
    made.remarks += unasked(wish, config, where)
    made.failed |= dict.fromkeys(found.absent, "AWS has no such function in the places that are asked")
    live = seen(aws, found.targets)
    held = importable(config, live, made)
    said = {target: found.said.get(target, Said(target.function)) for target in held}
    functions = map(function_of, held.values())
    code = codes(aws, functions, said, buckets=wish.buckets, download=wish.download, warn=warn)
    defaults = Defaults(on_disk(Path(config.path).parent))
    witness = Witness(config, defaults, code_seen(live, hashes(held)), found.numbers, environment.values)
    layers = used(held, found.numbers)
    witness, references = with_layers(
        made, aws, witness, layers, Wanted(wish.output, wish.download, found.layers, warn)
    )
    drafts = [
        draft(lives, code[target], said[target], wording(config, environment, target, references))
        for target, lives in held.items()
    ]
    alone = with_variants(made, witness, drafts, found.elsewhere)
    for path, group in Naming(wish.output, alone).files():
        prove(made, witness, path, group)
    if wish.defaults:
        share(made, witness, wish.defaults)
    else:
        offer(made)
    tell_of_places(made)
    return found, made


def wording(config: Config, environment: Environments, target: Target, layers: Mapping[str, str]) -> Wording:
    account = config.accounts[target.account]
    return Wording(
        lambda text: layers.get(text) or referring(text, target, account.account_id),
        lambda text: named_by_place(text, target, account.account_id),
        environment.hidden(target, account.profile),
    )


# --- what there is to say ------------------------------------------------------------------------------------------


def document(made: Import, environment: Environments, found: Chosen, founded: str | None) -> dict[str, Any]:
    notes = (note for _, told in found.sources for note in told.notes)
    return {
        "format_version": FORMAT_VERSION,
        "kind": "import",
        "configuration": founded,
        "defaults": made.defaults[0] if made.defaults else None,
        "layers": [{"file": path, "address": str(target)} for path, (target, _) in made.layers.items()],
        "files": [
            *(_said(path, file) for path, file in made.files.items()),
            *({**_said(added.path, added), "variant": added.label} for added in made.added),
        ],
        "passed_over": _with_reasons(made.passed_over),
        "failed": _with_reasons(made.failed),
        "remarks": [*dict.fromkeys((*made.remarks, *_untold(made), *notes))],
        "parameters": [
            {"address": str(target), "command": command}
            for target in sorted(made.drafts)
            for command in environment.commands.get(target, ())
        ],
        "hand_over": list(hand_over(made, found)),
    }


def _said(path: str, said: File | Added) -> dict[str, Any]:
    return {
        "file": path,
        "addresses": [str(target) for target in said.targets],
        "left": [{"path": left.path, "reason": left.reason} for left in said.draft.left],
    }


def _untold(made: Import) -> Iterator[str]:
    """How many values of environments are left to others."""
    ignored = [steps_of(path) for said in made.said for path in said.draft.ignored]
    count = sum(steps[:-1] == VARIABLES for steps in ignored)
    if count:
        yield f"{many(count, 'variable')} of environments left to others, by name; --env says what else may be written"


def _with_reasons(reasons: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"address": address, "reason": reason} for address, reason in sorted(reasons.items())]


def hand_over(made: Import, found: Chosen) -> Iterator[dict[str, str]]:
    """What each source must be told so that it lets go of what specs now say, and keeps the rest."""
    documents = {target: draft.document for target, draft in made.drafts.items()}
    said_now = {id(found.said[target]): document for target, document in documents.items() if target in found.said}
    for reader, told in found.sources:
        parts = [(part, part.section in said_now.get(id(said), ())) for said in told.functions for part in said.parts]
        owned, kept = ([part for part, is_owned in parts if is_owned is wanted] for wanted in (True, False))
        if owned:
            yield {"source": reader.about, "text": reader.hand_over(owned, kept)}
