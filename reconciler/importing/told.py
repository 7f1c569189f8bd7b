"""What a file of whatever deployed functions before tells of them: which they are, and what people call their parts. What they are like
only AWS tells, so no value of such a file, least of all of an environment, ever gets into a spec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was named, and its text."""

    path: str
    text: str


@dataclass(frozen=True, order=True, slots=True)
class Part:
    """Something that a source manages of a function: the section of a spec that says it from now on, and what the source calls it."""

    section: str
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a source tells of one function, in which `file` of it. `region` and `account_id` are empty where it does not say them, and so is
    `account`, the name that reconcile.yaml has for it.

    `labels` has names for event source mappings, by UUID or by the ARN of their source. `code` is where the source says the code is, in
    the words of a spec: `path` relative to that file, S3Bucket and S3Key, or ImageUri; it is written only where what is there
    is what lives. `symbols` maps JSON Pointers into the spec to what stands there in the source, for a comment. `parts` are what
    the source manages of it, for the hand-over.
    """

    function: str
    file: str = ""
    region: str = ""
    account_id: str = ""
    account: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What the files of one source tell; `notes` say what of them was not understood."""

    functions: tuple[Said, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """How one source is read. `about` names it in words. `parsed(file)` is what a file of it holds, None where the file is of another:
    it raises SourceError for one that is of this source and cannot be read. `told` takes what all files of it hold. `hand_over(owned, kept)`
    is what to write and run there so that it lets go of what specs now own, deletes none of it, and goes on with the parts that it keeps.
    """

    name: str
    about: str
    parsed: Callable[[File], Any]
    told: Callable[[Sequence[Any]], Told]
    hand_over: Callable[[Sequence[Part], Sequence[Part]], str]
