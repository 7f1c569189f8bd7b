"""What properties have in them: plain JSON, and what stands where a value is hidden, cut short, or not known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAPS = (dict, Mapping)  # what there mostly is stands first: to ask the other takes ten times as long
PLAIN = frozenset({str, int, float, bool, type(None)})  # have nothing in them


class Sealed(str):
    """A fingerprint standing for a sensitive value; equal values of one snapshot have equal fingerprints."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(sensitive)"


class LocalArn(str):
    """The end of an ARN, as `function:checkout:live`: what stands before it, account and region say, and the seam puts there."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Unreadable:
    """Stands where AWS holds a value and does not show it (a KMS key that the reader may not use), with AWS's reason.
    Unknown is not empty, and equals nothing, another unknown included: it is neither compared nor written from."""

    reason: str

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value that is shown instead of one which is not known yet, or must not be shown."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def hides(self) -> bool:
        """Whether it stands for a value that must not be shown."""
        return self.text.startswith("(sensitive")


SENSITIVE = Placeholder("(sensitive)")
KNOWN_AFTER_APPLY = Placeholder("(known after apply)")
UNSET = Placeholder("(unset)")
UNTOLD = Placeholder("(not told by AWS)")
