"""What `reconcile doctor` says of one thing, and all of it as a document. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.core.errors import Fault, PlanError
from reconciler.core.model import Origin
from reconciler.report.documents import source_document
from reconciler.report.schemas import FORMAT_VERSION

Status = Literal["ok", "problem", "unknown"]
Subject = Literal["versions", "git", "specs", "workflow", "account", "clock", "plan", "rights"]


@dataclass(frozen=True, slots=True)
class Remark:
    """`unknown` is what cannot be told here and now, with the reason; only a problem is something wrong."""

    subject: Subject
    status: Status
    message: str
    origin: Origin | None = None


def of_faults(subject: Subject, faults: Iterable[Fault]) -> list[Remark]:
    return [Remark(subject, "problem", fault.message, fault.origin) for fault in faults]


def document(remarks: Iterable[Remark]) -> dict[str, Any]:
    listed = list(remarks)
    return {
        "format_version": FORMAT_VERSION,
        "kind": "doctor",
        "exit_code": PlanError.exit_code if any(remark.status == "problem" for remark in listed) else 0,
        "remarks": [
            {
                "subject": remark.subject,
                "status": remark.status,
                "message": remark.message,
                "source": source_document(remark.origin),
            }
            for remark in listed
        ],
    }
