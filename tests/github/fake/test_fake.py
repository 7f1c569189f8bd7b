"""The fake GitHub holds whoever asks it, and itself, to GitHub's own description; what is not so ends the test."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.github.fake import Hub, fake_github
from tests.github.fake.answers import RIGHTS
from tests.github.fake.contract import operation, operations

HEAD = "a" * 40


def ask(hub: Hub, method: str, path: str, **given: Any) -> requests.Response:
    return requests.request(
        method, f"{hub.url}{path}", headers={"Authorization": f"token {hub.token}"}, timeout=5, **given
    )


def test_every_operation_of_the_slice_is_answered_and_no_other() -> None:
    assert {known.identifier for known in operations()} == set(RIGHTS)


@pytest.mark.parametrize(
    ("method", "path", "given", "fault"),
    [
        ("GET", "/repos/acme/shop/branches", {}, "none of the operations"),
        ("DELETE", "/repos/acme/shop/issues/comments/1", {}, "none of the operations"),
        ("GET", "/repos/acme/shop/issues?label=x", {}, r"\?label= is no parameter"),
        ("GET", "/repos/acme/shop/issues?state=gone", {}, "'gone' is not one of"),
        ("GET", "/repos/acme/shop/issues?per_page=many", {}, "'many' is not of type 'integer'"),
        ("GET", "/user", {"json": {}}, "it takes no body"),
        ("POST", "/repos/acme/shop/issues/7/comments", {"json": {}}, "'body' is a required property"),
        ("POST", "/repos/acme/shop/issues/7/comments", {}, "None is not of type 'object'"),
        ("POST", "/repos/acme/shop/issues/7/comments", {"json": {"body": "x", "author": "me"}}, r"\.author is no member"),
        ("POST", "/repos/acme/shop/check-runs", {"json": {"name": "x", "head_sha": HEAD, "status": "done"}}, "'done'"),
        (
            "POST",
            "/repos/acme/shop/check-runs",
            {"json": {"name": "x", "head_sha": HEAD, "output": {"title": "", "summary": "", "annotations": [{"line": 1}]}}},
            "annotations",
        ),
    ],
)  # fmt: skip
def test_a_request_that_github_does_not_know_ends_the_test(method: str, path: str, given: Any, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault), fake_github() as hub:
        hub.pull_request(7, HEAD)
        assert ask(hub, method, path, **given).status_code == 400


def test_an_answer_that_github_would_not_give_ends_the_test() -> None:
    with pytest.raises(AssertionError, match="is answered as GitHub would not"), fake_github() as hub:
        hub.pull_request(7, HEAD, base=None)  # type: ignore[arg-type]
        ask(hub, "GET", f"/repos/acme/shop/commits/{HEAD}/pulls")


def test_a_token_that_is_shown_to_the_storage_ends_the_test() -> None:
    with pytest.raises(AssertionError, match="the token was shown to the storage"), fake_github() as hub:
        made = hub.artifact("plan", b"", commit=HEAD)
        address = ask(hub, "GET", f"/repos/acme/shop/actions/artifacts/{made.identifier}/zip", allow_redirects=False)
        requests.get(address.headers["Location"], headers={"Authorization": "token x"}, timeout=5)


def test_a_test_that_fails_for_another_reason_says_that_reason() -> None:
    with pytest.raises(ZeroDivisionError), fake_github() as hub:
        ask(hub, "GET", "/nowhere")
        raise ZeroDivisionError


def test_a_repository_of_another_name_is_not_there(hub: Hub) -> None:
    assert ask(hub, "GET", "/repos/acme/another/issues").status_code == 404


def test_an_example_is_a_copy() -> None:
    operation("issues/create").example["title"] = "changed"
    assert operation("issues/create").example["title"] != "changed"
