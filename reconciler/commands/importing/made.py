"""What an import comes to, while it is under way."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.core.model import Target
from reconciler.importing.drafts import Draft


@dataclass(frozen=True, slots=True)
class File:
    """A spec that was proved: its text, and whom it is for."""

    draft: Draft
    text: str
    targets: tuple[Target, ...]


@dataclass(slots=True)
class Import:
    """What comes of it: files by path, what is passed over, and what could not be imported, each with the reason."""

    files: dict[str, File] = field(default_factory=dict)
    passed_over: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def targets(self) -> set[Target]:
        return {target for file in self.files.values() for target in file.targets}
