"""What an import comes to, while it is under way."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.commands.rewriting import Rewriting
from reconciler.core.model import Target
from reconciler.importing.drafts import Draft


@dataclass(frozen=True, slots=True)
class File:
    """A spec that was proved: what it says, its text, and the drafts of each function that it is for."""

    draft: Draft
    text: str
    drafts: tuple[Draft, ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(draft.target for draft in self.drafts)


@dataclass(frozen=True, slots=True)
class Added:
    """A variant of a spec that is there: its label, and what it says as a whole, for each of its places."""

    path: str
    label: str
    draft: Draft
    drafts: tuple[Draft, ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(draft.target for draft in self.drafts)


@dataclass(slots=True)
class Import:
    """What comes of it: new files by path, those of layers, specs that are there with the variants that they get, what is passed over, and
    what could not be imported, each with the reason; path and text of the defaults that specs extend."""

    files: dict[str, File] = field(default_factory=dict)
    layers: dict[str, tuple[Target, str]] = field(default_factory=dict)
    rewritten: dict[str, Rewriting] = field(default_factory=dict)
    added: list[Added] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    defaults: tuple[str, str] | None = None

    @property
    def said(self) -> list[File | Added]:
        return [*self.files.values(), *self.added]

    @property
    def drafts(self) -> dict[Target, Draft]:
        """What is said of each function that is imported."""
        return {target: item.draft for item in self.said for target in item.targets}
