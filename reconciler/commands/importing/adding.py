"""A function that has a spec for another place becomes a variant of that: one function is one file. The file's text is edited, and believed
once it says of all places what it said, and of the new one what its draft says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.commands.importing.made import Added, Import
from reconciler.commands.importing.placing import beside, heading
from reconciler.commands.importing.proof import Unproved, Witness, proved
from reconciler.commands.rewriting import Rewriting, unchanged
from reconciler.core.errors import SpecError
from reconciler.core.model import Target
from reconciler.core.sealing import canonical
from reconciler.files.splicing import Edit, Unspliced
from reconciler.files.strict_yaml import Document
from reconciler.importing.defaults import patch
from reconciler.importing.drafts import Draft, merged
from reconciler.importing.texts import text
from reconciler.kinds.function import FUNCTION
from reconciler.spec import load
from reconciler.spec.extending import VARIANTS, WHERE, over_defaults, wholes


def with_variants(
    made: Import, witness: Witness, drafts: Sequence[Draft], specs: Mapping[str, Sequence[str]]
) -> list[Draft]:
    """Add those that are a variant of the one spec that their function has; the others are left for files of their own. `specs` are the
    files that describe a function somewhere."""
    left = [draft for draft in drafts if len(specs.get(draft.target.function, ())) != 1]
    for whole, group in merged(draft for draft in drafts if draft not in left):
        [path] = specs[whole.target.function]
        try:
            _add(made, witness, path, (whole, group))
        except (Unproved, Unspliced, SpecError) as error:
            made.remarks.append(f"{whole.target} is no variant of {path}, which describes it elsewhere: {error}")
            left += group
    return left


def _add(made: Import, witness: Witness, path: str, group: tuple[Draft, tuple[Draft, ...]]) -> None:
    """Raises Unproved, Unspliced, and SpecError where the file cannot be read."""
    if Path(path).is_symlink():
        raise Unproved("it is a link, and nothing is written through links")
    whole, drafts = group
    file = made.rewritten.get(path) or unchanged(path)
    written = partial(text, heading=heading(path, drafts, witness.live.taken_at))
    draft, _ = proved(beside(whole, Path(path).parent), witness, written, path)
    edit = _edit(file.document(), witness, draft)
    edited = file.edited([edit])
    _require_alone(file, edited, witness, (draft, [one.target for one in drafts]))
    made.rewritten[path] = edited
    made.added.append(Added(path, edit.steps[-1], draft, drafts))


def _edit(document: Document, witness: Witness, draft: Draft) -> Edit:
    """The variant under a label of its own: what is to be laid over the rest of the file for it to say the draft."""
    laid = over_defaults(document, witness.defaults, [])
    own = (FUNCTION.name, *WHERE)
    top, wanted = (_but(value, *own, VARIANTS) for value in (laid.value, draft.document))
    places = {name: draft.document[name] for name in WHERE if name in draft.document}
    accounts = {target.account for there, _ in _meant(document, witness) for target in there}
    label = _label(draft.target, accounts, laid.value.get(VARIANTS, {}))
    return Edit((VARIANTS, label), {**places, **patch(top, wanted)})


def _label(target: Target, accounts: Collection[str], taken: Collection[str]) -> str:
    """The account where it is a new one, else the region."""
    names = [*({target.account} - {*accounts}), target.region, f"{target.account}-{target.region}"]
    names = [re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:60] for name in names]
    names += [f"{names[-2]}-{number}" for number in range(2, len(taken) + 3)]
    return next(name for name in names if name not in taken)


def _but(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in names}


def _require_alone(before: Rewriting, after: Rewriting, witness: Witness, more: tuple[Draft, Sequence[Target]]) -> None:
    """That the file says what it said, and one spec more. Raises Unproved, SpecError."""
    draft, there = more
    _, faults = load.read_specs(after.document(), witness.config, witness.defaults)
    if faults:
        raise SpecError(faults)
    wanted = (tuple(there), canonical(_but(draft.document, *WHERE)))
    said = _meant(after.document(), witness)
    if wanted not in said or [item for item in said if item != wanted] != _meant(before.document(), witness):
        raise Unproved("the file would say something else; write the variant by hand")


def _meant(document: Document, witness: Witness) -> list[tuple[tuple[Target, ...], bytes]]:
    """Each spec of a file: where it is for, and what it says."""
    found = wholes(document, witness.defaults, [])
    return [(tuple(load.targets(whole, witness.config, [])), canonical(_but(whole.value, *WHERE))) for whole in found]
