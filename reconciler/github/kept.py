"""What runs on a branch have left: for the runs after them, and of what AWS held for pull requests without credentials. Pure but for the
forge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from reconciler.github.job import ON_A_BRANCH
from reconciler.github.port import Artifact, Forge
from reconciler.github.unpacked import files

MOST_LOOKED_AT = 100
LARGEST_BYTES = 128 * 2**20  # a snapshot of 10,000 functions has a fifth of that


def snapshot_artifact(name: str) -> str:
    return f"reconcile-snapshot-{name}"


def left_on(forge: Forge, name: str, branch: str) -> Iterator[Artifact]:
    """The artifacts of a name that a branch's own runs have left, those of the newest run first: one that is run again leaves anew what
    it left before. A pull request that goes out from the branch has its name and its commit, and a workflow that somebody else wrote."""
    named = (one for one in forge.artifacts(name) if not one.is_foreign and one.branch == branch)
    for artifact in sorted(islice(named, MOST_LOOKED_AT), key=lambda one: one.run, reverse=True):
        if forge.event_of(artifact) in ON_A_BRANCH:
            yield artifact


def newest(forge: Forge, name: str, branch: str, file: str) -> bytes:
    """A file of the newest artifact that a run on a branch has left, none of a fork's; empty where there is none."""
    artifact = next(left_on(forge, snapshot_artifact(name), branch), None)
    content = forge.download(artifact, LARGEST_BYTES) if artifact else b""
    return dict(files(content, re.escape(file), LARGEST_BYTES)).get(file, b"") if artifact else b""
