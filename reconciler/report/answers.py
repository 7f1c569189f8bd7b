"""JSON Schemas of the answers to daily questions. Data only, as `schemas` has those of plans and reports."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.report.schemas import ADDRESS, FORMAT, TEXT, TIME, Schema, array, closed

LOGS: Schema = {
    "title": "What a function has logged",
    "description": "Printed by `reconcile logs --format json`, by time. `version` is the one that wrote the line, empty where its stream is none of "
    "Lambda's.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "logs"},
            "address": ADDRESS,
            "log_group": TEXT,
            "since": TIME,
            "events": array(closed({"id": TEXT, "at": TIME, "stream": TEXT, "version": TEXT, "message": TEXT})),
        }
    ),
}  # fmt: skip

SCHEMAS: Mapping[str, Schema] = {"logs": LOGS}
