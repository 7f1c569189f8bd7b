"""The fewest calls that a fleet costs, and how long Lambda's quotas make them take. Pure.

A function of the fleet has a published version, an alias and a mapping. The scarce calls are those that share 15 a second.
"""

from __future__ import annotations

import math

from tests.benchmarks.aws.quotas import QUOTAS, SCARCE_QUOTA

VERSIONS_A_PAGE, MAPPINGS_A_PAGE = 50, 100
READING = "N ListAliases + ⌈2N/50⌉ ListFunctions + ⌈N/100⌉ ListEventSourceMappings; a second for 15 of them, or for 100 of N GetFunction"
CREATING = "3N writes (CreateFunction, CreateAlias, CreateEventSourceMapping); a second for 15"
CHANGING = "the plan's, and 3 writes (UpdateFunctionConfiguration, PublishVersion, UpdateAlias) a changed function"


def reading(functions: int) -> int:
    """Scarce calls that tell all of a fleet, where it is read from nothing."""
    return functions + math.ceil(2 * functions / VERSIONS_A_PAGE) + math.ceil(functions / MAPPINGS_A_PAGE)


def creating(functions: int) -> int:
    return 3 * functions


def changing(changed: int) -> int:
    return 3 * changed


def seconds(scarce: int, functions: int = 0) -> float:
    """That so many scarce calls and so many GetFunction take at the least."""
    return max(scarce / SCARCE_QUOTA, functions / QUOTAS["GetFunction"])
