"""Which event of CloudTrail tells of which drift, as values: what matches, what does not, and what is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import trail
from reconciler.core.model import Key, Target
from reconciler.core.trail import Event, Who
from reconciler.kinds.registry import KINDS
from reconciler.kinds.trail import causing, event_name
from reconciler.plan import who
from reconciler.plan.who import Sought

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TARGET = Target("test", "us-west-2", "checkout")
ARN = "arn:aws:lambda:us-west-2:123456789012:function:checkout"
NEVER = datetime.min.replace(tzinfo=UTC)
MEMORY = Sought(
    Key(TARGET, "function"), ("UpdateFunctionConfiguration", "CreateFunction"), frozenset({"MemorySize"}), frozenset(), {}, NEVER
)  # fmt: skip
ALIAS = Sought(
    Key(TARGET, "alias", "live"), ("UpdateAlias",), frozenset({"FunctionVersion"}), frozenset(), {"name": "live"}, NEVER
)
TAGS = Sought(Key(TARGET, "function"), ("TagResource", "UntagResource"), frozenset(), frozenset({"team"}), {}, NEVER)
GRANT = Sought(
    Key(TARGET, "permission", "live/s3"), ("AddPermission",), frozenset(), frozenset(),
    {"qualifier": "live", "statementid": "s3"}, NEVER,
)  # fmt: skip
MAPPING = Sought(
    Key(TARGET, "event_source_mapping", "orders"), ("UpdateEventSourceMapping", "TagResource"), frozenset({"BatchSize"}),
    frozenset(), {"uuid": "u-1", "eventsourcearn": "arn:queue"}, NEVER,
)  # fmt: skip
GROUP = Sought(
    Key(TARGET, "log_group"), ("PutRetentionPolicy",), frozenset({"retention_days"}), frozenset(),
    {"loggroupname": "/aws/lambda/checkout"}, NEVER,
)  # fmt: skip
SCALED = Sought(
    Key(TARGET, "provisioned_concurrency", "live"), ("RegisterScalableTarget",), frozenset(), frozenset(),
    {"qualifier": "live"}, NEVER,
)  # fmt: skip


def told(
    name: str, params: Any, *, source: str = "lambda.amazonaws.com", at: datetime = NOW, **members: Any
) -> dict[str, Any]:
    whole = {
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "eventSource": source, "eventName": name, "eventID": "e",
        "userAgent": "aws-cli/2", "userIdentity": {"type": "IAMUser", "userName": "ada"}, "requestParameters": params,
        **members,
    }  # fmt: skip
    return {"CloudTrailEvent": json.dumps(whole)}


def event(name: str, params: Any, **members: Any) -> Event:
    found = trail.event(told(name, params, **members))
    assert found
    return found


CONFIGURED = "UpdateFunctionConfiguration20150331v2"
TELLS = {
    "by name": (MEMORY, CONFIGURED, {"functionName": "checkout", "memorySize": 1}),
    "by ARN": (MEMORY, CONFIGURED, {"functionName": ARN, "memorySize": 1}),
    "by the end of an ARN": (MEMORY, CONFIGURED, {"functionName": "123456789012:function:checkout", "memorySize": 1}),
    "qualified": (MEMORY, CONFIGURED, {"functionName": f"{ARN}:$LATEST", "memorySize": 1}),
    "by a newer name": (MEMORY, "UpdateFunctionConfiguration20300101v9", {"functionName": ARN, "memorySize": 1}),
    "by the bare name": (MEMORY, "UpdateFunctionConfiguration", {"functionName": ARN, "memorySize": 1}),
    "of a new function": (MEMORY, "CreateFunction20150331", {"functionName": "checkout", "memorySize": 1}),
    "a variable, which is left out": (
        replace(MEMORY, members=frozenset({"Environment"})), CONFIGURED, {"functionName": "checkout"},
    ),
    "an alias": (ALIAS, "UpdateAlias20150331", {"functionName": ARN, "name": "live", "functionVersion": "2"}),
    "a tag that is set": (TAGS, "TagResource20170331v2", {"resource": ARN, "tags": {"team": "b"}}),
    "a tag that is taken off": (TAGS, "UntagResource20170331v2", {"resource": ARN, "tagKeys": ["team"]}),
    "a grant": (GRANT, "AddPermission20150331v2", {"functionName": f"{ARN}:live", "statementId": "s3"}),
    "a grant by qualifier": (
        GRANT, "AddPermission20150331v2", {"functionName": "checkout", "qualifier": "live", "statementId": "s3"},
    ),
    "a mapping by its number": (MAPPING, "UpdateEventSourceMapping20150331", {"uUID": "u-1", "batchSize": 2}),
    "a mapping by its tags": (
        replace(MAPPING, members=frozenset(), tags=frozenset({"team"})), "TagResource20170331v2",
        {"resource": "arn:aws:lambda:us-west-2:1:event-source-mapping:u-1", "tags": {"team": "a"}},
    ),
    "a log group": (GROUP, "PutRetentionPolicy", {"logGroupName": "/aws/lambda/checkout", "retentionInDays": 1}),
    "what is scaled": (SCALED, "RegisterScalableTarget", {"resourceId": "function:checkout:live"}),
}  # fmt: skip
TELLS_NOT = {
    "another function": (MEMORY, CONFIGURED, {"functionName": "checkout2", "memorySize": 1}),
    "another function of that name's end": (MEMORY, CONFIGURED, {"functionName": "my-checkout", "memorySize": 1}),
    "another member": (MEMORY, CONFIGURED, {"functionName": "checkout", "timeout": 1}),
    "a read": (MEMORY, "GetFunction20150331v2", {"functionName": "checkout"}),
    "another call that begins like it": (MEMORY, "UpdateFunctionConfigurationMore", {"functionName": "checkout", "memorySize": 1}),
    "another alias": (ALIAS, "UpdateAlias20150331", {"functionName": "checkout", "name": "beta", "functionVersion": "2"}),
    "another tag": (TAGS, "TagResource20170331v2", {"resource": ARN, "tags": {"cost": "b"}}),
    "the tags of a mapping": (
        TAGS, "TagResource20170331v2",
        {"resource": "arn:aws:lambda:us-west-2:1:event-source-mapping:u", "tags": {"team": "b"}},
    ),
    "a grant of the function's own": (GRANT, "AddPermission20150331v2", {"functionName": "checkout", "statementId": "s3"}),
    "another statement": (GRANT, "AddPermission20150331v2", {"functionName": f"{ARN}:live", "statementId": "sns"}),
    "another mapping": (MAPPING, "UpdateEventSourceMapping20150331", {"uUID": "u-2", "batchSize": 2}),
    "a tag of the function of a mapping": (
        replace(MAPPING, members=frozenset(), tags=frozenset({"team"})), "TagResource20170331v2",
        {"resource": ARN, "tags": {"team": "a"}},
    ),
    "a tag of a mapping of which something else differs": (
        MAPPING, "TagResource20170331v2",
        {"resource": "arn:aws:lambda:us-west-2:1:event-source-mapping:u-1", "tags": {"team": "a"}},
    ),
    "another group": (GROUP, "PutRetentionPolicy", {"logGroupName": "/aws/lambda/other"}),
    "another alias that is scaled": (SCALED, "RegisterScalableTarget", {"resourceId": "function:checkout:beta"}),
    "nothing said": (MEMORY, CONFIGURED, None),
    "what is no map": (MEMORY, CONFIGURED, ["functionName"]),
    "a name that is none": (MEMORY, CONFIGURED, {"functionName": {"a": "checkout"}, "memorySize": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("one", "name", "params"), TELLS.values(), ids=TELLS)
def test_an_event_tells_of_it(one: Sought, name: str, params: Any) -> None:
    source = {"PutRetentionPolicy": "logs", "RegisterScalableTarget": "autoscaling"}.get(name, "lambda")
    assert who.tells(one, event(name, params, source=f"{source}.amazonaws.com"))


@pytest.mark.parametrize(("one", "name", "params"), TELLS_NOT.values(), ids=TELLS_NOT)
def test_an_event_does_not_tell_of_it(one: Sought, name: str, params: Any) -> None:
    source = {"PutRetentionPolicy": "logs", "RegisterScalableTarget": "autoscaling"}.get(name, "lambda")
    assert not who.tells(one, event(name, params, source=f"{source}.amazonaws.com"))


def test_what_another_service_calls_the_same_is_another_thing() -> None:
    assert not who.tells(
        TAGS, event("TagResource", {"resource": ARN, "tags": {"team": "b"}}, source="ecs.amazonaws.com")
    )


def test_what_was_refused_is_no_event() -> None:
    assert trail.event(told(CONFIGURED, {"functionName": "checkout"}, errorCode="AccessDenied")) is None


def answer(one: Sought, *events: Event, role: str = "") -> Who | None:
    return who.told(one, events, now=NOW, role=role)


def configured(minutes: float, **members: Any) -> Event:
    at = NOW - timedelta(minutes=minutes)
    return event(CONFIGURED, {"functionName": "checkout", "memorySize": 1}, at=at, **members)


def test_the_last_counts_that_came_after_the_apply_and_before_the_look() -> None:
    since = replace(MEMORY, since=NOW - timedelta(minutes=5))
    found = answer(since, configured(3, eventID="a"), configured(1, eventID="b"), configured(-1, eventID="c"))
    assert (found.event_id if found else "") == "b"
    assert answer(since, configured(6)) is None


def test_our_own_role_is_ours_whatever_the_program() -> None:
    role = "arn:aws:iam::1:role/apply"
    issuer = {"type": "Role", "arn": role, "userName": "apply"}
    identity = {
        "type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/apply/run-1", "sessionContext": {"sessionIssuer": issuer},
    }  # fmt: skip
    found = answer(MEMORY, configured(1, userIdentity=identity), role=role)
    assert found
    assert (found.is_ours, found.name, found.session) == (True, "apply", "run-1")
    other = answer(MEMORY, configured(1, userIdentity=identity), role="arn:aws:iam::1:role/other")
    assert other
    assert not other.is_ours


AGENTS = {
    "[console.amazonaws.com]": "console", "Mozilla/5.0 (X11)": "console", "aws-cli/2.1 Python/3": "cli",
    "Boto3/1.28 md/Botocore": "Boto3", "APN/1.0 HashiCorp/1.0 Terraform/1.9": "APN", "cloudformation.amazonaws.com": "cloudformation.amazonaws.com",
    "": "",
}  # fmt: skip


@pytest.mark.parametrize(("agent", "via"), AGENTS.items())
def test_a_program_is_told_by_its_first_word(agent: str, via: str) -> None:
    assert event(CONFIGURED, {}, userAgent=agent).who.via == via


def test_who_keeps_neither_address_nor_key() -> None:
    found = event(
        CONFIGURED, {}, sourceIPAddress="192.0.2.7", userIdentity={"type": "Root", "accessKeyId": "AKIAEXAMPLE", "arn": "arn:aws:iam::1:root"}
    )  # fmt: skip
    assert found.who.name == "root"
    assert not {"192.0.2.7", "AKIAEXAMPLE"} & {str(getattr(found.who, name)) for name in Who.__slots__}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["eventTime", "userIdentity", "requestParameters", "functionName", "tags", "arn", "sessionContext"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_an_event_holds_it_is_an_event_or_none(drawn: Any) -> None:
    whole = drawn if isinstance(drawn, dict) else {"requestParameters": drawn}
    for text in (
        json.dumps(drawn),
        json.dumps({**whole, "eventTime": "2026-11-30T12:00:00Z", "eventName": CONFIGURED}),
    ):
        found = trail.event({"CloudTrailEvent": text})
        if found:
            assert who.told(MEMORY, [found], now=NOW, role="") is None or found.said["functionname"] == "checkout"


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_changes_that_lie_together_are_one_question() -> None:
    ats = [NOW - timedelta(minutes=minutes) for minutes in (1, 2, 30)]
    looks = who.narrow([replace(MEMORY, at=at) for at in ats], now=NOW, by_name=True)
    assert [look.end - look.start for look in looks] == [timedelta(seconds=125), timedelta(seconds=185)]
    assert {(look.attribute, look.value) for look in looks} == {("EventName", CONFIGURED)}
    (by_source, _) = who.narrow([replace(MEMORY, at=at) for at in ats], now=NOW, by_name=False)
    assert (by_source.attribute, by_source.value) == ("EventSource", "lambda.amazonaws.com")


def test_what_cloudtrail_no_longer_has_is_not_asked_for() -> None:
    old = replace(MEMORY, at=NOW - timedelta(days=91))
    assert who.narrow([old], now=NOW, by_name=True) == []
    assert who.untold(old, now=NOW, problem="", is_cut=False).unknown == "older than 90 days"
    (look,) = who.wide([ALIAS], 0, now=NOW)
    assert NOW - look.start == timedelta(days=90)


def test_every_kind_names_the_calls_that_make_end_and_change_it() -> None:
    """But for what is always there, or which no call ends."""
    for kind in (kind for kind in KINDS.values() if kind.name not in ("version", "layer_version", "layer")):
        changed = (("configuration", "MemorySize"), ("code", "S3Key"), ("tags", "a")) if kind.is_root else (("x",),)
        assert causing(kind, "update", changed), kind.name
        assert kind.is_always_there or causing(kind, "create", ()), kind.name
        assert causing(kind, "delete", ()), kind.name


def test_names_of_events_are_those_of_aws_page() -> None:
    assert event_name("AddPermission") == "AddPermission20150331v2"
    assert event_name("PutFunctionConcurrency") == "PutFunctionConcurrency20171031"
    assert event_name("UpdateFunctionUrlConfig") == "UpdateFunctionUrlConfig"
