"""What a candidate's answer must be like, and what is said of one that is not."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.rollouts import Smoke
from reconciler.rollout.smoke import ABSENT, Invoked, at, failed

ORDER = {"statusCode": 200, "body": json.dumps({"total": 3, "id": "o-1", "lines": [{"a/b": 1}, True]}), "none": None}
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "as the seed's page says": ({"/statusCode": 200, "/body/total": {"min": 1}, "/body/id": {"matches": "^o-"}, "/body/warnings": {"exists": False}}, ()),
    "another value": ({"/statusCode": 201}, ("/statusCode is not 201",)),
    "a text is no number": ({"/statusCode": "200"}, ('/statusCode is not "200"',)),
    "a number is a number": ({"/statusCode": 200.0}, ()),
    "true is not 1": ({"/body/lines/1": 1, "/body/lines/0/a~1b": True}, ("/body/lines/1 is not 1", "/body/lines/0/a~1b is not true")),
    "a list": ({"/body/lines": [{"a/b": 1}, True]}, ("/body/lines is not [{\"a/b\": 1}, 1]",)),
    "the whole": ({"": {"type": "object"}}, ()),
    "null": ({"/none": None}, ()),
    "nothing there": ({"/gone": 1, "/body/lines/2": {"min": 1}, "/none/a": None}, ("/gone is not there", "/body/lines/2 is not there", "/none/a is not there")),
    "nothing may be there": ({"/statusCode": {"exists": False}}, ("/statusCode is there",)),
    "something must be there": ({"/gone": {"exists": True}, "/statusCode": {"exists": True}}, ("/gone is not there",)),
    "bounds": ({"/statusCode": {"min": 201, "max": 199}}, ("/statusCode is no number from 201 on", "/statusCode is no number up to 199")),
    "bounds of a text": ({"/body/id": {"min": 0}}, ("/body/id is no number from 0 on",)),
    "no match": ({"/body/id": {"matches": "^p-"}, "/statusCode": {"matches": "2"}}, ("/body/id does not match '^p-'", "/statusCode does not match '2'")),
    "types": ({"/statusCode": {"type": "integer"}, "/body": {"type": "string"}, "/none": {"type": "null"}, "/body/lines": {"type": "array"}, "/body/lines/1": {"type": "boolean"}}, ()),
    "other types": ({"/body/lines/1": {"type": "number"}, "/statusCode": {"type": "string"}}, ("/body/lines/1 is no number", "/statusCode is no string")),
}  # fmt: skip
CASES["a list"] = ({"/body/lines": [{"a/b": 1}, 1]}, ('/body/lines is not [{"a/b": 1}, 1]',))


def found(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


@pytest.mark.parametrize("case", CASES)
def test_an_answer_is_held_against_what_is_expected(case: str) -> None:
    expect, sentences = CASES[case]
    assert failed(Smoke("e.json", expect), Invoked(json.dumps(ORDER).encode()), found) == sentences


@pytest.mark.parametrize(
    ("answer", "sentences"),
    [
        pytest.param(Invoked(b"{}", "Unhandled"), ("the function failed (Unhandled)",), id="the function's own error"),
        pytest.param(Invoked(b"{}", milliseconds=2001), ("took 2001 ms, more than 2000 ms",), id="too slow"),
        pytest.param(Invoked(b"{}", milliseconds=2000), (), id="just in time"),
        pytest.param(Invoked(b"{}", log="x\nTraceback (most"), ("the log has 'Traceback'",), id="a word in the log"),
        pytest.param(Invoked(b"<html>"), ("the answer is not JSON",), id="no JSON"),
        pytest.param(Invoked(b"\xff"), ("the answer is not JSON",), id="no text"),
        pytest.param(Invoked(b"[" * 200_000), ("the answer is not JSON",), id="nested without end"),
        pytest.param(Invoked(b""), ("the answer is not JSON",), id="nothing"),
        pytest.param(Invoked(b"NaN"), ("the answer is no integer",), id="no number"),
    ],
)
def test_an_answer_fails_by_itself(answer: Invoked, sentences: tuple[str, ...]) -> None:
    expect = {"": {"type": "integer"}} if answer.payload == b"NaN" else {"/a": {"exists": False}}
    smoke = Smoke("e.json", expect, timedelta(seconds=2), ("Traceback",))
    assert failed(smoke, answer, found) == sentences


def test_an_answer_of_which_nothing_is_expected_may_be_anything() -> None:
    assert failed(Smoke("e.json"), Invoked(b"\xff"), found) == ()


def test_no_payload_is_told() -> None:
    told = failed(Smoke("e.json", {"/key": 1, "/key/deeper": 1}), Invoked(b'{"key": "hunter2"}'), found)
    assert told == ("/key is not 1", "/key/deeper is not there")


@pytest.mark.parametrize("pointer", ["/a/00", "/a/-1", "/a/-", "/a/\u0660", "/a/9999999999999", "/b/0"])
def test_a_pointer_that_leads_nowhere_finds_nothing(pointer: str) -> None:
    assert at({"a": [1], "b": "text"}, pointer) is ABSENT


def test_a_text_that_is_too_long_or_takes_too_long_is_said_to() -> None:
    def never(pattern: str, text: str) -> bool:
        raise TimeoutError

    smoke = Smoke("e.json", {"/long": {"matches": "x"}, "/short": {"matches": "(x+)+$"}})
    answer = Invoked(json.dumps({"long": "x" * 2049, "short": "x"}).encode())
    assert failed(smoke, answer, never) == (
        "/long is longer than 2048 characters, so it is not matched",
        "/short takes too long to be matched by '(x+)+$'; write a simpler one",
    )
