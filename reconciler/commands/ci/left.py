"""What the jobs of one run have left, one an account and region: each artifact in a folder of its own, whose name ends with .ACCOUNT.REGION."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.commands.output import error_document
from reconciler.core.errors import ReconcileError, ReportError
from reconciler.report.journal import json_object


def files_of(folder: Path, name: str, matrix: str) -> dict[str, Path]:
    """account/region → the file of this name that its job has left, or would have: of all in a matrix, which `targets` has printed, and of
    what is there besides. Raises ReportError for a matrix that is none."""
    there = {place_of(path.parent.name): path for path in folder.glob(f"*/{name}") if not path.is_symlink()}
    expected = {place: folder / place / name for place in places_in(matrix)}
    return dict(sorted({**expected, **there}.items()))


def place_of(artifact: str) -> str:
    """`test/us-west-2` of reconcile-plan-NAME.test.us-west-2."""
    account, _, region = artifact.partition(".")[2].rpartition(".")
    return f"{account}/{region}"


def places_in(matrix: str) -> list[str]:
    shards = json_object(matrix.encode(), "the matrix").get("include", []) if matrix else []
    try:
        return [f"{shard['account']}/{shard['region']}" for shard in shards]
    except (TypeError, KeyError) as error:
        raise ReportError("the matrix is not one that `reconcile targets --format matrix` prints") from error


def of_place(error: Mapping[str, Any], place: str) -> dict[str, Any]:
    """An error as one of an account and region."""
    return {**error, "messages": [f"{place}: {message}" for message in error["messages"]]}


def ended_before(what: str) -> dict[str, Any]:
    """The error of a job that has left nothing."""
    return error_document(ReportError(f"its job ended before it could leave {what}"), ReconcileError.exit_code)
