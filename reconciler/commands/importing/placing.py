"""Where specs are to be written, and what of them is proved."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from os.path import lexists
from pathlib import Path

from reconciler.commands.importing.made import File, Import
from reconciler.commands.importing.proof import Unproved, Witness, proved
from reconciler.importing.drafts import Draft, merged
from reconciler.importing.texts import text
from reconciler.spec.config import FILE_NAME

SCHEMA = Path("schemas/function.schema.json")


class Naming:
    """Where specs go: by function, in folders by account and region where there are several."""

    def __init__(self, output: Path, drafts: Sequence[Draft]) -> None:
        self.output, self.groups = output, merged(drafts)
        self.has_accounts = len({draft.target.account for draft in drafts}) > 1
        self.has_regions = len({draft.target.region for draft in drafts}) > 1
        self.taken = {FILE_NAME}

    def files(self) -> Iterator[tuple[str, tuple[Draft, tuple[Draft, ...]]]]:
        for whole, group in self.groups:
            folder = self.output
            folder = folder / whole.target.account if self.has_accounts else folder
            folder = folder / whole.target.region if self.has_regions and len(group) == 1 else folder
            path = str(folder / self._name(folder, whole.target.function))
            yield path, (beside(whole, folder), group)

    def _name(self, folder: Path, function: str) -> str:
        """One that no other has, on a disk that takes large and small letters for one, too."""
        stem = re.sub(r"[^a-zA-Z0-9_-]", "-", function)
        for end in ("", *(f"-{number}" for number in range(2, len(self.groups) + 3))):
            name = f"{stem}{end}.yaml"
            if name.lower() != FILE_NAME and str(folder / name).lower() not in self.taken:
                break
        self.taken.add(str(folder / name).lower())
        return name


def beside(whole: Draft, folder: Path) -> Draft:
    """The draft with a path of code as it is said in a file of this folder."""
    code = whole.document.get("code", {})
    if "path" not in code:
        return whole
    path = Path(os.path.relpath(code["path"], folder)).as_posix()
    return replace(whole, document={**whole.document, "code": {**code, "path": path}})


def prove(made: Import, witness: Witness, path: str, group: tuple[Draft, tuple[Draft, ...]]) -> None:
    """Add the file, or why there is none."""
    whole, drafts = group
    targets = tuple(draft.target for draft in drafts)
    reason = (
        f"{path} is there, and no file is changed; move it, or name another folder with -o" if lexists(path) else ""
    )
    try:
        written = partial(text, heading=heading(path, drafts, witness.live.taken_at))
        if not reason:
            made.files[path] = File(*proved(whole, witness, written, path), drafts)
    except Unproved as error:
        reason = str(error)
    made.failed |= {str(target): reason for target in targets if reason}


def heading(path: str, drafts: Sequence[Draft], taken_at: str) -> list[str]:
    """What the file is; for editors, where its schema is, as far as there is one."""
    above = next((folder / SCHEMA for folder in Path(path).parents if (folder / SCHEMA).is_file()), None)
    schema = (
        [f"yaml-language-server: $schema={Path(os.path.relpath(above, Path(path).parent)).as_posix()}"] if above else []
    )
    arns = " and ".join(draft.arn for draft in drafts)
    return [*schema, f"{drafts[0].target.function}, as AWS held it on {taken_at[:10]}; imported from {arns}"]
