"""A file of traffic: how often functions are called in the sandbox, and how each version takes it.

    checkout:                                   # a function
      live:                                     # what is called: an alias, a version's number, or $LATEST
        invocations: 120                        # a minute; the alias's weights say which versions run
        errors: 0.1%                            # the share that fails
        duration: 180ms                         # or several, taken in turn: [90ms, 110ms, 2s]
        throttles: 3                            # a minute, beside the invocations
        versions:                               # what is different for one
          "8": {errors: 6%, duration: 450ms}
          "9": {invocations: 40}                # so many a minute, whatever its weight is, as long as it has one

A file's text goes in, `Traffic` comes out. JSON is YAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.errors import Fault, ReconcileError, SpecError
from reconciler.files import strict_yaml
from reconciler.files.reading import UnreadableFile, contents
from reconciler.files.strict_yaml import Document

NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}", re.ASCII)
QUALIFIER = re.compile(r"\$LATEST|[a-zA-Z0-9-_]{1,128}", re.ASCII)
VERSION = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%", re.ASCII)
DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,3})?) ?(ms|s)", re.ASCII)
OF_A_VERSION = ("invocations", "errors", "duration")
OF_A_CALL = (*OF_A_VERSION, "throttles", "versions")
MOST_A_MINUTE = 1_000_000
LONGEST_MS = 5_400_000
MOST_DURATIONS = 100


class BadTraffic(ReconcileError):
    """A file of traffic that cannot be understood."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a version takes calls; `invocations` is None where the weights decide."""

    invocations: float | None = None
    errors: float = 0.0
    durations: tuple[float, ...] = (100.0,)


@dataclass(frozen=True, slots=True)
class Calls:
    """What is called by one name, a minute; `usual` is of versions that are not named."""

    invocations: float
    throttles: float
    usual: Behaviour
    versions: Mapping[str, Behaviour]

    def of(self, version: str) -> Behaviour:
        return self.versions.get(version, self.usual)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls by function and qualifier."""

    calls: Mapping[tuple[str, str], Calls] = field(default_factory=dict)


def read_traffic(path: Path) -> Traffic:
    """Raises BadTraffic with every mistake and its place."""
    try:
        document = strict_yaml.parse(contents(path, strict_yaml.MAX_BYTES), str(path))
    except UnreadableFile as error:
        raise BadTraffic(f"{path}: {error}") from error
    except SpecError as error:
        raise BadTraffic(str(error)) from error
    faults = sorted(set(_faults(document)))
    if faults:
        raise BadTraffic("\n".join(map(str, faults)))
    return Traffic(
        {
            (function, qualifier): _calls(called)
            for function, by_qualifier in document.value.items()
            for qualifier, called in by_qualifier.items()
        }
    )


# --- what is right ---------------------------------------------------------------------------------------------------


def _calls(written: Mapping[str, Any]) -> Calls:
    versions = {
        number: _behaviour({name: written[name] for name in ("errors", "duration") if name in written} | own)
        for number, own in written.get("versions", {}).items()
    }
    usual = _behaviour({name: value for name, value in written.items() if name != "invocations"})
    return Calls(float(written.get("invocations", 0)), float(written.get("throttles", 0)), usual, versions)


def _behaviour(written: Mapping[str, Any]) -> Behaviour:
    several = written.get("duration", "100ms")
    durations = tuple(map(_milliseconds, several if isinstance(several, list) else [several]))
    own = written.get("invocations")
    return Behaviour(None if own is None else float(own), _share(written.get("errors", 0)), durations)


def _share(written: Any) -> float:
    match = SHARE.fullmatch(written) if isinstance(written, str) else None
    return float(match[1]) / 100 if match else float(written)


def _milliseconds(written: str) -> float:
    match = DURATION.fullmatch(written)
    assert match
    return float(match[1]) * (1000 if match[2] == "s" else 1)


# --- what is wrong ---------------------------------------------------------------------------------------------------


def _faults(document: Document) -> Iterator[Fault]:
    top = document.value
    if not isinstance(top, dict) or not top:
        yield Fault(document.at(""), "traffic is a map of functions; see `reconcile help sandbox`")
        return
    for function, called in top.items():
        at = f"/{escaped(function)}"
        if not NAME.fullmatch(function):
            yield Fault(document.key(at), f"{function} is no name of a function: up to 64 letters, digits, - and _")
        if not isinstance(called, dict) or not called:
            yield Fault(
                document.at(at), f"{function} is to be a map of what is called: aliases, version numbers, $LATEST"
            )
            continue
        for qualifier, calls in called.items():
            yield from _of_call(document, f"{at}/{escaped(qualifier)}", qualifier, calls)


def _of_call(document: Document, at: str, qualifier: str, calls: Any) -> Iterator[Fault]:
    if not QUALIFIER.fullmatch(qualifier):
        yield Fault(document.key(at), f"{qualifier} is neither an alias nor a version's number nor $LATEST")
    if not isinstance(calls, dict):
        yield Fault(document.at(at), f"{qualifier} is to be a map of {', '.join(OF_A_CALL)}")
        return
    yield from _members(document, at, calls, OF_A_CALL)
    versions = calls.get("versions", {})
    if not isinstance(versions, dict):
        yield Fault(document.at(f"{at}/versions"), 'versions is to be a map of version numbers, as {"8": {errors: 6%}}')
        return
    own = [version for version in versions.values() if isinstance(version, dict) and "invocations" in version]
    if "invocations" not in calls and not own:
        yield Fault(document.key(at), f"{qualifier} is never called: say how many `invocations` a minute")
    for number, behaviour in versions.items():
        below = f"{at}/versions/{escaped(number)}"
        if not VERSION.fullmatch(number):
            yield Fault(document.key(below), f"{number} is no version's number")
        if not isinstance(behaviour, dict):
            yield Fault(document.at(below), f"{number} is to be a map of {', '.join(OF_A_VERSION)}")
            continue
        yield from _members(document, below, behaviour, OF_A_VERSION)


def _members(document: Document, at: str, written: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[Fault]:
    for name, value in written.items():
        below = f"{at}/{escaped(name)}"
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            yield Fault(document.key(below), f"{name} is not known; {hint}")
            continue
        wrong = WRONG[name](value) if name in WRONG else ""
        if wrong:
            yield Fault(document.at(below), f"{name} {wrong}")


def _wrong_number(value: Any) -> str:
    fits = type(value) in (int, float) and 0 <= value <= MOST_A_MINUTE
    return "" if fits else f"is to be a number a minute, 0 to {MOST_A_MINUTE:,}"


def _wrong_share(value: Any) -> str:
    is_written = isinstance(value, str) and SHARE.fullmatch(value)
    fits = (is_written or type(value) in (int, float)) and 0 <= _share(value) <= 1
    return "" if fits else "is to be a share: 6%, or 0.06"


def _wrong_duration(value: Any) -> str:
    several = value if isinstance(value, list) else [value]
    fits = 0 < len(several) <= MOST_DURATIONS and all(
        isinstance(one, str) and DURATION.fullmatch(one) and _milliseconds(one) <= LONGEST_MS for one in several
    )
    return "" if fits else f"is to be a duration, as 180ms or 1.5s, or a list of up to {MOST_DURATIONS}"


WRONG = {
    "invocations": _wrong_number,
    "throttles": _wrong_number,
    "errors": _wrong_share,
    "duration": _wrong_duration,
}
