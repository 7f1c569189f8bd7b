"""Which issue of a drifted function is opened, edited, closed, opened again; never a second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.commands.ci.drift import SPARE
from reconciler.github.drift import (
    Drift,
    Picture,
    Sighting,
    Step,
    decide,
    mark,
    sighted,
    sightings_document,
    sightings_from,
)
from reconciler.github.port import Issue
from reconciler.report.formats import COMMENT_ROOM
from reconciler.report.schemas import SCHEMAS

ME, NAME = "github-actions[bot]", "default"
ONE, TWO = "test/us-west-2/one", "test/us-west-2/two"
FIRST, SECOND = "2026-01-31T12:00:00.000Z", "2026-01-31T18:00:00.000Z"
A, B = Drift("| Timeout | 9 | 3 |\n", "a" * 64), Drift("| Timeout | 8 | 3 |\n", "b" * 64)


def picture(drifted: dict[str, Drift], **facts: Any) -> Picture:
    known = {"unjudged": frozenset[str](), "specified": frozenset({ONE, TWO}), "is_whole": True, **facts}
    return Picture(SECOND, drifted, **known)


def opened(drift: Drift = A, number: int = 7, address: str = ONE, author: str = ME, *, is_open: bool = True) -> Issue:
    """The issue that a run opened of a drift."""
    (step,) = decide(
        picture({address: drift}, specified=frozenset({address})), {address: Sighting(2, FIRST)}, [],
        author=ME, name=NAME, after=2,
    )  # fmt: skip
    return Issue(number, author, step.title, step.body, is_open=is_open)


def steps(
    seen: Picture, *issues: Issue, before: dict[str, Sighting] | None = None, name: str = NAME, after: int = 2
) -> list[Step]:
    return decide(seen, sighted(seen, before or {}), issues, author=ME, name=name, after=after)


def verbs(*arguments: Any, **more: Any) -> list[tuple[str, int]]:
    return [(step.verb, step.number) for step in steps(*arguments, **more)]


def test_an_issue_is_opened_when_the_drift_was_seen_often_enough() -> None:
    seen = picture({ONE: A})
    assert steps(seen) == []
    (step,) = steps(seen, before={ONE: Sighting(1, FIRST)})
    assert (step.verb, step.title) == ("open", f"Drift: {ONE}")
    assert step.body.splitlines()[:3] == [
        f"<!-- reconcile:drift:default:{ONE} -->",
        f"<!-- {'a' * 64} -->",
        f"AWS was changed behind git's back. Seen since {FIRST}.",
    ]
    assert step.body.endswith(A.page)
    assert verbs(seen, after=1) == [("open", 0)]


def test_an_issue_is_edited_only_when_the_drift_is_another() -> None:
    assert steps(picture({ONE: A}), opened(A)) == []
    (step,) = steps(picture({ONE: B}), opened(A), before={ONE: Sighting(4, FIRST)})
    assert (step.verb, step.number) == ("edit", 7)
    assert B.page in step.body
    assert A.page not in step.body


def test_an_open_issue_is_edited_though_its_sightings_are_lost() -> None:
    assert verbs(picture({ONE: B}), opened(A)) == [("edit", 7)]


def test_an_issue_is_closed_when_the_drift_ended_and_says_so() -> None:
    (step,) = steps(picture({}), opened(A))
    assert (step.verb, step.number) == ("close", 7)
    assert step.body.splitlines()[:3] == [
        mark(NAME, ONE), "<!-- ended -->", f"Ended at {SECOND}: AWS holds what git says."
    ]  # fmt: skip
    assert step.body.endswith(A.page)
    assert steps(picture({}), closed(step)) == []


def closed(step: Step) -> Issue:
    return Issue(step.number, ME, step.title, step.body, is_open=False)


def test_an_issue_is_opened_again_when_the_drift_comes_back_and_no_second_one() -> None:
    (ending,) = steps(picture({}), opened(A))
    ended = closed(ending)
    seen = picture({ONE: A})
    assert steps(seen, ended) == []
    (step,) = steps(seen, ended, before={ONE: Sighting(1, FIRST)})
    assert (step.verb, step.number) == ("reopen", 7)
    assert step.body == opened(A).body


def test_an_issue_that_somebody_closed_is_opened_again_while_the_drift_lasts() -> None:
    assert verbs(picture({ONE: A}), opened(A, is_open=False), before={ONE: Sighting(5, FIRST)}) == [("reopen", 7)]


def test_of_two_issues_the_first_counts_whatever_the_order() -> None:
    both = (opened(A, 9), opened(A, 4))
    assert verbs(picture({}), *both) == verbs(picture({}), *reversed(both)) == [("close", 4)]


def test_a_look_alike_by_somebody_else_is_none_of_ours() -> None:
    theirs = opened(A, 3, author="mallory")
    assert steps(picture({}), theirs) == []
    assert verbs(picture({ONE: A}), theirs, before={ONE: Sighting(1, FIRST)}) == [("open", 0)]


def test_the_mark_counts_in_the_first_line_only_however_lines_end() -> None:
    ours = opened(A)
    quoted = replace(ours, body=f"> look:\n{ours.body}")
    assert steps(picture({}), quoted) == []
    in_a_browser = replace(ours, body=ours.body.replace("\n", "\r\n"))
    assert verbs(picture({ONE: A}), in_a_browser) == []
    (step,) = steps(picture({}), in_a_browser)
    assert step.body.count("Seen since") == 0
    assert step.body.endswith(A.page)


def test_another_workspace_of_the_repository_has_issues_of_its_own() -> None:
    assert steps(picture({}), opened(A), name="other") == []
    assert verbs(picture({ONE: A}), opened(A), name="other", after=1) == [("open", 0)]
    assert steps(picture({}), opened(A), name="d.fault") == []


def test_what_could_not_be_judged_keeps_its_issue_and_gets_none() -> None:
    seen = picture({ONE: B}, unjudged=frozenset({ONE, TWO}))
    assert steps(seen, opened(A), opened(A, 8, TWO), before={ONE: Sighting(9, FIRST)}) == []
    assert sighted(seen, {ONE: Sighting(9, FIRST)}) == {ONE: Sighting(9, FIRST)}


def test_of_a_function_without_a_spec_the_issue_is_closed() -> None:
    (step,) = steps(picture({}, specified=frozenset({TWO})), opened(A))
    assert (step.verb, "no spec names this function any more" in step.body) == ("close", True)


def test_of_a_part_of_the_specs_the_others_are_left_alone() -> None:
    seen = picture({}, specified=frozenset({TWO}), is_whole=False)
    assert steps(seen, opened(A)) == []
    assert sighted(seen, {ONE: Sighting(3, FIRST), TWO: Sighting(1, FIRST)}) == {ONE: Sighting(3, FIRST)}


def test_a_drift_that_ended_is_counted_anew() -> None:
    gone = sighted(picture({}), {ONE: Sighting(3, FIRST)})
    assert gone == {}
    assert sighted(picture({ONE: A}), gone) == {ONE: Sighting(1, SECOND)}


def test_sightings_are_a_valid_document_and_read_back() -> None:
    before = {TWO: Sighting(1, SECOND), ONE: Sighting(3, FIRST)}
    document = sightings_document(before, SECOND)
    Draft202012Validator(SCHEMAS["drift"]).validate(document)
    assert [entry["address"] for entry in document["sightings"]] == [ONE, TWO]
    assert sightings_from(document) == before


def test_a_body_stays_below_what_is_shown_of_one_with_the_longest_page_and_address() -> None:
    address = f"{'a' * 64}/us-gov-west-1/{'f' * 64}"
    longest = Drift("x" * (COMMENT_ROOM - SPARE), "a" * 64)
    issue = opened(longest, address=address)
    (step,) = steps(picture({}, specified=frozenset()), issue, name=NAME)
    assert max(len(issue.body), len(step.body)) <= COMMENT_ROOM


looks = st.lists(
    st.tuples(st.dictionaries(st.sampled_from([ONE, TWO]), st.sampled_from([A, B])), st.sets(st.sampled_from([ONE, TWO]))),
    max_size=12,
)  # fmt: skip


@given(looks, st.integers(1, 3))
def test_whatever_is_seen_a_function_has_one_issue_which_says_what_is(
    seen: list[tuple[dict[str, Drift], set[str]]], after: int
) -> None:
    issues: dict[int, Issue] = {}
    sightings: dict[str, Sighting] = {}
    for drifted, unjudged in seen:
        look = picture(drifted, unjudged=frozenset(unjudged))
        sightings = sighted(look, sightings)
        for step in decide(look, sightings, issues.values(), author=ME, name=NAME, after=after):
            number = step.number or len(issues) + 1
            assert (step.verb == "open") == (number not in issues)
            issues[number] = Issue(number, ME, step.title, step.body, is_open=step.verb != "close")
        of = {issue.body.splitlines()[0]: issue for issue in issues.values()}
        assert len(of) == len(issues)
        for address in {ONE, TWO} - unjudged:
            issue = of.get(mark(NAME, address))
            if address not in drifted:
                assert issue is None or not issue.is_open
            elif sightings[address].count >= after:
                assert issue is not None
            if issue and issue.is_open:
                assert drifted[address].digest in issue.body


@pytest.mark.parametrize("body", ["", "\n", "<!-- reconcile:drift:default: -->", f"{mark(NAME, ONE)}"])
def test_an_issue_that_was_emptied_stops_nothing(body: str) -> None:
    emptied = replace(opened(A), body=body)
    for seen in (picture({}), picture({ONE: A})):
        steps(seen, emptied, before={ONE: Sighting(1, FIRST)})
