"""JSON Schemas of the answers to daily questions. Data only, as `schemas` has those of plans and reports."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.report.schemas import (
    ADDRESS,
    COUNT,
    FIELD,
    FORMAT,
    SOURCE,
    TEXT,
    TEXT_OR_NONE,
    TIME,
    TIME_OR_NONE,
    UNDERWAY,
    WHO,
    Schema,
    array,
    closed,
)
from reconciler.report.status import STANDINGS

LOGS: Schema = {
    "title": "What a function has logged",
    "description": "Printed by `reconcile logs --format json` as they come, by time. `version` is the one that wrote the line, empty where its stream is none of "
    "Lambda's. `problem` says why there are no further ones.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "logs"},
            "address": ADDRESS,
            "log_group": TEXT,
            "since": TIME,
            "events": array(closed({"id": TEXT, "at": TIME, "stream": TEXT, "version": TEXT, "message": TEXT})),
            "problem": TEXT,
        },
        optional=("problem",),
    ),
}  # fmt: skip

VERSIONS: Schema = {
    "title": "The versions of a function",
    "description": "Printed by `reconcile versions --format json`: the function itself, then its versions, newest first. `published_at`, `commit` and "
    "`run` are what a report of ours tells, null where none does; `modified_at` is AWS's LastModified.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "versions"},
            "address": ADDRESS,
            "taken_at": TIME,
            "versions": array(
                closed(
                    {
                        "version": TEXT,
                        "published_at": TIME_OR_NONE,
                        "commit": TEXT_OR_NONE,
                        "run": TEXT_OR_NONE,
                        "modified_at": TEXT,
                        "description": TEXT,
                        "code_sha256": TEXT,
                        "code_bytes": COUNT,
                        "used_by": array(
                            closed(
                                {
                                    "kind": TEXT,
                                    "name": TEXT,
                                    "share": {"type": "number"},
                                    "through": TEXT,
                                    "remark": TEXT,
                                    "source": SOURCE,
                                },
                                optional=("share", "through", "remark", "source"),
                            )
                        ),
                    }
                )
            ),
        }
    ),
}  # fmt: skip

SIDE: Schema = closed(
    {"qualifier": TEXT, "version": TEXT, "modified_at": TEXT, "code_sha256": TEXT, "code_bytes": COUNT}
)
BYTES: Schema = {"type": ["integer", "null"], "minimum": 0}
DIFF: Schema = {
    "title": "Two versions of a function, compared",
    "description": "Printed by `reconcile diff --format json`. `fields` are settings, as in a plan; `files` those of code that is a zip and "
    "differs, with their size unpacked; `problems` say what could not be compared.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "diff"},
            "address": ADDRESS,
            "taken_at": TIME,
            "before": SIDE,
            "after": SIDE,
            "fields": array(FIELD),
            "files": array(
                closed(
                    {
                        "path": TEXT,
                        "change": {"enum": ["added", "removed", "changed"]},
                        "before_bytes": BYTES,
                        "after_bytes": BYTES,
                    }
                )
            ),
            "problems": array(TEXT),
        }
    ),
}  # fmt: skip

LAST_RUN: Schema = closed(
    {"at": TIME, "run": TEXT, "command": TEXT, "outcome": {"enum": ["completed", "failed", "cut off", "not attempted"]}, "commit": TEXT_OR_NONE}
)  # fmt: skip
VERSION_SHARE: Schema = closed({"version": TEXT, "share": {"type": "number"}})
STATUS: Schema = {
    "title": "How functions stand",
    "description": "Printed by `reconcile status --format json`. `standing` is a plan's answer, `changes` counts the resources that an apply would change; "
    "`aliases` and `mappings` are those that the spec owns; `rollout` is where an alias is on its way to another version. `last_run` is null where no report that was read is about the function, `drift` where git "
    "cannot tell it from edits; `frozen` is there where a freeze of reconcile.yaml holds.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "status"},
            "taken_at": TIME,
            "summary": closed({standing.replace(" ", "_"): COUNT for standing in STANDINGS}),
            "functions": array(
                closed(
                    {
                        "address": ADDRESS,
                        "standing": {"enum": list(STANDINGS)},
                        "changes": COUNT,
                        "reasons": array(TEXT),
                        "exists": {"type": "boolean"},
                        "state": TEXT,
                        "newest_version": TEXT_OR_NONE,
                        "aliases": array(
                            closed(
                                {"name": TEXT, "versions": array(VERSION_SHARE), "rollout": UNDERWAY}, optional=("rollout",)
                            )
                        ),
                        "mappings": array(closed({"source": TEXT, "state": TEXT})),
                        "last_run": {"anyOf": [LAST_RUN, {"type": "null"}]},
                        "drift": {"type": ["integer", "null"], "minimum": 0},
                        "file": TEXT_OR_NONE,
                        "frozen": closed({"freezes": array(TEXT), "until": TIME}),
                    },
                    optional=("frozen",),
                )
            ),
            "notes": array(TEXT),
        }
    ),
}  # fmt: skip

ACCEPTANCE: Schema = {
    "title": "Drift that git takes over",
    "description": "Printed by `reconcile drift accept --format json`. `accepted` are what specs say now as AWS holds it (with --check: would say), `left` "
    "what is not written, and why; an empty `path` means the whole function. `others` is how many differences `--only` does not mean. `who` stands where it was asked for, `branch` where the files are in a commit. `diff` is a file's, no value of the environment in it.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "acceptance"},
            "written": {"type": "boolean"},
            "files": array(closed({"file": TEXT, "diff": TEXT})),
            "accepted": array(
                closed(
                    {"address": ADDRESS, "path": TEXT, "before": {}, "after": {}, "source": SOURCE, "who": WHO},
                    optional=("who",),
                )
            ),
            "left": array(closed({"address": ADDRESS, "path": TEXT, "reason": TEXT})),
            "others": COUNT,
            "branch": closed({"name": TEXT, "commit": TEXT, "from": TEXT}),
        },
        optional=("branch",),
    ),
}  # fmt: skip

SHOW: Schema = {
    "title": "Specs with all their parts laid together",
    "description": "Printed by `reconcile show --format json`: of each target every value, where it is written, and the files of defaults that are in it, "
    "nearest first. Environment values are not shown, but for references.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "show"},
            "specs": array(
                closed(
                    {
                        "address": ADDRESS,
                        "file": TEXT,
                        "extends": array(TEXT),
                        "values": array(closed({"path": TEXT, "value": {}, "source": SOURCE})),
                    }
                )
            ),
        }
    ),
}  # fmt: skip

REASONS: Schema = array(closed({"address": TEXT, "reason": TEXT}))
IMPORT: Schema = {
    "title": "Functions that were imported",
    "description": "Printed by `reconcile import --format json`. `left` is what lives and its spec leaves to others, `variant` the label of a "
    "variant that a spec which was there has got; `passed_over` is managed already, "
    "`failed` could not be imported. `parameters` are commands that put values where references lead; `hand_over` is what to write where the "
    "functions came from. `configuration` is the reconcile.yaml that was written, null where there was one; `defaults` the file that the specs extend, `layers` files of layers that they refer to.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "import"},
            "configuration": TEXT_OR_NONE,
            "defaults": TEXT_OR_NONE,
            "layers": array(closed({"file": TEXT, "address": ADDRESS})),
            "files": array(
                closed(
                    {"file": TEXT, "addresses": array(ADDRESS), "left": array(closed({"path": TEXT, "reason": TEXT})), "variant": TEXT},
                    optional=("variant",),
                )
            ),
            "passed_over": REASONS,
            "failed": REASONS,
            "remarks": array(TEXT),
            "parameters": array(closed({"address": ADDRESS, "command": TEXT})),
            "hand_over": array(closed({"source": TEXT, "text": TEXT})),
        }
    ),
}  # fmt: skip

TARGETS: Schema = {
    "title": "The accounts and regions that specs are about",
    "description": "Printed by `reconcile targets --format json`: each account and region with its number of targets, of which none waits for one in "
    "another.",
    **closed(
        {
            "format_version": FORMAT,
            "kind": {"const": "targets"},
            "shards": array(closed({"account": TEXT, "region": TEXT, "targets": COUNT})),
        }
    ),
}  # fmt: skip

SCHEMAS: Mapping[str, Schema] = {
    "status": STATUS, "versions": VERSIONS, "diff": DIFF, "logs": LOGS, "acceptance": ACCEPTANCE, "show": SHOW,
    "import": IMPORT, "targets": TARGETS,
}  # fmt: skip
