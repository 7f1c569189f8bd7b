"""Application Auto Scaling, as far as it scales provisioned concurrency (FACTS 10.11): scalable targets with their policies and scheduled
actions. What it scales elsewhere is moto's.

(region, params, now) go in, an answer comes out or Refused is raised. Registering a target moves its number into the bounds at once;
nothing else here moves it, no clock and no alarm: whoever wants that says so, as Application Auto Scaling would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from reconciler.sandbox.lambda_ import provisioned
from reconciler.sandbox.lambda_.state import Region, ScalableTarget, new_id
from reconciler.sandbox.refusals import Refused

NAMESPACE, DIMENSION = "lambda", "lambda:function:ProvisionedConcurrency"
RESOURCE = re.compile(r"function:([a-zA-Z0-9-_]+):(\$LATEST|[a-zA-Z0-9-_]+)")
MOST = 50  # of one answer
MOST_TAGS = 50
METRIC = "LambdaProvisionedConcurrencyUtilization"
SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
SCHEDULE = re.compile(r"(at|rate|cron)\(.+\)")

Params = Mapping[str, Any]


def invalid(message: str) -> Refused:
    return Refused("ValidationException", message)


def _missing(what: str, params: Params, named: str = "") -> Refused:
    name = f", {named}: {params[named.title().replace(' ', '')]}" if named else ""
    return Refused(
        "ObjectNotFoundException",
        f"No {what} for service namespace: {NAMESPACE}, resource ID: {params['ResourceId']}, scalable dimension: {DIMENSION}{name}",
    )


def _resource(params: Params) -> tuple[str, str]:
    """(function, qualifier) of what is to be scaled."""
    named = RESOURCE.fullmatch(str(params.get("ResourceId", "")))
    if not named or params.get("ScalableDimension") != DIMENSION:
        raise invalid("Unsupported service namespace, resource type or scalable dimension")
    return named[1], named[2]


def _target(region: Region, params: Params, what: str = "scalable target registered") -> ScalableTarget:
    _resource(params)
    if params["ResourceId"] not in region.scalable_targets:
        raise _missing(what, params)
    return region.scalable_targets[params["ResourceId"]]


# --- scalable targets ----------------------------------------------------------------------------------------------


def register(region: Region, params: Params, now: float) -> dict[str, Any]:
    """Makes one or changes it; of one that is there what is not said stays."""
    name, qualifier = _resource(params)
    function = region.functions.get(name)
    if not function or qualifier not in (*function.versions, *function.aliases):
        raise invalid(f"Lambda function doesn't exist: {params['ResourceId']}")
    held = region.scalable_targets.get(params["ResourceId"])
    least = params.get("MinCapacity", held.least if held else None)
    most = params.get("MaxCapacity", held.most if held else None)
    if least is None or most is None:
        raise invalid("MinCapacity and MaxCapacity must be specified when a scalable target is registered")
    if least > most:
        raise invalid("Maximum capacity cannot be less than minimum capacity")
    if held is None:
        held = region.scalable_targets[params["ResourceId"]] = ScalableTarget(
            least, most, new_id(), now, dict(params.get("Tags", {}))
        )
    held.least, held.most = least, most
    held.suspended |= params.get("SuspendedState", {})
    _clip(region, name, qualifier, held, now)
    return {"ScalableTargetARN": _arn(region, f"scalable-target/{held.id}")}


def _clip(region: Region, name: str, qualifier: str, target: ScalableTarget, now: float) -> None:
    """What Lambda refuses, Application Auto Scaling tries again later, and says nothing of."""
    held = region.functions[name].provisioned.get(qualifier)
    number = held.requested if held else 0
    wanted = min(max(number, target.least), target.most)
    if wanted != number:
        which = {"FunctionName": name, "Qualifier": qualifier}
        with suppress(Refused):
            provisioned.put(region, {**which, "ProvisionedConcurrentExecutions": wanted}, now)


def deregister(region: Region, params: Params, now: float) -> dict[str, Any]:
    """With its policies and scheduled actions."""
    _target(region, params, "scalable target found")
    del region.scalable_targets[params["ResourceId"]]
    return {}


def describe_targets(region: Region, params: Params, now: float) -> dict[str, Any]:
    wanted = params.get("ResourceIds")
    if wanted is not None and len(wanted) > MOST:
        raise invalid(
            f"1 validation error detected: Value at 'resourceIds' failed to satisfy constraint: Member must have length less than or equal to {MOST}"
        )
    items = [
        {
            **_which(resource),
            "MinCapacity": held.least,
            "MaxCapacity": held.most,
            "SuspendedState": {name: held.suspended.get(name, False) for name in SUSPENDED},
            "RoleARN": f"arn:{region.partition}:iam::{region.account}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency",
            "ScalableTargetARN": _arn(region, f"scalable-target/{held.id}"),
            "CreationTime": held.made,
        }
        for resource, held in sorted(region.scalable_targets.items())
        if wanted is None or resource in wanted
    ]
    return _paged("ScalableTargets", items, params)


# --- policies ------------------------------------------------------------------------------------------------------


def put_policy(region: Region, params: Params, now: float) -> dict[str, Any]:
    target = _target(region, params)
    config = params.get("TargetTrackingScalingPolicyConfiguration")
    if params.get("PolicyType", "TargetTrackingScaling") != "TargetTrackingScaling" or not config:
        raise invalid("Only target tracking scaling policies are supported for this service namespace")
    metric = config.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if metric != METRIC and "CustomizedMetricSpecification" not in config:
        raise invalid(f"Predefined metric type {metric} is not supported for this service namespace")
    made = target.policies.get(params["PolicyName"], (now, {}))[0]
    target.policies[params["PolicyName"]] = (made, dict(config))
    return {"PolicyARN": _policy_arn(region, params["ResourceId"], params["PolicyName"]), "Alarms": []}


def describe_policies(region: Region, params: Params, now: float) -> dict[str, Any]:
    items = [
        {
            **_which(resource),
            "PolicyName": name,
            "PolicyARN": _policy_arn(region, resource, name),
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": config,
            "Alarms": [],
            "CreationTime": made,
        }
        for resource, held in _chosen(region, params)
        for name, (made, config) in sorted(held.policies.items())
        if name in params.get("PolicyNames", (name,))
    ]
    return _paged("ScalingPolicies", items, params)


def delete_policy(region: Region, params: Params, now: float) -> dict[str, Any]:
    target = region.scalable_targets.get(params["ResourceId"])
    if not target or params["PolicyName"] not in target.policies:
        raise _missing("scaling policy found", params, "policy name")
    del target.policies[params["PolicyName"]]
    return {}


# --- scheduled actions ---------------------------------------------------------------------------------------------


def put_action(region: Region, params: Params, now: float) -> dict[str, Any]:
    """Makes one or changes it: of one that is there what is not said stays, but for its start and its end."""
    target, name = _target(region, params), params["ScheduledActionName"]
    made, held = target.actions.get(name, (now, {}))
    said = {key: params[key] for key in ("Schedule", "Timezone", "ScalableTargetAction") if key in params}
    dates = {key: params[key] for key in ("StartTime", "EndTime") if key in params}
    action = {key: value for key, value in held.items() if key not in ("StartTime", "EndTime")} | said | dates
    if not SCHEDULE.fullmatch(str(action.get("Schedule", ""))):
        raise invalid("The format of the schedule is not valid")
    target.actions[name] = (made, action)
    return {}


def describe_actions(region: Region, params: Params, now: float) -> dict[str, Any]:
    items = [
        {
            **_which(resource),
            "ScheduledActionName": name,
            "ScheduledActionARN": _arn(
                region, f"scheduledAction:{NAMESPACE}/{resource}:scheduledActionName/{name}", "autoscaling"
            ),
            **action,
            "CreationTime": made,
        }
        for resource, held in _chosen(region, params)
        for name, (made, action) in sorted(held.actions.items())
        if name in params.get("ScheduledActionNames", (name,))
    ]
    return _paged("ScheduledActions", items, params)


def delete_action(region: Region, params: Params, now: float) -> dict[str, Any]:
    target = region.scalable_targets.get(params["ResourceId"])
    if not target or params["ScheduledActionName"] not in target.actions:
        raise _missing("scheduled action found", params, "scheduled action name")
    del target.actions[params["ScheduledActionName"]]
    return {}


# --- tags ----------------------------------------------------------------------------------------------------------


def _tagged(region: Region, params: Params) -> dict[str, str]:
    """The tags of what has this ARN: it says nothing of a namespace, and moto keeps none, so nothing else has any."""
    for held in region.scalable_targets.values():
        if params.get("ResourceARN") == _arn(region, f"scalable-target/{held.id}"):
            return held.tags
    raise Refused(
        "ResourceNotFoundException", f"No scalable target found for resource ARN: {params.get('ResourceARN')}"
    )


def list_tags(region: Region, params: Params, now: float) -> dict[str, Any]:
    return {"Tags": dict(_tagged(region, params))}


def tag(region: Region, params: Params, now: float) -> dict[str, Any]:
    held, given = _tagged(region, params), params.get("Tags", {})
    if len({**held, **given}) > MOST_TAGS:
        raise Refused("TooManyTagsException", f"A scalable target has at most {MOST_TAGS} tags")
    held.update(given)
    return {}


def untag(region: Region, params: Params, now: float) -> dict[str, Any]:
    held = _tagged(region, params)
    for key in params.get("TagKeys", ()):
        held.pop(key, None)
    return {}


# --- what they share -----------------------------------------------------------------------------------------------


def _chosen(region: Region, params: Params) -> list[tuple[str, ScalableTarget]]:
    wanted = params.get("ResourceId")
    return [item for item in sorted(region.scalable_targets.items()) if wanted in (None, item[0])]


def _which(resource: str) -> dict[str, str]:
    return {"ServiceNamespace": NAMESPACE, "ResourceId": resource, "ScalableDimension": DIMENSION}


def _arn(region: Region, rest: str, service: str = "application-autoscaling") -> str:
    return f"arn:{region.partition}:{service}:{region.region}:{region.account}:{rest}"


def _policy_arn(region: Region, resource: str, name: str) -> str:
    return _arn(region, f"scalingPolicy:{NAMESPACE}:resource/{NAMESPACE}/{resource}:policyName/{name}", "autoscaling")


def _paged(member: str, items: Sequence[Mapping[str, Any]], params: Params) -> dict[str, Any]:
    start = int(params.get("NextToken") or 0)
    end = start + min(params.get("MaxResults") or MOST, MOST)
    return {member: list(items[start:end]), **({"NextToken": str(end)} if end < len(items) else {})}


OPERATIONS: Mapping[str, Callable[[Region, Params, float], dict[str, Any]]] = {
    "DeleteScalingPolicy": delete_policy,
    "DeleteScheduledAction": delete_action,
    "DeregisterScalableTarget": deregister,
    "DescribeScalableTargets": describe_targets,
    "DescribeScalingPolicies": describe_policies,
    "DescribeScheduledActions": describe_actions,
    "PutScalingPolicy": put_policy,
    "PutScheduledAction": put_action,
    "RegisterScalableTarget": register,
}
# These name an ARN and no namespace.
TAGGING: Mapping[str, Callable[[Region, Params, float], dict[str, Any]]] = {
    "ListTagsForResource": list_tags,
    "TagResource": tag,
    "UntagResource": untag,
}
