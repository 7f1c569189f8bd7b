"""JSON Schemas of what is told of rollouts: how they stand, and the record of one. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from reconciler.core.rollouts import Status
from reconciler.report.schemas import FORMAT, MAP, SMOKED, TEXT, TEXT_OR_NONE, TIME, TIME_OR_NONE, Schema, array, closed

NUMBER: Schema = {"type": ["number", "null"]}
STEP: Schema = {"type": ["integer", "null"]}
VERDICT: Schema = {"enum": ["pass", "fail", "unsure", None]}
DID: Schema = {
    "enum": ["none", "start", "step", "promote", "done", "back", "reject", "hold", "pause", "resume", "forget"]
}
STATUS = (*get_args(Status), "done")
WEIGHTS: Schema = {"type": "object", "additionalProperties": {"type": "number"}}
PAST: Schema = {
    "at": TIME, "by": TEXT, "did": DID, "step": STEP, "weight": NUMBER, "verdict": VERDICT, "reason": TEXT,
}  # fmt: skip

ROLLOUTS: Schema = {
    "title": "How rollouts stand",
    "description": "Printed by `reconcile rollout … --format json`: those that are open and those whose candidate was rejected, with what was done to them "
    "now (`did`). `evidence` has the numbers of the verdict, `history` what the record knows of earlier ticks in which something was done.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "rollouts"},
            "taken_at": TIME,
            "rollouts": array(
                closed(
                    {
                        "address": TEXT,
                        "status": {"enum": [*STATUS, "none"]},
                        "version": TEXT,
                        "weights": WEIGHTS,
                        "stable": TEXT,
                        "candidate": TEXT,
                        "step": STEP,
                        "steps": STEP,
                        "weight": NUMBER,
                        "since": TIME,
                        "begun": TIME_OR_NONE,
                        "not_before": TIME_OR_NONE,
                        "needs_person": {"type": "boolean"},
                        "reason": TEXT,
                        "verdict": VERDICT,
                        "evidence": MAP,
                        "unsure": TEXT,
                        "did": DID,
                        "next": DID,
                        "failed": TEXT,
                        "request_id": TEXT,
                        "file": TEXT_OR_NONE,
                        "history": array(closed(PAST)),
                    }
                )
            ),
            "notes": array(TEXT),
        }
    ),
}

ROLLOUT: Schema = {
    "title": "The record of one rollout",
    "description": "Kept beside the reports, and in `reports: s3://…`, rewritten at each tick. It is history: no decision reads it. Of more than 500 ticks "
    "older ones are thinned to one an hour.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "rollout"},
            "address": TEXT,
            "stable": TEXT,
            "candidate": TEXT,
            "begun": TIME,
            "ended": TIME_OR_NONE,
            "status": {"enum": ["smoke", *STATUS, "superseded"]},
            "reason": TEXT,
            "commit": TEXT_OR_NONE,
            "digest": TEXT,
            "steps": array({"anyOf": [{"const": "approve"}, closed({"weight": {"type": "number"}, "bake": TEXT})]}),
            "smoke": array(closed({**SMOKED})),
            "ticks": array(closed({**PAST, "run": TEXT, "evidence": MAP, "request_id": TEXT})),
        }
    ),
}

SCHEMAS: Mapping[str, Schema] = {"rollouts": ROLLOUTS, "rollout": ROLLOUT}
