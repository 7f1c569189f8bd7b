"""The files of JSON that a rollout sends to a new version: what is wrong with them, and what they hold, by its hash. A name in a spec is a
stranger's, so that nothing is opened that does not lie in the spec's tree, links followed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from reconciler.core.diff import pointer
from reconciler.core.errors import Fault
from reconciler.core.finding import Rule
from reconciler.core.model import Origin, Spec
from reconciler.core.rollouts import Rollout, Smoke
from reconciler.files.reading import UnreadableFile, contents, is_there
from reconciler.files.strict_yaml import Document
from reconciler.files.tree import NEVER_PACKED, local_path, real_path
from reconciler.rollout.steps import rollout_of
from reconciler.rollout.written import ROLLOUT, smokes
from reconciler.spec.config import Config

IS_AN_EVENT = Rule(
    "R329",
    "A smoke event is a file of JSON, and no larger than Lambda takes.",
    "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
KEEPS_TO_ITS_TREE = Rule("R330", "A smoke event stands in the tree that its spec belongs to.")
LARGEST = 6 * 2**20  # bytes of a synchronous invocation


def event_faults(document: Document, config: Config | None, reported: Iterable[Origin]) -> Iterator[Fault]:
    """What is wrong with the files of a spec that is right as far as they go."""
    value = document.value
    if config is None or not isinstance(value, dict) or value.get("state") == "absent":
        return
    for at, smoke in smokes(value):
        written, place = smoke.get("event"), document.at(f"{at}/event")
        if not isinstance(written, str) or place in reported:
            continue
        path = event_path(document, at, written)
        if strays := _strays(path, config.tree(place.path)):
            yield Fault(place, KEEPS_TO_ITS_TREE.ends(f"event {written} {strays}; keep it in the same tree"))
        elif wrong := _wrong(path):
            yield Fault(place, IS_AN_EVENT.ends(f"event {written} {wrong}"))


def event_path(document: Document, at: str, written: str) -> Path:
    """Where an event is: relative to the file in which that is written."""
    return Path(local_path(document.at(f"{at}/event").path, written))


def _strays(path: Path, tree: Path) -> str:
    try:
        real = real_path(path)
    except ValueError:  # no path at all, as is told then
        return ""
    if not real.is_relative_to(tree):
        return f"leads out of {tree}"
    is_of_git = NEVER_PACKED in map(str.casefold, real.relative_to(tree).parts)
    return f"leads into {NEVER_PACKED}" if is_of_git else ""


def _wrong(path: Path) -> str:
    """What is told of an event is never what it holds."""
    if not is_there(path):
        return "does not exist; it is relative to this file"
    try:
        json.loads(contents(path, LARGEST).decode(), parse_constant=_no_number)
    except UnreadableFile as error:
        return str(error)
    except json.JSONDecodeError as error:
        return f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError):
        return "is not JSON"
    return ""


def _no_number(word: str) -> NoReturn:
    """NaN and Infinity, which Python reads and AWS does not."""
    raise ValueError(word)


def rollouts_of(document: Document) -> dict[str, Rollout]:
    """The rollouts of a spec that is right, by alias."""
    aliases: dict[str, Any] = document.value.get("aliases") or {}
    return {
        name: _placed(rollout_of(alias[ROLLOUT]), document, name) for name, alias in aliases.items() if ROLLOUT in alias
    }


def _placed(rollout: Rollout, document: Document, name: str) -> Rollout:
    at = pointer(("aliases", name, ROLLOUT, "smoke"))
    smoke = [
        replace(smoke, path=str(event_path(document, f"{at}/{index}", smoke.event)))
        for index, smoke in enumerate(rollout.smoke)
    ]
    return replace(rollout, smoke=tuple(smoke))


def with_events(spec: Spec) -> Spec:
    """With the hashes of the events that it sends, as they are now."""
    if not any(rollout.smoke for rollout in spec.rollouts.values()):
        return spec
    rollouts = {
        name: replace(rollout, smoke=tuple(map(_hashed, rollout.smoke))) for name, rollout in spec.rollouts.items()
    }
    return replace(spec, rollouts=rollouts)


def _hashed(smoke: Smoke) -> Smoke:
    try:
        content = contents(Path(smoke.path), LARGEST)
    except UnreadableFile:  # taken away since it was looked at: whoever sends it says so
        return smoke
    return replace(smoke, sha256=hashlib.sha256(content).hexdigest())
