"""Specs whose text is changed: read, shown as a difference, and written whole or not at all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Spec, Target
from reconciler.core.values import SENSITIVE, UNSET
from reconciler.files import strict_yaml
from reconciler.files.marked_yaml import veiled
from reconciler.files.splicing import Edit, Unspliced, spliced
from reconciler.files.strict_yaml import Document
from reconciler.kinds.configuration import CONFIGURATION
from reconciler.kinds.function import FUNCTION
from reconciler.report.journal import write_atomically
from reconciler.spec import load
from reconciler.spec.config import Config, text_of
from reconciler.spec.extending import Defaults, on_disk
from reconciler.spec.places import Position, position

IS_WRITTEN_IN_ITS_PLACE = Rule(
    "R254", "What is written into a spec has a place there that is its own, and changes nothing else."
)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A spec's file as it is and as it is to be."""

    path: str
    before: str
    after: str

    @property
    def is_needed(self) -> bool:
        return self.before != self.after

    @property
    def diff(self) -> str:
        """As people may see it: no value of the environment is shown."""
        before, after = (veiled(text, is_hidden, SENSITIVE.text).splitlines() for text in (self.before, self.after))
        lines = difflib.unified_diff(before, after, self.path, self.path, n=1, lineterm="")
        return "".join(f"{line}\n" for line in lines)

    def edited(self, edits: Iterable[Edit]) -> Rewriting:
        """Raises Unspliced."""
        return replace(self, after=spliced(self.after, self.path, edits))

    def document(self) -> Document:
        return strict_yaml.parse(self.after, self.path)

    def specs(self, config: Config) -> list[Spec]:
        """What the new text says. Raises SpecError."""
        return load.specs_of(self.document(), config, Defaults(on_disk(Path(config.path).parent)))

    def write(self) -> None:
        """Raises UnsafePlan where the file is another by now, or none; ReportError where it cannot be written."""
        path = Path(self.path)
        if path.is_symlink():
            message = f"{path} is a link, and nothing is written through links; name the file itself"
            raise UnsafePlan(IS_WRITTEN_IN_ITS_PLACE.ends(message))
        if text_of(path) != self.before.encode():
            raise UnsafePlan(IS_WRITTEN_IN_ITS_PLACE.ends(f"{path} was changed meanwhile; nothing is written"))
        write_atomically(path, self.after, mode=path.stat().st_mode & 0o777)


def is_hidden(steps: tuple[str, ...]) -> bool:
    """Whether a value of a file must not be shown, in whichever part of it a configuration stands."""
    starts = (index for index, step in enumerate(steps) if step == CONFIGURATION.name)
    return any(FUNCTION.is_sensitive(steps[index:]) for index in starts)


def unchanged(path: str) -> Rewriting:
    """Raises SpecError where the file cannot be read."""
    text = text_of(Path(path)).decode()
    return Rewriting(path, text, text)


def placed(workspace: Workspace, spec: Spec, steps: tuple[str, ...]) -> Position:
    """Where something of a spec is written, and for whom, chosen or not. Raises UnsafePlan where that is another file, which more than
    one spec may share."""
    file = unchanged(spec.path)
    found = position(spec, steps, file.document(), file.specs(workspace.own))
    if found.origin.path != spec.path:
        message = f"{found.origin}: this says it for {spec.target} and maybe for others; change it there, or say it in {spec.path}"
        raise UnsafePlan(IS_WRITTEN_IN_ITS_PLACE.ends(message))
    return found


# --- an alias's version ----------------------------------------------------------------------------------------------


def pinned(workspace: Workspace, target: Target, alias: str, version: str, left: str = "") -> Rewriting:
    """The spec with an alias on one version and nothing beside it; that it `left` another one is said there, where that is known. Raises
    UnsafePlan where there is no such place."""
    spec = next((spec for spec in workspace.written if spec.target == target), None)
    at = ("aliases", alias)
    if spec is None or not any((item.key.kind, item.key.name) == ("alias", alias) for item in spec.desired):
        where = spec.path if spec else "any spec"
        raise UnsafePlan(
            IS_WRITTEN_IN_ITS_PLACE.ends(f"{target}: alias {alias} is not in {where}, so it cannot be pinned")
        )
    file = unchanged(spec.path)
    main, routing = (placed(workspace, spec, (*at, name)) for name in ("FunctionVersion", "RoutingConfig"))
    others = sorted({*main.shared, *routing.shared} - {target})
    if others:
        message = f"{main.origin}: this is said for {others[0]} as well; say it for {target.region} alone, with by_region or in a variant, first"
        raise UnsafePlan(IS_WRITTEN_IN_ITS_PLACE.ends(message))
    edits = [Edit(main.steps, version, f"rolled back from {left}" if left else "")]
    if routing.value is not UNSET:
        more = isinstance(routing.value, dict) and len(routing.value) > 1
        edits.append(Edit((*routing.steps, "AdditionalVersionWeights") if more else routing.steps, UNSET))
    try:
        file = file.edited(edits)
    except Unspliced as error:
        raise UnsafePlan(IS_WRITTEN_IN_ITS_PLACE.ends(str(error))) from error
    file.specs(workspace.config)
    return file
