"""What an import comes to, while it is under way."""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Import:
    """What comes of it: files by path, what is passed over, and what could not be imported, each with the reason; path and text of the
    defaults that specs extend."""

    files: dict[str, File] = field(default_factory=dict)
    passed_over: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    defaults: tuple[str, str] | None = None

    @property
    def targets(self) -> set[Target]:
        return {target for file in self.files.values() for target in file.targets}
