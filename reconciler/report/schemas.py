"""JSON Schemas of the documents that we write: plan, snapshot, report. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORMAT_VERSION = "1.0"

Schema = dict[str, Any]


def closed(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
ANY: Schema = {}
MAP: Schema = {"type": "object"}
TIME: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
VERB: Schema = {"enum": ["create", "update", "replace", "adopt", "delete", "none"]}
CAUSE: Schema = {"enum": ["edit", "drift", "both", None]}
SOURCE: Schema = {"anyOf": [closed({"file": TEXT, "line": COUNT}), {"type": "null"}]}
FORMAT: Schema = {"type": "string", "pattern": r"^1\.[0-9]+$"}
PROVENANCE: Schema = closed(
    {
        "tool": TEXT,
        "version": TEXT,
        "commit": {"type": ["string", "null"]},
        "branch": {"type": ["string", "null"]},
        "dirty": {"type": ["boolean", "null"]},
    }
)
SUMMARY: Schema = closed(
    dict.fromkeys(("create", "update", "replace", "adopt", "delete", "unchanged", "operations"), COUNT)
)
DIAGNOSTIC: Schema = closed(
    {
        "severity": {"enum": ["note", "warning", "refusal"]},
        "message": TEXT,
        "address": {"type": ["string", "null"]},
        "source": SOURCE,
        "error": TEXT,
    }
)
FIELD: Schema = closed(
    {
        "path": TEXT,
        "before": ANY,
        "after": ANY,
        "sensitive": {"type": "boolean"},
        "cause": CAUSE,
        "source": SOURCE,
        "author": TEXT,
    }
)
ACTION: Schema = closed(
    {"address": TEXT, "kind": TEXT, "verb": VERB, "cause": CAUSE, "reason": TEXT, "fields": array(FIELD)}
)
PLANNED: Schema = closed({"id": TEXT, "operation": TEXT, "phase": TEXT, "address": TEXT})

PLAN: Schema = {
    "title": "A plan: what an apply would do",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "plan"},
            "digest": DIGEST,
            "provenance": PROVENANCE,
            "snapshot": closed({"taken_at": TIME, "digest": DIGEST}),
            "summary": SUMMARY,
            "targets": array(
                closed({"address": TEXT, "digest": DIGEST, "actions": array(ACTION), "operations": array(PLANNED)})
            ),
            "orphans": array(TEXT),
            "diagnostics": array(DIAGNOSTIC),
            "checksum": DIGEST,
        }
    ),
}

SNAPSHOT: Schema = {
    "title": "A snapshot: what AWS held, sensitive values as salted fingerprints",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "snapshot"},
            "taken_at": TIME,
            "digest": DIGEST,
            "salt": {"type": "string", "minLength": 32},
            "accounts": {"type": "object", "additionalProperties": TEXT},
            "resources": array(closed({"address": TEXT, "kind": TEXT, "name": TEXT, "properties": MAP, "handle": MAP})),
            "artifacts": array(
                closed({"address": TEXT, "code": MAP, "sha256": TEXT, "source": TEXT, "version": TEXT, "problem": TEXT})
            ),
        }
    ),
}

STATUS: Schema = closed(
    {
        "phase": TEXT,
        "status": TEXT,
        "complete": {"type": "boolean"},
        "completed": {"type": "boolean"},
        "failed": {"type": "boolean"},
        "retryable": {"type": "boolean"},
    }
)
PERFORMED: Schema = closed(
    {
        "operation": TEXT,
        "phase": TEXT,
        "started_at": {"anyOf": [TIME, {"type": "null"}]},
        "duration_seconds": {"type": ["number", "null"]},
        "attempts": COUNT,
        "request_id": TEXT,
        "outcome": {"enum": ["succeeded", "failed", "unknown", "not attempted"]},
        "error": {"anyOf": [closed({"type": TEXT, "code": TEXT, "message": TEXT}), {"type": "null"}]},
    }
)
TASK: Schema = closed(
    {
        "id": TEXT,
        "ownerId": TEXT,
        "startTimeMs": {"type": ["integer", "null"]},
        "history": array(closed({"phase": TEXT, "status": TEXT})),
        "resultObjects": array(MAP),
        "status": STATUS,
        "target": TEXT,
        "operations": array(PERFORMED),
    }
)

REPORT: Schema = {
    "title": "A report: the record of one run",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "report"},
            "run": closed(
                {
                    "id": TEXT,
                    "command": TEXT,
                    "started_at": TIME,
                    "finished_at": {"anyOf": [TIME, {"type": "null"}]},
                    "duration_seconds": {"type": ["number", "null"]},
                }
            ),
            "provenance": PROVENANCE,
            "outcome": closed(
                {
                    "status": {"enum": ["succeeded", "unchanged", "partial", "failed", "refused"]},
                    "exit_code": {"type": ["integer", "null"]},
                }
            ),
            "summary": SUMMARY,
            "tasks": array(TASK),
            "exports": array(closed({"address": TEXT, "spec": MAP})),
        }
    ),
}

SCHEMAS: Mapping[str, Schema] = {"plan": PLAN, "snapshot": SNAPSHOT, "report": REPORT}
