"""Tags of alarms, by ARN. Those of one that is put again stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.cloudwatch.alarms import Alarm, Alarms
from reconciler.sandbox.cloudwatch.errors import invalid
from reconciler.sandbox.refusals import Refused

Params = Mapping[str, Any]

MOST = 50


def given(params: Params) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}


def list_tags(alarms: Alarms, params: Params) -> dict[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in _alarm(alarms, params).tags.items()]}


def tag(alarms: Alarms, params: Params) -> dict[str, Any]:
    alarm = _alarm(alarms, params)
    tags = alarm.tags | given(params)
    if len(tags) > MOST:
        raise invalid(f"An alarm has at most {MOST} tags.")
    alarm.tags = tags
    return {}


def untag(alarms: Alarms, params: Params) -> dict[str, Any]:
    alarm = _alarm(alarms, params)
    alarm.tags = {key: value for key, value in alarm.tags.items() if key not in params["TagKeys"]}
    return {}


def _alarm(alarms: Alarms, params: Params) -> Alarm:
    for alarm in alarms.held.values():
        if alarm.arn == params["ResourceARN"]:
            return alarm
    raise Refused("ResourceNotFoundException", f"Unknown: {params['ResourceARN']}", 404)
