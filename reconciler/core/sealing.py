"""Fingerprints in place of sensitive values, and canonical JSON. Pure: randomness comes in as an argument.

A fingerprint tells equal from changed within one salt. It does not withstand guessing by somebody who holds the salt.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from reconciler.core.later import in_json
from reconciler.core.model import Properties
from reconciler.core.values import MAPS, PLAIN, Placeholder, Sealed, Unreadable

STRETCH_ROUNDS = 20_000  # about 10 ms: what one guess at a digest's secrets costs, once per changed target


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8. What is no UTF-8, as the name of a file may be, passes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return text.encode("utf-8", "surrogatepass")


def _plain(value: Any) -> str:
    return value.text if isinstance(value, Placeholder) else in_json(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def stretched_digest(value: Any, purpose: str) -> str:
    """A digest that is slow to guess, of values that must not be learned from it. `purpose` keeps two uses apart."""
    return hashlib.pbkdf2_hmac("sha256", canonical(value), purpose.encode(), STRETCH_ROUNDS).hex()


def fingerprint(value: Any, salt: str) -> Sealed:
    return Sealed("fingerprint:" + hmac.new(salt.encode(), canonical(value), "sha256").hexdigest()[:32])


def sealed(
    properties: Properties, is_sensitive: Callable[[tuple[str, ...]], bool], salt: str, leaving: Collection[str] = ()
) -> dict[str, Any]:
    """`properties` with each sensitive leaf replaced by its fingerprint, but for those in `leaving`; map keys stay readable."""

    def walk(value: Any, steps: tuple[str, ...]) -> Any:
        if type(value) not in PLAIN and isinstance(value, MAPS):
            return {key: walk(item, (*steps, key)) for key, item in value.items()}
        is_left = isinstance(value, Sealed | Unreadable) or (isinstance(value, str) and value in leaving)
        return value if is_left or not is_sensitive(steps) else fingerprint(value, salt)

    return {key: walk(item, (key,)) for key, item in properties.items()}


def sensitive_texts(properties: Properties, is_sensitive: Callable[[tuple[str, ...]], bool]) -> Iterator[str]:
    """The sensitive leaves of `properties` that are texts and no fingerprints."""

    def walk(value: Any, steps: tuple[str, ...]) -> Iterator[str]:
        if isinstance(value, Mapping):
            for key, item in value.items():
                yield from walk(item, (*steps, key))
        elif isinstance(value, str) and not isinstance(value, Sealed) and is_sensitive(steps):
            yield value

    return walk(properties, ())


def checksum(document: Mapping[str, Any]) -> str:
    """Of everything in a plan document but itself: tells a file that was changed after it was written."""
    return digest({name: value for name, value in document.items() if name != "checksum"})
