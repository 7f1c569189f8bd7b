"""JSON Schemas of the documents that we write: plan, snapshot, report. Data only: whoever writes or reads a document
validates it against these, and the committed files are printed from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from reconciler.core.plans import Cause
from reconciler.core.rollouts import Course
from reconciler.core.trail import UNKNOWN
from reconciler.kinds.registry import KINDS, ROOTS

FORMAT_VERSION = "1.1"

Schema = dict[str, Any]


def closed(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def stamp(moment: datetime) -> str:
    """A time as all our documents say it, and as `TIME` checks it: UTC, ISO 8601, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
ANY: Schema = {}
MAP: Schema = {"type": "object"}
SHARES: Schema = {"type": "object", "additionalProperties": {"type": "number", "minimum": -1000, "maximum": 1000}}
TIME: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$"}
TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
TIME_OR_NONE: Schema = {"anyOf": [TIME, {"type": "null"}]}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
KIND: Schema = {"enum": sorted(KINDS)}
ADDRESS: Schema = {"type": "string", "pattern": f"^[^/]+/[^/]+(/({'|'.join(ROOTS)}))?/[^/]+$"}
PLACE: Schema = {"type": "string", "pattern": "^[^/]+/[^/]+$"}
VERB: Schema = {"enum": ["create", "update", "replace", "adopt", "delete", "none"]}
CAUSE: Schema = {"enum": [*get_args(Cause), None]}
SOURCE: Schema = {"anyOf": [closed({"file": TEXT, "line": COUNT}), {"type": "null"}]}
FORMAT: Schema = {"type": "string", "pattern": r"^1\.[0-9]+$"}
PROVENANCE: Schema = closed(
    {
        "tool": TEXT,
        "version": TEXT,
        "commit": TEXT_OR_NONE,
        "branch": TEXT_OR_NONE,
        "dirty": {"type": ["boolean", "null"]},
    }
)
SUMMARY: Schema = closed(
    dict.fromkeys(("create", "update", "replace", "adopt", "delete", "unchanged", "refused", "operations"), COUNT),
    optional=("refused",),
)
COST: Schema = closed(
    {
        **dict.fromkeys(("account", "region"), TEXT),
        **dict.fromkeys(("changes", "looks"), COUNT),
        "seconds": {"type": "number", "minimum": 0},
        "is_at_least": {"type": "boolean"},
    }
)
DIAGNOSTIC: Schema = closed(
    {
        "severity": {"enum": ["note", "warning", "refusal"]},
        "message": TEXT,
        "address": TEXT_OR_NONE,
        "source": SOURCE,
        "error": TEXT,
        "left_out": {"const": True},
        "is_standing": {"const": True},
        "rule": {"type": "string", "pattern": "^[RW][0-9]{3}$"},
        "until": TIME,
    },
    optional=("left_out", "is_standing", "rule", "until"),
)
FIELD: Schema = closed(
    {
        "path": TEXT,
        "before": ANY,
        "after": ANY,
        "sensitive": {"type": "boolean"},
        "known_after_apply": {"type": "boolean"},
        "cause": CAUSE,
        "source": SOURCE,
        "author": TEXT,
        "not_told": {"const": True},
        "said": TEXT,
        "written": TEXT,
        "by": {"const": "rollout"},
    },
    optional=("known_after_apply", "not_told", "said", "written", "by"),
)
FILE: Schema = closed({"name": TEXT, "before": {"type": ["integer", "null"]}, "after": {"type": ["integer", "null"]}})
COMPARISON: Schema = closed(
    {"changed": COUNT, "added": COUNT, "removed": COUNT, "grown_bytes": {"type": "integer"}, "files": array(FILE)}
)
PACKAGE: Schema = closed(
    {
        "bytes": COUNT,
        "files": COUNT,
        "unpacked_bytes": COUNT,
        "stored_at": TEXT,
        "compared": COMPARISON,
        "unseen": TEXT,
    },
    optional=("stored_at", "compared", "unseen"),
)
WHO: Schema = {
    "anyOf": [
        closed({"unknown": {"enum": [*UNKNOWN]}}),
        closed(
            {
                "at": TIME,
                **dict.fromkeys(("name", "session", "type", "via", "event", "event_id"), TEXT),
                "by": {"const": "us"},
            },
            optional=("by",),
        ),
    ]
}
UNDERWAY: Schema = closed(
    {
        "status": {"enum": [*get_args(Course)]},
        **dict.fromkeys(("stable", "candidate", "since", "not_before", "flag", "rejected", "reason"), TEXT),
        **dict.fromkeys(("step", "steps"), COUNT),
        "weight": {"type": "number", "minimum": 0, "maximum": 1},
    }
)
ACTION: Schema = closed(
    {
        "address": TEXT,
        "kind": TEXT,
        "verb": VERB,
        "cause": CAUSE,
        "reason": TEXT,
        "fields": array(FIELD),
        "author": TEXT,
        "hidden": DIGEST,
        "source": SOURCE,
        "package": PACKAGE,
        "traffic": closed({"before": SHARES, "after": SHARES, "next_version": TEXT}, optional=("next_version",)),
        "who": WHO,
        "rollout": UNDERWAY,
    },
    optional=("author", "hidden", "source", "package", "traffic", "who", "rollout"),
)
PLANNED: Schema = closed({"id": TEXT, "operation": TEXT, "phase": TEXT, "address": TEXT})

SETTINGS: Schema = {"digest": DIGEST, "values": MAP}
CONFIGURATION: Schema = closed(
    {
        "file": TEXT,
        "digest": DIGEST,
        "house": closed(SETTINGS),
        "accounts": array(closed({"name": TEXT, **SETTINGS})),
        "base": TEXT,
        "changes": array(
            closed({"file": TEXT, "path": TEXT, "before": ANY, "after": ANY, "source": SOURCE, "reason": TEXT})
        ),
    },
    optional=("base", "changes"),
)

PLAN: Schema = {
    "title": "A plan: what an apply would do",
    "description": "Written by `reconcile plan -o FILE`, read by `reconcile apply --approved FILE`. Sorted, the same on every "
    "machine for the same change; holds no secret and no authority: an apply plans anew and compares the digests.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "plan"},
            "digest": DIGEST,
            "provenance": PROVENANCE,
            "snapshot": closed({"taken_at": TIME, "digest": DIGEST}),
            "configuration": CONFIGURATION,
            "in_sync": {"type": "boolean"},
            "summary": SUMMARY,
            "targets": array(
                closed(
                    {
                        "address": TEXT,
                        "digest": DIGEST,
                        "actions": array(ACTION),
                        "operations": array(PLANNED),
                        "after": array(TEXT),
                    },
                    optional=("after",),
                )
            ),
            "orphans": array(TEXT),
            "diagnostics": array(DIAGNOSTIC),
            "costs": array(COST),
            "checksum": DIGEST,
        },
        optional=("configuration", "costs", "in_sync"),
    ),
}

SNAPSHOT: Schema = {
    "title": "A snapshot: what AWS held, sensitive values as salted fingerprints",
    "description": "Written by `reconcile snapshot -o FILE`, read by `reconcile plan --snapshot FILE` without credentials. A "
    "fingerprint tells equal from changed within this file; whoever holds the salt can test guesses against it.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "snapshot"},
            "taken_at": TIME,
            "digest": DIGEST,
            "salt": {"type": "string", "minLength": 32},
            "accounts": {"type": "object", "additionalProperties": TEXT},
            "resources": array(
                closed({"address": ADDRESS, "kind": KIND, "name": TEXT, "properties": MAP, "handle": MAP})
            ),
            "scope": array(
                closed(
                    {"address": TEXT, "kinds": array(TEXT), "problem": TEXT, "unseen": TEXT},
                    optional=("problem", "unseen"),
                )
            ),
            "unlisted": {"type": "object", "additionalProperties": TEXT},
            "functions": array(
                closed({"place": PLACE, "names": array(TEXT), "problem": TEXT}, optional=("names", "problem"))
            ),
            "rooms": array(
                closed(
                    {
                        "place": PLACE,
                        "limit": COUNT,
                        "unreserved": {"type": "integer"},
                        "problem": TEXT,
                        "stored": COUNT,
                        "storable": COUNT,
                    },
                    optional=("limit", "unreserved", "problem", "stored", "storable"),
                )
            ),
            "executions": array(
                closed(
                    {"address": ADDRESS, "version": TEXT, "running": {"type": "boolean"}, "problem": TEXT},
                    optional=("running", "problem"),
                )
            ),
            "artifacts": array(
                closed(
                    {
                        "address": ADDRESS,
                        "code": MAP,
                        "sha256": TEXT,
                        "source": TEXT,
                        "version": TEXT,
                        "problem": TEXT,
                        "etag": TEXT,
                        "size": COUNT,
                    },
                    optional=("etag", "size"),
                )
            ),
        },
        optional=("scope", "unlisted", "functions", "rooms", "executions"),
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
CODE: Schema = closed(
    dict.fromkeys(("S3Bucket", "S3Key", "S3ObjectVersion", "ETag", "CodeSha256"), TEXT), optional=("S3ObjectVersion",)
)
SMOKED: Mapping[str, Schema] = {
    "event": TEXT, "sha256": TEXT, "outcome": {"enum": ["passed", "failed"]}, "milliseconds": COUNT, "failed": array(TEXT),
}  # fmt: skip
PERFORMED: Schema = closed(
    {
        "operation": TEXT,
        "phase": TEXT,
        "address": TEXT,
        "started_at": TIME_OR_NONE,
        "duration_seconds": {"type": ["number", "null"]},
        "attempts": COUNT,
        "request_id": TEXT,
        "outcome": {"enum": ["succeeded", "failed", "unknown", "not attempted"]},
        "error": {"anyOf": [closed({"type": TEXT, "code": TEXT, "message": TEXT}), {"type": "null"}]},
        "code": CODE,
        "package": closed({"S3Bucket": TEXT, "S3Key": TEXT, "bytes": COUNT}),
        "smoke": closed({**SMOKED, "version": TEXT}),
        "noted": array(TEXT),
    },
    optional=("address", "code", "package", "smoke", "noted"),
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
    "description": "Written by `reconcile apply` and `reconcile invoke`, read by `reconcile tasks`. A run of one account and region alone says "
    "which (`place`), those of one run of a workflow have its number (`group`), and `broken` are freezes that kept it from nothing, and why. A run that was cut off has "
    "neither an end nor an exit code; an operation that was in flight then has the outcome `unknown`.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "report"},
            "run": closed(
                {
                    "id": TEXT,
                    "command": TEXT,
                    "started_at": TIME,
                    "finished_at": TIME_OR_NONE,
                    "duration_seconds": {"type": ["number", "null"]},
                    "place": PLACE,
                    "group": TEXT,
                    "broken": closed({"freezes": array(TEXT), "because": TEXT}),
                },
                optional=("place", "group", "broken"),
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
            "exports": array(closed({"address": TEXT, "spec": MAP, "belongings": MAP}, optional=("belongings",))),
        }
    ),
}

FAULT: Schema = closed({"file": TEXT, "line": COUNT, "column": COUNT, "message": TEXT})
ERROR: Schema = {
    "title": "An error: what a command ended with instead of its document",
    "description": "Written to stdout with `--format json`, and by `reconcile ci` where its plan would be. `faults` are mistakes in files.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "error"},
            "exit_code": COUNT,
            "error": TEXT,
            "messages": array(TEXT),
            "faults": array(FAULT),
        },
        optional=("faults",),
    ),
}

DRIFT: Schema = {
    "title": "Sightings: which functions were seen to have drifted",
    "description": "Left by `reconcile ci drift` for its next run: how often running each function was seen so, and since when.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "drift"},
            "taken_at": TIME,
            "sightings": array(closed({"address": ADDRESS, "count": COUNT, "since": TIME})),
        }
    ),
}

OUTCOME: Schema = {
    "title": "What is to be told of one account and region",
    "description": "Left by `reconcile ci apply --account A --region R` for `ci outcome`, which tells of all of them: the plan that was made, the report or "
    "what kept from one, and the pull requests with what they showed of it. `left` is the digest of what is still to be done; `rollouts` are those that were waited for.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "outcome"},
            "place": PLACE,
            "exit_code": {"type": "integer"},
            "left": TEXT,
            "is_by_hand": {"type": "boolean"},
            "plan": {"type": ["object", "null"]},
            "report": {"type": ["object", "null"]},
            "error": {"type": ["object", "null"]},
            "requests": array(
                closed(
                    {
                        "number": COUNT,
                        "is_new": {"type": "boolean"},
                        "problem": TEXT,
                        "plan": {"type": ["object", "null"]},
                    }
                )
            ),
            "rollouts": {"type": "object"},
        },
        optional=("rollouts",),
    ),
}

DOCTOR: Schema = {
    "title": "What a plan and an apply lean on",
    "description": "Printed by `reconcile doctor --format json`. `unknown` is what cannot be told here, with the reason; only a "
    "`problem` is something wrong.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "doctor"},
            "exit_code": {"enum": [0, 21]},
            "remarks": array(
                closed(
                    {
                        "subject": {
                            "enum": ["versions", "git", "specs", "workflow", "account", "clock", "plan", "rights"]
                        },
                        "status": {"enum": ["ok", "problem", "unknown"]},
                        "message": TEXT,
                        "source": SOURCE,
                    }
                )
            ),
        }
    ),
}

SCHEMAS: Mapping[str, Schema] = {
    "plan": PLAN, "snapshot": SNAPSHOT, "report": REPORT, "error": ERROR, "drift": DRIFT,
    "doctor": DOCTOR, "outcome": OUTCOME,
}  # fmt: skip
