"""The lock: one clock, S3's own; a store that keeps nobody off is found out; who lost it begins nothing more."""

from __future__ import annotations

import getpass
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from reconciler.apply import lock
from reconciler.core.errors import AwsError, CallFailed, Locked
from tests.conftest import CONFIG, House, function_spec

URL = "s3://locks/shop.lock"
EPOCH = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Bucket:
    """An S3 of one object with a clock of its own. `conditions` says whether it keeps If-Match and If-None-Match."""

    def __init__(self, *, conditions: bool = True, dates: bool = True) -> None:
        self.body: bytes | None = None
        self.number, self.now, self.written = 0, EPOCH, EPOCH
        self.conditions, self.dates = conditions, dates
        self.lost = 0  # answers to writes that go astray, each followed by a second attempt

    def __call__(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if operation == "PutObject":
            return self.put(params)
        if operation == "DeleteObject":
            self.body = None
            return {}
        if self.body is None:
            raise CallFailed("none", code="NoSuchKey")
        answer = {"Body": io.BytesIO(self.body), "ETag": str(self.number)}
        dates = {"LastModified": self.written, "Date": format_datetime(self.now, usegmt=True)}
        return answer | (dates if self.dates else {})

    def put(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        is_there = self.body is not None
        wrong = (params.get("IfNoneMatch") == "*" and is_there) or params.get("IfMatch", self.tag) != self.tag
        if self.conditions and wrong:
            raise CallFailed("no", code="PreconditionFailed")
        self.body, self.written = params["Body"], self.now
        self.number += 1
        if self.lost:
            self.lost -= 1
            raise CallFailed("no", code="PreconditionFailed")
        return {"ETag": self.tag}

    @property
    def tag(self) -> str:
        return str(self.number)


def take(bucket: Bucket, run: str, runs_clock: float = EPOCH.timestamp()) -> str:
    return lock.Lock(bucket, URL, run, lambda: runs_clock).taken()


@pytest.mark.parametrize("ahead", [-3600, -125, 0, 125, 3600])
def test_a_waiters_clock_says_nothing_about_a_lock_that_lives(ahead: float) -> None:
    bucket = Bucket()
    take(bucket, "holder")
    with pytest.raises(Locked, match="run holder, for another 120 s unless renewed"):
        take(bucket, "waiter", EPOCH.timestamp() + ahead)


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_a_holders_clock_says_nothing_about_its_lock(ahead: float) -> None:
    bucket = Bucket()
    take(bucket, "holder", EPOCH.timestamp() + ahead)
    bucket.now += timedelta(seconds=119)
    with pytest.raises(Locked, match="for another 1 s"):
        take(bucket, "waiter")
    bucket.now += timedelta(seconds=1)
    take(bucket, "waiter")
    found, _ = lock.read(bucket, URL)
    assert found
    assert found["run"] == "waiter"


def test_a_store_that_dates_nothing_is_never_taken_from() -> None:
    bucket = Bucket(dates=False)
    take(bucket, "holder")
    bucket.now += timedelta(days=1)
    with pytest.raises(Locked, match=r"\(run holder\); wait"):
        take(bucket, "waiter", EPOCH.timestamp() + 86_400)


def test_a_lock_of_an_earlier_release_ends_when_it_says_so_by_s3s_clock() -> None:
    bucket = Bucket()
    bucket.body = json.dumps({"owner": "o", "run": "old", "expires_at": EPOCH.timestamp() + 30}).encode()
    with pytest.raises(Locked, match="run old"):
        take(bucket, "waiter", EPOCH.timestamp() + 3600)
    bucket.now += timedelta(seconds=31)
    take(bucket, "waiter")


def test_a_store_that_ignores_conditions_gives_the_lock_to_nobody() -> None:
    bucket = Bucket(conditions=False)
    with pytest.raises(AwsError, match="ignores conditional writes"):
        take(bucket, "one")
    assert bucket.body is None


def test_of_two_that_take_over_a_dead_lock_one_holds_it_though_the_store_ignores_if_match() -> None:
    bucket = Bucket()
    take(bucket, "dead")
    bucket.now += timedelta(seconds=500)
    bucket.conditions = False
    real = bucket.put

    def raced(params: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = real(params)
        bucket.body = json.dumps({"owner": "o", "run": "other", "expires_at": 0}).encode()
        return answer

    bucket.conditions = True
    bucket.put = raced  # type: ignore[method-assign]
    with pytest.raises(Locked, match="taken by somebody else just now"):
        take(bucket, "mine")


def test_a_lost_answer_to_our_own_write_is_not_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket()
    bucket.lost = 1
    tag = take(bucket, "mine")
    bucket.lost = 1
    assert lock.Lock(bucket, URL, "mine").renewed(tag) == bucket.tag
    bucket.now += timedelta(seconds=500)
    bucket.lost = 1
    assert take(bucket, "next") == bucket.tag


def test_a_beat_looks_before_it_writes() -> None:
    bucket = Bucket()
    tag = take(bucket, "mine")
    bucket.conditions = False
    bucket.body = json.dumps({"owner": "o", "run": "theirs", "expires_at": 0}).encode()
    bucket.number += 1
    with pytest.raises(Locked, match="not ours any more"):
        lock.Lock(bucket, URL, "mine").renewed(tag)
    assert b"theirs" in bucket.body


def test_a_lease_without_a_beat_is_over_for_its_holder_before_anybody_may_take_it() -> None:
    seconds = [0.0]
    with lock.held(Bucket(), URL, "mine", clock=lambda: seconds[0]) as lease:
        seconds[0] = 100.0
        assert not lease.is_over()
        seconds[0] = lock.LEASE_SECONDS - 1
        assert lease.is_over()


def test_a_user_without_an_entry_in_passwd_is_named_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 12345)
    bucket = Bucket()
    take(bucket, "mine")
    found, _ = lock.read(bucket, URL)
    assert found
    assert found["owner"].startswith("uid-12345@")


def test_an_apply_whose_lease_is_over_begins_nothing_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sandbox.clients.get("s3", "123456789012", "us-west-2").create_bucket(
        Bucket="locks", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    house.write("reconcile.yaml", CONFIG + f"lock: {URL}\n", stock=False)
    house.write(
        "one.yaml", function_spec("one", extra="publish: true\naliases: {live: {FunctionVersion: published}}\n")
    )
    seconds = [0.0]
    monkeypatch.setattr(lock.Lease, "is_over", lambda self: seconds[0] > 0)

    def watch(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateFunction":
            seconds[0] = 1.0  # the machine slept while this call was on its way

    house.sandbox.gate.watch = watch
    result = house.run("apply", "--yes")
    assert result.exit_code == 24
    assert "was lost; nothing more was begun" in result.err
    assert "CreateAlias" not in house.writes()
