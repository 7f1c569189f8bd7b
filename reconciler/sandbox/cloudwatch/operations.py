"""CloudWatch's operations about alarms: params go in, AWS's refusals or answers come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.cloudwatch import rules, tags
from reconciler.sandbox.cloudwatch.alarms import Alarm, Alarms, arn, delete, described, parents
from reconciler.sandbox.cloudwatch.errors import invalid
from reconciler.sandbox.cloudwatch.evaluation import MISSING, OPERATORS, TREATMENTS, Watched, watched
from reconciler.sandbox.cloudwatch.metrics import MINUTE, PERCENTILE
from reconciler.sandbox.cloudwatch.reading import dimensions
from reconciler.sandbox.refusals import Refused, not_spoken

Params = Mapping[str, Any]

NOT_SPOKEN = (
    "Metrics",
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "WarmUpConfiguration",
)
REQUIRED = ("MetricName", "Namespace", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator")
DEFAULTS = {"ActionsEnabled": True, "OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"
MOST_SECONDS, MOST_SHORT_SECONDS, HOUR = 604_800, 86_400, 3600
PAGE = 50


def put_metric_alarm(alarms: Alarms, place: tuple[str, str], params: Params, now: float) -> dict[str, Any]:
    for name in NOT_SPOKEN:
        if params.get(name):
            raise not_spoken(f"{name} of an alarm; it watches one metric, named by MetricName")
    for name in REQUIRED:
        if params.get(name) is None:
            raise Refused("MissingParameter", f"The parameter {name} is required.")
    _check_metric_alarm(params)
    does = watched(params, dimensions(params.get("Dimensions", ())))
    _put(alarms, place, params, does, now)
    return {}


def _check_metric_alarm(params: Params) -> None:
    if bool(params.get("Statistic")) == bool(params.get("ExtendedStatistic")):
        raise Refused("InvalidParameterCombination", "Exactly one of Statistic and ExtendedStatistic must be given.")
    if params.get("ExtendedStatistic") and not PERCENTILE.fullmatch(params["ExtendedStatistic"]):
        raise not_spoken(f"the statistic {params['ExtendedStatistic']}")
    if params["ComparisonOperator"] not in OPERATORS:
        raise not_spoken(f"{params['ComparisonOperator']}, which is for anomaly detection")
    period, periods = params["Period"], params["EvaluationPeriods"]
    if period % MINUTE:
        raise invalid(f"Period must be 10, 20, 30 or a multiple of {MINUTE}; the sandbox has whole minutes.")
    if period * periods > (MOST_SHORT_SECONDS if period < HOUR else MOST_SECONDS):
        raise invalid(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400), or a week for periods of an hour and more."
        )
    if params.get("DatapointsToAlarm", periods) > periods:
        raise invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    if params.get("TreatMissingData", MISSING) not in TREATMENTS:
        raise invalid(f"TreatMissingData must be one of {', '.join(TREATMENTS)}.")


def put_composite_alarm(alarms: Alarms, place: tuple[str, str], params: Params, now: float) -> dict[str, Any]:
    if params.get("ActionsSuppressor"):
        raise not_spoken("ActionsSuppressor: no action is ever taken")
    rule = rules.parsed(params["AlarmRule"])
    missing = sorted(name for name in rule.children if name not in alarms.held and name != params["AlarmName"])
    if missing:
        raise invalid(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        )
    if params["AlarmName"] in rule.children:
        raise invalid("Could not save the composite alarm: its rule names itself")
    _put(alarms, place, params, rule, now)
    alarms.settle(now)
    return {}


def _put(alarms: Alarms, place: tuple[str, str], params: Params, does: Watched | rules.Rule, now: float) -> None:
    """An alarm that is there keeps its state, and nothing else."""
    name = params["AlarmName"]
    former = alarms.held.get(name)
    if former and isinstance(former.does, Watched) != isinstance(does, Watched):
        raise invalid(f"The alarm {name} exists already with another type.")
    members = DEFAULTS | {key: value for key, value in params.items() if key != "Tags"}
    made = Alarm(arn(*place, name), does, members, now, updated=now, transitioned=now, tags=tags.given(params))
    if former:
        made.state, made.reason, made.data = former.state, former.reason, former.data
        made.updated, made.transitioned, made.tags = former.updated, former.transitioned, former.tags
    alarms.held[name] = made


def set_alarm_state(alarms: Alarms, params: Params, now: float) -> dict[str, Any]:
    alarm = alarms.held.get(params["AlarmName"])
    if not alarm:
        raise Refused("ResourceNotFound", "Alarm does not exist", 404)
    alarm.set(params["StateValue"], params["StateReason"], now, params.get("StateReasonData", ""))
    alarms.settle(now)
    return {}


def delete_alarms(alarms: Alarms, params: Params, now: float) -> dict[str, Any]:
    delete(alarms, params["AlarmNames"])
    alarms.settle(now)
    return {}


def describe_alarms(alarms: Alarms, params: Params) -> dict[str, Any]:
    """Metric alarms, unless others are asked for."""
    wanted = _wanted(alarms.held, params)
    after = [name for name in sorted(wanted) if name > params.get("NextToken", "")]
    page = after[: params.get("MaxRecords", PAGE)]
    told: dict[str, list[dict[str, Any]]] = {"CompositeAlarms": [], "MetricAlarms": []}
    for name in page:
        is_metric = isinstance(alarms.held[name].does, Watched)
        told["MetricAlarms" if is_metric else "CompositeAlarms"].append(_shown(alarms.held[name], params))
    return {**told, **({"NextToken": page[-1]} if len(after) > len(page) else {})}


def _wanted(alarms: Mapping[str, Alarm], params: Params) -> Sequence[str]:
    for relation in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if relation in params:
            return _related(alarms, params, relation)
    if "AlarmNames" in params and "AlarmNamePrefix" in params:
        raise invalid("AlarmNames and AlarmNamePrefix cannot be specified together.")
    kinds = params.get("AlarmTypes") or [METRIC]
    names = params.get("AlarmNames")
    return [
        name
        for name, alarm in alarms.items()
        if (METRIC if isinstance(alarm.does, Watched) else COMPOSITE) in kinds
        and (names is None or name in names)
        and name.startswith(params.get("AlarmNamePrefix", ""))
        and alarm.state == params.get("StateValue", alarm.state)
        and _acts(alarm, params.get("ActionPrefix", ""))
    ]


def _acts(alarm: Alarm, prefix: str) -> bool:
    actions = (
        action for name in ("OKActions", "AlarmActions", "InsufficientDataActions") for action in alarm.members[name]
    )
    return not prefix or any(action.startswith(prefix) for action in actions)


def _related(alarms: Mapping[str, Alarm], params: Params, relation: str) -> Sequence[str]:
    if {*params} - {relation, "MaxRecords", "NextToken"}:
        raise invalid(f"{relation} cannot be specified with any other parameter but MaxRecords and NextToken.")
    name = params[relation]
    if relation == "ParentsOfAlarmName":
        return parents(alarms, name)
    if name not in alarms:
        raise Refused("ResourceNotFound", "Alarm does not exist", 404)
    does = alarms[name].does
    return [] if isinstance(does, Watched) else [child for child in does.children if child in alarms]


def _shown(alarm: Alarm, params: Params) -> dict[str, Any]:
    whole = described(alarm)
    if "ChildrenOfAlarmName" in params:
        return {name: whole[name] for name in ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")}
    return {name: whole[name] for name in ("AlarmName", "AlarmArn")} if "ParentsOfAlarmName" in params else whole
