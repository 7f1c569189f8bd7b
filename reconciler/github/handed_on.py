"""What a step hands to the steps and jobs after it: counts and the digest of a plan, as GITHUB_OUTPUT takes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def of_plan(plan: Mapping[str, Any]) -> dict[str, str]:
    """`changed` says whether an apply would do anything."""
    counts = plan["summary"]
    return {
        "changed": "true" if counts["operations"] else "false",
        "creates": str(counts["create"]),
        "updates": str(counts["update"] + counts["adopt"]),
        "deletes": str(counts["delete"] + counts["replace"]),
        "refused": str(sum(note["severity"] == "refusal" for note in plan["diagnostics"])),
        "digest": str(plan["digest"]),
    }


def written(values: Mapping[str, str], delimiter: str) -> str:
    """The lines of the file. The delimiter is random, so that no value can end itself and begin another."""
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())
