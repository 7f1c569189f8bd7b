"""The values that most of the imported functions have alike, written once: a file of defaults that their specs extend. Each is proved anew."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from functools import partial
from os.path import lexists
from pathlib import Path

from reconciler.commands.importing.made import File, Import
from reconciler.commands.importing.placing import heading
from reconciler.commands.importing.proof import Unproved, Witness, proved
from reconciler.core.errors import SelectionError
from reconciler.core.sealing import canonical
from reconciler.core.words import many
from reconciler.files import strict_yaml
from reconciler.files.splicing import block
from reconciler.files.tree import real_path
from reconciler.importing.defaults import common, extending
from reconciler.importing.drafts import Draft
from reconciler.importing.texts import comment, text
from reconciler.spec.config import FILE_NAME, Config
from reconciler.spec.discovery import DEFAULTS, is_spec_name
from reconciler.spec.extending import VARIANTS, Defaults, on_disk


def require_place(path: Path, config: Config) -> None:
    """That specs may extend what is to be written there. Raises SelectionError."""
    root = Path(config.path).parent
    if lexists(path):
        raise SelectionError(f"--defaults {path} is there, and no file is changed; name another")
    if not real_path(path).is_relative_to(real_path(root)) or not is_spec_name(path.name):
        raise SelectionError(f"--defaults {path} is no .yaml file in {root}, the folder of {FILE_NAME}")


def share(made: Import, witness: Witness, path: Path) -> None:
    """Add the defaults, and let the specs extend them that say the same then."""
    shared = common([file.draft for file in made.files.values()])
    if not made.files:
        made.remarks.append(f"{path} is not written: no spec is new")
        return
    what = f"What most of {many(len(made.files), 'function')} have in common, as AWS held it on {witness.live.taken_at[:10]}"
    lines = [*comment(what), *block(DEFAULTS, path.stem, 0)]
    for section, values in shared.items():
        lines += ["", *block(section, values, 0)]
    lines += ["", *elsewhere(made)]
    content = "".join(f"{line}\n" for line in lines)
    root = Path(witness.config.path).parent
    known = replace(witness, defaults=Defaults(on_disk(root), [strict_yaml.parse(content, str(path))]))
    lean = {}
    for name, file in made.files.items():
        relative = Path(os.path.relpath(path, Path(name).parent)).as_posix()
        lean[name] = leaner(file, extending(file.draft, shared, relative), known, name)
    if lean == made.files:
        made.remarks.append(
            f"{path} is not written, for no spec may extend it there; it stands in the folder of {FILE_NAME}"
        )
        return
    alone = [name for name, file in lean.items() if file is made.files[name]]
    if alone:
        made.remarks.append(f"{many(len(alone), 'spec')} could not extend {path}: {', '.join(alone)}")
    made.files, made.defaults = lean, (str(path), content)


def elsewhere(made: Import) -> list[str]:
    """How another place for all of them is written, for whoever takes the signs of the comment away."""
    account = min(target.account for target in made.drafts)
    place = block(VARIANTS, {"elsewhere": {"account": account, "region": "REGION"}}, 0)
    return [
        *comment("Another place for all of them is one entry, with what is another there:"),
        *(f"# {line}" for line in place),
    ]


def leaner(file: File, draft: Draft, witness: Witness, path: str) -> File:
    """The file as it is with defaults; without them, where it would say something else."""
    written = partial(text, heading=heading(path, file.drafts, witness.live.taken_at))
    try:
        final, content = proved(draft, witness, written, path)
    except Unproved:
        return file
    return replace(file, text=content) if canonical(final.document) == canonical(draft.document) else file


def offer(made: Import) -> None:
    """Say what could be shared."""
    count = sum(map(len, common([file.draft for file in made.files.values()]).values()))
    if count:
        made.remarks.append(
            f"{many(count, 'value')} the same in most of the functions; --defaults FILE writes them once, "
            "and another place for all of them is one entry there"
        )


def tell_of_places(made: Import) -> None:
    """Say which functions have more than one file, and how they would have one."""
    files = Counter(file.draft.target.function for file in made.files.values())
    count = sum(number > 1 for number in files.values())
    if count:
        made.remarks.append(
            f"{many(count, 'function')} with a file for each place; import one place after the other (--account, --region) for "
            "variants of one file"
        )
