"""Which versions an alias was on, alone, as reports tell. Pure: documents in, versions out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ROLLBACK = "rollback"


def was_on(reports: Iterable[Mapping[str, Any]], address: str, alias: str) -> list[tuple[str, str]]:
    """(version, run) that the alias of a target had for itself, the last one first; `reports` are from the oldest on. Who went back has
    left what came after, so that going back twice leads no way forward."""
    held: list[tuple[str, str]] = []
    for report in reports:
        for version in _moves(report, address, alias):
            known = [name for name, _ in held]
            if report["run"]["command"] == ROLLBACK and version in known:
                del held[known.index(version) + 1 :]
            elif known[-1:] != [version]:
                held.append((version, str(report["run"]["id"])))
    return held[::-1]


def _moves(report: Mapping[str, Any], address: str, alias: str) -> Iterator[str]:
    """The versions that calls of a run put the alias on; those of calls that also gave it weights are none."""
    function = address.rpartition("/")[2]
    for task in (task for task in report["tasks"] if task["target"] == address):
        for result in task["resultObjects"]:
            is_ours = str(result.get("aliasArn", "")).endswith(f":function:{function}:{alias}")
            version = result.get("functionVersion")
            if is_ours and isinstance(version, str) and not _shares(result):
                yield version


def _shares(result: Mapping[str, Any]) -> bool:
    routing = result.get("routingConfig")
    return bool(isinstance(routing, dict) and routing.get("additionalVersionWeights"))
