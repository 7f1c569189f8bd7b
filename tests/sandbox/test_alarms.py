"""Alarms in the sandbox: how they follow metrics and each other on its clock, and what AWS refuses about them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.cloudwatch import rules
from reconciler.sandbox.cloudwatch.evaluation import Watched, state_of
from reconciler.sandbox.cloudwatch.metrics import Metric
from reconciler.sandbox.refusals import Refused
from tests.sandbox.conftest import FAILING, Aws, refused, zipped
from tests.sandbox.test_monitoring import PROTOCOLS, cloudwatch, spoken

_numbers = itertools.count(1)
TYPES = ["MetricAlarm", "CompositeAlarm"]


def watch(aws: Aws, **more: Any) -> tuple[str, str]:
    """(alarm, metric), both new: ALARM above 5."""
    name = f"alarm-{next(_numbers)}"
    params = {
        "AlarmName": name, "Namespace": "Shop", "MetricName": name, "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
    }  # fmt: skip
    cloudwatch(aws).put_metric_alarm(**(params | more))
    return name, name


def measure(aws: Aws, metric: str, value: float) -> None:
    cloudwatch(aws).put_metric_data(Namespace="Shop", MetricData=[{"MetricName": metric, "Value": value}])


def next_minute(aws: Aws, count: int = 1) -> None:
    aws.clock.now = (aws.clock.now // 60 + count) * 60


def told(aws: Aws, *names: str) -> dict[str, Any]:
    answer = cloudwatch(aws).describe_alarms(AlarmNames=list(names), AlarmTypes=TYPES)
    return {alarm["AlarmName"]: alarm for alarm in (*answer["MetricAlarms"], *answer["CompositeAlarms"])}


def states(aws: Aws, *names: str) -> list[str]:
    found = told(aws, *names)
    return [found[name]["StateValue"] for name in names]


def compose(aws: Aws, rule: str) -> str:
    name = f"composite-{next(_numbers)}"
    cloudwatch(aws).put_composite_alarm(AlarmName=name, AlarmRule=rule)
    return name


# --- over HTTP -------------------------------------------------------------------------------------------------------


def test_an_alarm_follows_its_metric_and_says_since_when(aws: Aws) -> None:
    name, metric = watch(aws)
    assert told(aws, name)[name]["StateReason"] == "Unchecked: Initial alarm creation"
    measure(aws, metric, 6)
    assert states(aws, name) == ["INSUFFICIENT_DATA"]
    next_minute(aws)
    minute = datetime.fromtimestamp(aws.clock.now, UTC)
    aws.clock.move(70)  # nobody has asked meanwhile
    alarm = told(aws, name)[name]
    assert (alarm["StateValue"], alarm["StateTransitionedTimestamp"]) == ("ALARM", minute)
    next_minute(aws, 5)
    assert states(aws, name) == ["OK"]


def test_a_state_that_was_set_lasts_until_the_alarm_is_looked_at_again(aws: Aws) -> None:
    (back, _), (stays, _) = watch(aws), watch(aws, TreatMissingData="ignore")
    next_minute(aws)
    states(aws, back)
    for name in (back, stays):
        cloudwatch(aws).set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a rehearsal")
    assert states(aws, back, stays) == ["ALARM", "ALARM"]
    next_minute(aws)
    assert states(aws, back, stays) == ["OK", "ALARM"]
    assert told(aws, stays)[stays]["StateReason"] == "a rehearsal"


def test_a_composite_alarm_follows_its_children_and_theirs(aws: Aws) -> None:
    (a, _), (b, _) = watch(aws, TreatMissingData="ignore"), watch(aws, TreatMissingData="ignore")
    either = compose(aws, f'ALARM("{a}") OR ALARM({b})')
    above = compose(aws, f"ALARM({told(aws, either)[either]['AlarmArn']}) AND NOT OK({b})")
    assert states(aws, either, above) == ["OK", "OK"]
    cloudwatch(aws).set_alarm_state(AlarmName=a, StateValue="ALARM", StateReason="x")
    assert states(aws, either, above) == ["ALARM", "ALARM"]
    cloudwatch(aws).set_alarm_state(AlarmName=b, StateValue="OK", StateReason="x")
    assert states(aws, either, above) == ["ALARM", "OK"]


def test_a_composite_alarm_that_was_set_stays_until_a_child_changes(aws: Aws) -> None:
    child, _ = watch(aws, TreatMissingData="ignore")
    name = compose(aws, f"ALARM({child})")
    cloudwatch(aws).set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="x")
    next_minute(aws, 3)
    assert states(aws, name) == ["ALARM"]
    cloudwatch(aws).set_alarm_state(AlarmName=child, StateValue="OK", StateReason="x")
    assert states(aws, name) == ["OK"]


def test_an_alarm_that_is_put_again_keeps_its_state_and_loses_the_rest(aws: Aws) -> None:
    name, metric = watch(aws, TreatMissingData="ignore", AlarmDescription="before")
    cloudwatch(aws).set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="x")
    before = told(aws, name)[name]
    aws.clock.move(1)
    cloudwatch(aws).put_metric_alarm(
        AlarmName=name, Namespace="Shop", MetricName=metric, ExtendedStatistic="p99", Period=120, EvaluationPeriods=3,
        DatapointsToAlarm=2, Threshold=1, ComparisonOperator="LessThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    after = told(aws, name)[name]
    assert (after["StateValue"], after["StateTransitionedTimestamp"]) == ("ALARM", before["StateTransitionedTimestamp"])
    assert after["AlarmConfigurationUpdatedTimestamp"] > before["AlarmConfigurationUpdatedTimestamp"]
    assert {"AlarmDescription", "Statistic"} & {*after} == set()
    assert (after["ExtendedStatistic"], after["DatapointsToAlarm"], after["Period"]) == ("p99", 2, 120)


def test_alarms_of_what_an_alias_sends_to_a_version(aws: Aws) -> None:
    name = aws.function(Code={"ZipFile": zipped(FAILING)})
    aws.client.publish_version(FunctionName=name)
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    dimensions = {"FunctionName": name, "Resource": f"{name}:live", "ExecutedVersion": "1"}
    alarm, _ = watch(
        aws, Namespace="AWS/Lambda", MetricName="Errors", Threshold=0.0,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
    )  # fmt: skip
    aws.client.invoke(FunctionName=name, Qualifier="live")
    next_minute(aws)
    assert states(aws, alarm) == ["ALARM"]


def test_what_describe_alarms_is_asked_for(aws: Aws) -> None:
    prefix = f"some-{next(_numbers)}-"
    for number in range(3):
        watch(
            aws,
            AlarmName=f"{prefix}{number}",
            AlarmActions=["arn:aws:sns:us-west-2:123456789012:page"] if number else [],
        )
    cloudwatch(aws).put_composite_alarm(AlarmName=f"{prefix}all", AlarmRule=f"OK({prefix}0) AND OK({prefix}1)")

    def names(**params: Any) -> list[str]:
        answer = cloudwatch(aws).describe_alarms(**params)
        return [
            alarm["AlarmName"].removeprefix(prefix)
            for kind in ("MetricAlarms", "CompositeAlarms")
            for alarm in answer[kind]
        ]

    assert names(AlarmNamePrefix=prefix) == ["0", "1", "2"]
    assert names(AlarmNamePrefix=prefix, AlarmTypes=TYPES) == ["0", "1", "2", "all"]
    assert names(AlarmNames=[f"{prefix}1", "gone"]) == ["1"]
    assert names(AlarmNamePrefix=prefix, ActionPrefix="arn:aws:sns") == ["1", "2"]
    assert names(AlarmNamePrefix=prefix, StateValue="ALARM") == []
    assert names(ChildrenOfAlarmName=f"{prefix}all") == ["0", "1"]
    assert names(ParentsOfAlarmName=f"{prefix}1") == ["all"]
    pages = cloudwatch(aws).get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=TYPES, PaginationConfig={"PageSize": 3}
    )  # fmt: skip
    assert [[alarm["AlarmName"] for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])] for page in pages] == [
        [f"{prefix}0", f"{prefix}1", f"{prefix}2"], [f"{prefix}all"],
    ]  # fmt: skip
    with refused("ValidationError", "cannot be specified together"):
        names(AlarmNames=["a"], AlarmNamePrefix="a")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_makes_and_tells_the_same_alarm(aws: Aws, protocol: str) -> None:
    name = f"spoken-{next(_numbers)}"
    params = {
        "AlarmName": name, "Namespace": "Shop <&>", "MetricName": "Ünits", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold", "ActionsEnabled": False, "OKActions": ["arn:aws:sns:::a"],
        "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}],
    }  # fmt: skip
    assert spoken(aws, protocol, "PutMetricAlarm", params) == {}
    (alarm,) = spoken(aws, protocol, "DescribeAlarms", {"AlarmNames": [name]})["MetricAlarms"]
    assert params.items() <= alarm.items()
    assert alarm == told(aws, name)[name]
    missing = spoken(aws, protocol, "SetAlarmState", {"AlarmName": "gone", "StateValue": "OK", "StateReason": "x"})[
        "Error"
    ]
    assert missing["Code"] == "ResourceNotFound"
    assert spoken(aws, protocol, "DeleteAlarms", {"AlarmNames": [name]}) == {}
    assert told(aws, name) == {}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_alarms_have_tags(aws: Aws, protocol: str) -> None:
    name, _ = watch(aws, Tags=[{"Key": "team", "Value": "shop"}])
    whose = {"ResourceARN": told(aws, name)[name]["AlarmArn"]}
    assert spoken(aws, protocol, "TagResource", whose | {"Tags": [{"Key": "cost", "Value": "1"}]}) == {}
    watch(aws, AlarmName=name, Tags=[{"Key": "left", "Value": "out"}])
    assert spoken(aws, protocol, "UntagResource", whose | {"TagKeys": ["team", "gone"]}) == {}
    assert spoken(aws, protocol, "ListTagsForResource", whose) == {"Tags": [{"Key": "cost", "Value": "1"}]}
    missing = spoken(aws, protocol, "ListTagsForResource", {"ResourceARN": whose["ResourceARN"] + "-gone"})["Error"]
    assert missing["Code"] == "ResourceNotFoundException"


def test_clients_meet_the_errors_that_the_model_names(aws: Aws) -> None:
    client = cloudwatch(aws)
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.set_alarm_state(AlarmName="gone", StateValue="OK", StateReason="x")


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED = {
    "metric math": (
        {"Metrics": [{"Id": "e", "Expression": "1+1"}]},
        "NotImplementedException",
        "does not speak Metrics",
    ),
    "no threshold": ({"Threshold": None}, "MissingParameter", "Threshold is required"),
    "two statistics": ({"ExtendedStatistic": "p90"}, "InvalidParameterCombination", "Exactly one"),
    "another statistic": ({"Statistic": None, "ExtendedStatistic": "tm90"}, "NotImplementedException", "tm90"),
    "anomalies": ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "NotImplementedException", "anomaly"),
    "half a minute": ({"Period": 30}, "ValidationError", "whole minutes"),
    "two days": ({"EvaluationPeriods": 2880}, "ValidationError", "more than a day"),
    "more points than periods": ({"DatapointsToAlarm": 2}, "ValidationError", "DatapointsToAlarm"),
    "a treatment": ({"TreatMissingData": "hope"}, "ValidationError", "TreatMissingData"),
    "no periods": ({"EvaluationPeriods": 0}, "ValidationError", "evaluationPeriods"),
}


@pytest.mark.parametrize(("members", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_a_metric_alarm_is_refused(aws: Aws, members: dict[str, Any], code: str, message: str) -> None:
    params = {
        "AlarmName": "bad", "Namespace": "Shop", "MetricName": "Orders", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    sent = {name: value for name, value in (params | members).items() if value is not None}
    refusal = spoken(aws, "json", "PutMetricAlarm", sent)["Error"]
    assert (refusal["Code"], message in refusal["Message"]) == (code, True), refusal
    assert told(aws, "bad") == {}


def test_composite_alarms_are_refused_what_they_cannot_follow(aws: Aws) -> None:
    child, _ = watch(aws)
    with refused(
        "ValidationError", "Could not save the composite alarm as alarms [gone] in the alarm rule do not exist"
    ):
        compose(aws, "ALARM(gone)")
    parent = compose(aws, f"ALARM({child})")
    with refused("ValidationError", f"Cannot delete {child} as there are composite alarm(s) depending on it."):
        cloudwatch(aws).delete_alarms(AlarmNames=[child])
    other = compose(aws, "TRUE")
    with refused("ValidationError", "one composite alarm"):
        cloudwatch(aws).delete_alarms(AlarmNames=[parent, other])
    cloudwatch(aws).delete_alarms(AlarmNames=[child, parent, "gone"])
    assert told(aws, child, parent) == {}
    with refused("ValidationError", "another type"):
        watch(aws, AlarmName=other)


def test_composite_alarms_in_a_circle_end_somewhere(aws: Aws) -> None:
    first = compose(aws, "TRUE")
    second = compose(aws, f"NOT ALARM({first})")
    cloudwatch(aws).put_composite_alarm(AlarmName=first, AlarmRule=f"ALARM({second})")
    next_minute(aws)
    assert {*states(aws, first, second)} <= {"OK", "ALARM"}


# --- the language of rules -------------------------------------------------------------------------------------------

STATES = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}
RULES = {
    'ALARM("a")': True,
    "ALARM(a)": True,
    "OK(a)": False,
    'INSUFFICIENT_DATA("c d")': True,
    "NOT OK(a)": True,
    "NOT NOT ALARM(a)": True,
    "ALARM(a) AND OK(b)": True,
    "FALSE AND TRUE OR TRUE": True,
    "TRUE OR TRUE AND FALSE": True,
    "(TRUE OR TRUE) AND FALSE": False,
    "NOT FALSE AND FALSE": False,
    "NOT (FALSE AND FALSE)": True,
    "ALARM(arn:aws:cloudwatch:us-west-2:123456789012:alarm:a)": True,
}


@pytest.mark.parametrize(("rule", "holds"), RULES.items())
def test_a_rule_holds_or_not(rule: str, holds: bool) -> None:
    assert rules.parsed(rule).holds(STATES) is holds


@pytest.mark.parametrize(
    "rule",
    ["", "ALARM", "ALARM(", "ALARM()", "ALARM(a", "ALARM(a))", "(TRUE", "TRUE TRUE", "TRUE AND", "AND TRUE", "NOT", "alarm(a)", '"TRUE', "ALARM(a) XOR OK(b)"],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(Refused) as caught:
        rules.parsed(rule)
    assert (caught.value.code, caught.value.status) == ("ValidationError", 400)


@pytest.mark.parametrize("rule", ["(" * 101 + "TRUE" + ")" * 101, "(" * 5000, " OR ".join(["TRUE"] * 5000)], ids=len)
def test_a_rule_without_measure_is_refused(rule: str) -> None:
    with pytest.raises(Refused, match=r"too deep|more than 500 elements"):
        rules.parsed(rule)


@given(st.text(alphabet='ALRMOKNDTUEF()" a', max_size=60))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        assert rules.parsed(text).holds({}) in (True, False)
    except Refused as refusal:
        assert refusal.code in ("ValidationError", "NotImplementedException")


# --- missing points, as AWS's page tells them ------------------------------------------------------------------------

OF_THREE = {
    "0-X-X": ("OK", "OK", "OK", "OK"),
    "0----": ("OK", "OK", "OK", "OK"),
    "-----": ("INSUFFICIENT_DATA", "current", "ALARM", "OK"),
    "0XX-X": ("ALARM", "ALARM", "ALARM", "ALARM"),
    "--X--": ("ALARM", "current", "ALARM", "OK"),
    "----X": ("current", "current", "ALARM", "OK"),
}
TWO_OF_THREE = {
    "0-X-X": ("ALARM", "ALARM", "ALARM", "ALARM"),
    "00X0X": ("ALARM", "ALARM", "ALARM", "ALARM"),
    "0-X--": ("OK", "OK", "ALARM", "OK"),
    "----0": ("OK", "OK", "ALARM", "OK"),
    "---X-": ("ALARM", "current", "ALARM", "OK"),
}
ROWS = [(3, *row) for row in OF_THREE.items()] + [(2, *row) for row in TWO_OF_THREE.items()]


@pytest.mark.parametrize(
    ("least", "points", "wanted"), ROWS, ids=[f"{least} of 3: {points}" for least, points, _ in ROWS]
)
def test_points_that_lack_are_taken_as_the_alarm_says(least: int, points: str, wanted: tuple[str, ...]) -> None:
    known = [{"0": False, "X": True, "-": None}[point] for point in points]
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    metric = Metric("Shop", "Orders")
    found = tuple(
        state_of(known, Watched(metric, "Sum", 60, "", 3, least, 0, "GreaterThanThreshold", treatment), "current")
        for treatment in treatments
    )
    assert found == wanted
