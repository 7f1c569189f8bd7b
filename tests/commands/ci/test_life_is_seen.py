"""What the story of a repository's life rests on: eyes that see what must not be there, and a runner that reads conditions as GitHub does."""

from __future__ import annotations

import re

import pytest

from tests.commands.ci.life.actions import Expressions, Job, handed_on
from tests.commands.ci.life.seen import Eyes, is_ours
from tests.github.fake import Hub

OURS = "https://github.com/acme/shop"


@pytest.mark.parametrize(
    "page",
    [
        "<!-- reconcile:default -->\n<!-- reconcile:other -->\n", "text <!-- x -->", "<img src=x>", "![i](http://x)",
        "[here](https://example.com)", "<b onclick=x>b</b>", "ask @ada", "fixes #1", "# a headline",
    ],
)  # fmt: skip
def test_a_page_with_what_is_not_ours_is_seen(page: str) -> None:
    with pytest.raises(AssertionError):
        is_ours("a page", page, OURS)


def test_a_page_of_ours_is_none() -> None:
    code = "`@ada` <code>@ada</code>\n\n```diff\n+ @ada <!-- x -->\n```\n"
    is_ours("a page", f"<!-- reconcile:default -->\n### a verdict\n\n[run](<{OURS}/actions/runs/1>) {code}", OURS)


def test_a_secret_is_seen_wherever_it_is(hub: Hub) -> None:
    def looks() -> None:
        Eyes(hub, ["s3cret"]).look([Job("plan", out="fine")])

    looks()
    hub.pull_request(next(hub.numbers), "a" * 40)
    hub.artifact("plan", {"plan.json": "a s3cret"})
    with pytest.raises(AssertionError, match=re.escape("plan.json of plan has a secret")):
        looks()
    hub.artifacts.clear()
    hub.comment(1, "### a s3cret")
    with pytest.raises(AssertionError, match="the comment of #1 has a secret"):
        looks()


@pytest.mark.parametrize("line", ["::error::x", "  ::error::x", "\x1b[31m::error::x", "x ##[group]y"])
def test_whatever_the_runner_may_obey_is_a_command(line: str) -> None:
    assert Job("plan", out=f"first\n{line}\n").commands == [line]
    assert Job("plan", err=line).commands == [line]


@pytest.mark.parametrize(
    ("condition", "is_well", "holds"),
    [
        ("", True, True), ("", False, False), ("always()", False, True), ("failure()", False, True), ("failure()", True, False),
        ("github.event_name == 'push'", True, True), ("github.event_name == 'push'", False, False),
        ("!cancelled() && github.event_name == 'push'", False, True), ("github.nothing || inputs.name", True, True),
        ("${{ contains(needs.*.result, 'failure') }}", True, False), ("github.event.a.b == format('x/{0}', 'y')", True, True),
    ],
)  # fmt: skip
def test_a_condition_holds_as_github_says(condition: str, is_well: bool, holds: bool) -> None:
    contexts = {
        "github": {"event_name": "push", "event": {"a": {"b": "x/y"}}}, "inputs": {"name": "default"},
        "needs": {"plan": {"result": "success"}, "apply": {"result": "skipped"}},
    }  # fmt: skip
    assert Expressions(contexts, is_well).holds(condition) is holds


def test_outputs_are_read_as_the_runner_reads_them() -> None:
    assert [*handed_on("a<<end-1\nx\ny\nend-1\nb<<end-1\n\nend-1\n")] == [("a", "end-1", "x\ny"), ("b", "end-1", "")]
    with pytest.raises(AssertionError):
        [*handed_on("a<<end-1\nx\n")]
