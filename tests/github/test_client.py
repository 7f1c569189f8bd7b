"""GitHub through its adapter, over HTTP to a fake that is held to GitHub's own description."""

from __future__ import annotations

import io
import sys
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reconciler.core.errors import ForgeDenied, ForgeError
from reconciler.github.annotations import Annotation
from reconciler.github.client import forge
from reconciler.github.port import Artifact, Forge, PullRequest
from tests.github.fake import BOT, Fault, Hub

HEAD, MERGED = "a" * 40, "c" * 40
PLAN, DRIFT = "reconcile-plan-default", "reconcile-drift"
MARKER = "<!-- reconcile:default -->"
Act = Callable[[Forge], object]


@dataclass
class Slept:
    """How long was waited, by a clock that nobody waits for."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)

    @property
    def long(self) -> list[float]:
        return [seconds for seconds in self.seconds if seconds > 0.1]


@pytest.fixture
def slept() -> Slept:
    return Slept()


@pytest.fixture
def github(hub: Hub, slept: Slept) -> Forge:
    hub.pull_request(7, HEAD)
    return forge(hub.token, hub.repository, hub.url, slept)


def notices(count: int) -> list[Annotation]:
    return [Annotation("notice", f"number {number}", "specs/shop.yaml", number) for number in range(1, count + 1)]


def check(github: Forge, count: int = 0) -> None:
    github.check(HEAD, "reconcile", "1 function changes", "all of it", "success", notices(count))


READS: dict[str, tuple[Act, str]] = {
    "comments": (lambda github: list(github.comments(7)), "pull-requests"),
    "pull_request": (lambda github: github.pull_request(7), "pull-requests"),
    "pull_requests": (lambda github: github.pull_requests_with(HEAD), "pull-requests"),
    "open_pull_requests": (lambda github: github.open_pull_requests("main"), "pull-requests"),
    "artifacts": (lambda github: list(github.artifacts(PLAN)), "actions"),
    "artifacts_of_a_commit": (lambda github: list(github.artifacts(PLAN, commit=HEAD)), "actions"),
    "event_of": (lambda github: github.event_of(next(github.artifacts(PLAN))), "actions"),
    "download": (lambda github: github.download(next(github.artifacts(PLAN)), 1000), "actions"),
    "issues": (lambda github: list(github.issues(DRIFT)), "issues"),
}
WRITES: dict[str, tuple[Act, str]] = {
    "add_comment": (lambda github: github.add_comment(7, "planned"), "pull-requests"),
    "edit_comment": (lambda github: github.edit_comment(7, 1000, "applied"), "pull-requests"),
    "check": (check, "checks"),
    "open_issue": (lambda github: github.open_issue("checkout drifts", "how", DRIFT), "issues"),
    "edit_issue": (lambda github: github.edit_issue(1, title="t", body="b", is_open=False), "issues"),
}
ACTS = {name: act for name, (act, _) in (READS | WRITES).items()}


def fill(hub: Hub) -> None:
    """What the calls above ask for. The comment has the first identifier, the issue the first number."""
    assert hub.comment(7, "old").identifier == 1000
    assert hub.issue("drifts", labels=(DRIFT,)).number == 1
    hub.artifact(PLAN, {"plan.json": "{}"}, commit=HEAD)


# --- comments --------------------------------------------------------------------------------------------------------


def test_a_comment_is_written_read_and_edited_in_place(hub: Hub, github: Forge) -> None:
    written = github.add_comment(7, "planned")
    github.edit_comment(7, written.identifier, "applied 🟢")
    (comment,) = github.comments(7)
    assert (comment.identifier, comment.author, comment.body) == (written.identifier, BOT, "applied 🟢")
    assert comment.url == f"https://github.com/acme/shop/issues/7#issuecomment-{written.identifier}"


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (205, 3)])
def test_all_comments_are_read_oldest_first(hub: Hub, github: Forge, count: int, pages: int) -> None:
    for number in range(count):
        hub.comment(7, f"{number}", author="somebody")
    assert [comment.body for comment in github.comments(7)] == [f"{number}" for number in range(count)]
    assert hub.calls() == ["GET /issues/7/comments"] * pages


def test_a_comment_by_an_account_that_is_gone_has_no_author(hub: Hub, github: Forge) -> None:
    hub.comment(7, MARKER).author = ""
    assert [comment.author for comment in github.comments(7)] == [""]


def test_a_body_that_is_too_long_is_said_so(hub: Hub, github: Forge) -> None:
    github.add_comment(7, "x" * 65_536)
    with pytest.raises(ForgeError, match=r"write a comment.*body is too long \(maximum is 65536 characters\)"):
        github.add_comment(7, "x" * 65_537)


def test_the_author_of_a_jobs_token_is_the_bot(hub: Hub, github: Forge) -> None:
    assert [github.me(), github.me()] == [BOT, BOT]
    assert hub.calls() == ["GET /user", "POST /graphql"]


def test_the_author_of_an_apps_token_is_its_bot(hub: Hub, github: Forge) -> None:
    hub.author = "release-app[bot]"
    assert github.me() == github.add_comment(7, "planned").author == "release-app[bot]"


@pytest.mark.parametrize(
    ("status", "body"), [(403, '{"message": "no"}'), (404, ""), (200, '{"data": {"viewer": null}}')]
)
def test_where_nobody_says_whose_token_it_is_it_is_the_jobs(hub: Hub, github: Forge, status: int, body: str) -> None:
    hub.fails(status, on="POST /graphql", body=body)
    assert github.me() == BOT


def test_the_author_of_another_token_is_its_account(hub: Hub, github: Forge) -> None:
    hub.author = "release-robot"
    assert github.me() == github.add_comment(7, "planned").author == "release-robot"


def test_nobody_is_no_author(hub: Hub, github: Forge) -> None:
    hub.fails(200, on="GET /user", body="{}")
    with pytest.raises(ForgeError, match="not as GitHub answers"):
        github.me()


def test_a_rate_limit_makes_nobody_the_bot(hub: Hub, github: Forge) -> None:
    hub.limits(on="GET /user", resets_in=3600)
    with pytest.raises(ForgeError, match="rate limit"):
        github.me()


# --- an answer that is lost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_carried_out", [False, True], ids=["before", "after"])
def test_a_comment_is_written_once_though_the_connection_breaks(
    hub: Hub, github: Forge, *, is_carried_out: bool
) -> None:
    hub.comment(7, "planned", author="mallory")
    hub.breaks(on="POST", is_carried_out=is_carried_out)
    written = github.add_comment(7, "planned")
    assert [comment.author for comment in hub.comments(7)] == ["mallory", BOT]
    assert written.identifier == hub.comments(7)[1].identifier


def test_a_comment_is_written_once_though_its_answer_is_lost_again_and_again(hub: Hub, github: Forge) -> None:
    hub.fails(502, on="POST", times=2)
    hub.breaks(on="POST", is_carried_out=True)
    hub.fails(502, on="GET", times=2)
    github.add_comment(7, "planned\r\n")
    assert len(hub.comments(7)) == 1


def test_a_comment_is_found_though_its_lines_end_in_another_way(hub: Hub, github: Forge) -> None:
    before = hub.comment(7, "planned\r\nall of it")
    hub.breaks(on="POST")
    assert github.add_comment(7, "planned\nall of it\n").identifier == before.identifier


@pytest.mark.parametrize("is_carried_out", [False, True], ids=["before", "after"])
def test_an_issue_is_opened_once_though_the_connection_breaks(hub: Hub, github: Forge, *, is_carried_out: bool) -> None:
    hub.issue("checkout drifts", "how", labels=(DRIFT,), author="mallory")
    hub.breaks(on="POST", is_carried_out=is_carried_out)
    opened = github.open_issue("checkout drifts", "how", DRIFT)
    assert [(issue.number, issue.author) for issue in hub.issues(DRIFT)] == [(1, "mallory"), (opened.number, BOT)]


@pytest.mark.parametrize("is_carried_out", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb", ["POST", "PATCH"])
def test_a_check_run_has_each_annotation_once_though_the_connection_breaks(
    hub: Hub, github: Forge, verb: str, *, is_carried_out: bool
) -> None:
    check(github, 50)  # another one of the same name
    hub.breaks(on=verb, is_carried_out=is_carried_out)
    check(github, 120)
    lines = [[row["start_line"] for row in made.annotations] for made in hub.checks(HEAD)]
    assert lines == [list(range(1, 51)), list(range(1, 121))]


# --- asking again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("fault", ["502", "reset", "limit"])
def test_whatever_is_asked_is_asked_again_when_that_may_help(hub: Hub, github: Forge, act: Act, fault: str) -> None:
    fill(hub)
    act(github)
    calls = hub.calls()
    hub.requests.clear()
    arrange: dict[str, Callable[[], None]] = {
        "502": hub.fails, "reset": hub.breaks, "limit": lambda: hub.limits(retry_after=1)
    }  # fmt: skip
    arrange[fault]()
    act(github)
    assert len(hub.requests) > len(calls)
    assert set(calls) <= set(hub.calls())


def test_a_storage_that_fails_is_asked_anew_with_another_address(hub: Hub, github: Forge) -> None:
    artifact = hub.artifact(PLAN, b"zip", commit=HEAD)
    hub.fails(503, on=f"GET /{artifact.identifier}.zip")
    hub.breaks(on=f"GET /{artifact.identifier}.zip")
    assert github.download(next(github.artifacts(PLAN)), 3) == b"zip"
    assert len(hub.downloads) == 3
    assert hub.calls().count(f"GET /actions/artifacts/{artifact.identifier}/zip") == 3


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_says_how_long_is_waited_for(hub: Hub, github: Forge, slept: Slept, status: int) -> None:
    hub.limits(retry_after=7, status=status)
    github.pull_requests_with(HEAD)
    assert slept.long == [7]


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_that_does_not_say_how_long_is_a_minute(
    hub: Hub, github: Forge, slept: Slept, status: int
) -> None:
    hub.limits(status=status)
    github.add_comment(7, "planned")
    assert slept.long == [60]
    assert hub.writes() == ["POST /issues/7/comments"] * 2


def test_the_primary_limit_is_waited_for_until_it_is_reset(hub: Hub, github: Forge, slept: Slept) -> None:
    hub.limits(resets_in=20)
    github.pull_requests_with(HEAD)
    assert 20 <= sum(slept.long) <= 22


def test_a_limit_that_lasts_too_long_is_not_waited_for(hub: Hub, github: Forge, slept: Slept) -> None:
    hub.limits(resets_in=3600)
    with pytest.raises(ForgeError, match=r"rate limit is used up.*run the job again in 36\d\d s"):
        github.pull_requests_with(HEAD)
    assert slept.long == []


def test_two_minutes_are_all_that_a_run_waits(hub: Hub, github: Forge, slept: Slept) -> None:
    hub.limits(on="pulls", times=2, retry_after=50)
    github.pull_requests_with(HEAD)
    hub.limits(on="issues", retry_after=30)
    with pytest.raises(ForgeError, match="rate limit"):
        list(github.issues(DRIFT))
    assert slept.long == [50, 50]


def test_after_five_tries_it_is_said_that_there_is_no_answer(hub: Hub, github: Forge) -> None:
    hub.fails(502, times=9)
    with pytest.raises(ForgeError, match=r"cannot read pull requests: .* 5 tries \(it answers 502\)") as raised:
        github.pull_requests_with(HEAD)
    assert len(hub.requests) == 5
    assert "html" not in str(raised.value)


def test_where_nobody_listens_it_is_said_that_the_connection_breaks(slept: Slept) -> None:
    with pytest.raises(ForgeError, match="the connection breaks: ConnectionError"):
        forge("token", "acme/shop", "http://127.0.0.1:1", slept).pull_requests_with(HEAD)


# --- what a token may not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("act", "permission"), WRITES.values(), ids=WRITES)
def test_a_token_that_only_reads_is_told_what_its_job_lacks(hub: Hub, github: Forge, act: Act, permission: str) -> None:
    fill(hub)
    hub.read_only()
    with pytest.raises(ForgeDenied, match=rf"`permissions: {{{permission}: write}}`.*fork"):
        act(github)
    assert len(hub.writes()) == 1
    assert hub.comments(7)[0].body == "old"


@pytest.mark.parametrize(("act", "permission"), READS.values(), ids=READS)
def test_a_token_without_a_permission_is_told_which_one_its_job_lacks(
    hub: Hub, github: Forge, act: Act, permission: str
) -> None:
    hub.permissions = dict.fromkeys(hub.permissions, "none")
    with pytest.raises(ForgeDenied, match=rf"`permissions: {{{permission}: read}}`"):
        act(github)


@pytest.mark.parametrize("act", [*ACTS.values(), lambda github: github.me()], ids=[*ACTS, "me"])
def test_a_token_that_github_does_not_know_is_denied_and_never_shown(hub: Hub, slept: Slept, act: Act) -> None:
    token = "ghp_" + "9" * 36
    with pytest.raises(ForgeDenied, match=r"Bad credentials.*GITHUB_TOKEN") as raised:
        act(forge(token, hub.repository, hub.url, slept))
    assert token not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("token", ["", " ", "two\nlines", "café"])
def test_what_is_no_token_is_never_sent(hub: Hub, token: str) -> None:
    with pytest.raises(ForgeDenied, match="GITHUB_TOKEN holds no token"):
        forge(token, hub.repository, hub.url)


@pytest.mark.parametrize("repository", ["", "shop", "acme/shop/../../user", "acme/shop?x", "acme/"])
def test_what_is_no_repository_is_never_asked_for(hub: Hub, repository: str) -> None:
    with pytest.raises(ForgeError, match="GITHUB_REPOSITORY must be owner/name"):
        forge(hub.token, repository, hub.url)


@pytest.mark.parametrize("url", ["", "api.github.com", "ftp://github.com", "https://", "https://a b"])
def test_what_is_no_address_is_never_asked(hub: Hub, url: str) -> None:
    with pytest.raises(ForgeError, match="GITHUB_API_URL must be"):
        forge(hub.token, hub.repository, url)


def test_to_write_to_what_is_not_there_is_denied_and_to_read_it_is_not(hub: Hub, github: Forge) -> None:
    with pytest.raises(ForgeDenied, match=r"404: Not Found.*pull-requests: write"):
        github.edit_comment(7, 999_999, "gone")
    with pytest.raises(ForgeError, match="cannot read comments: GitHub refuses \\(404: Not Found\\)") as raised:
        list(github.comments(8))
    assert not isinstance(raised.value, ForgeDenied)


# --- what is no answer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize(
    "body",
    ["<html>", "", "null", "[1]", "[{}]", '{"message": 7}', '{"artifacts": [{"name": "reconcile-plan-default"}]}'],
)
def test_an_answer_that_github_does_not_give_is_an_error_and_no_traceback(
    hub: Hub, github: Forge, act: Act, body: str
) -> None:
    fill(hub)
    hub.fails(200, body=body, times=99)
    try:
        act(github)
    except ForgeError as error:
        assert "is not as GitHub answers" in str(error)
    except StopIteration:
        assert act is ACTS["download"]
    else:
        assert act in (ACTS["edit_comment"], ACTS["edit_issue"]) or body in ("[]", '{"artifacts": []}')


def test_what_github_says_of_a_refusal_moves_no_cursor(hub: Hub, github: Forge) -> None:
    hub.fails(418, body='{"message": "\\u001b[2Jno\\n::error::x", "errors": ["text", {"message": "why"}]}')
    with pytest.raises(ForgeError) as raised:
        github.pull_requests_with(HEAD)
    assert str(raised.value).isprintable()
    assert "why" in str(raised.value)


def test_the_next_page_is_never_asked_of_another_host(hub: Hub, github: Forge) -> None:
    link = {"Link": '<http://mallory.example/repositories/1/issues/7/comments?page=1>; rel="next"'}
    hub.faults.append(Fault("GET", 1, 200, link, "[]"))
    hub.comment(7, "planned")
    assert [comment.body for comment in github.comments(7)] == ["planned"]


# --- pull requests ---------------------------------------------------------------------------------------------------


def test_a_commit_leads_to_the_pull_requests_that_brought_it(hub: Hub, github: Forge) -> None:
    hub.pull_request(8, "e" * 40, base="release", is_fork=True)
    hub.push(7, "b" * 40)
    hub.merge(7, MERGED)
    merged_at = hub.pulls[7].merged_at.replace("Z", ".000Z")
    assert github.pull_requests_with(MERGED) == [PullRequest(7, "b" * 40, "main", merged_at, is_fork=False)]
    assert github.pull_requests_with("e" * 40) == [PullRequest(8, "e" * 40, "release", "", is_fork=True)]
    assert github.pull_requests_with("f" * 40) == []


def test_a_pull_request_is_told_as_it_is_by_now(hub: Hub, github: Forge) -> None:
    hub.push(7, "b" * 40)
    assert github.pull_request(7) == PullRequest(7, "b" * 40, "main", "", is_fork=False)
    hub.merge(7, MERGED)
    assert github.pull_request(7).merged_at
    with pytest.raises(ForgeError, match="404"):
        github.pull_request(9)


def test_the_pull_requests_that_are_open_for_a_branch_are_listed(hub: Hub, github: Forge) -> None:
    hub.pull_request(8, "e" * 40, base="release")
    hub.pull_request(9, "f" * 40, is_fork=True)
    hub.pull_request(10, "1" * 40)
    hub.merge(10, MERGED)
    assert github.open_pull_requests("main") == [
        PullRequest(9, "f" * 40, "main", "", is_fork=True),
        PullRequest(7, HEAD, "main", "", is_fork=False),
    ]
    hub.most_per_page = 1
    assert [request.number for request in github.open_pull_requests("main")] == [9, 7]


# --- artifacts -------------------------------------------------------------------------------------------------------


def identifiers(artifacts: list[Artifact]) -> list[int]:
    return [artifact.identifier for artifact in artifacts]


@pytest.mark.parametrize("most_per_page", [1, 2, 100])
def test_artifacts_of_a_name_come_newest_first(hub: Hub, github: Forge, most_per_page: int) -> None:
    hub.most_per_page = most_per_page
    made = [hub.artifact(PLAN, {"plan.json": "{}"}, commit=commit * 40).identifier for commit in "abc"]
    hub.artifact(f"{PLAN}-2", {"plan.json": "{}"}, commit=HEAD)
    hub.artifact(PLAN, {"plan.json": "{}"}, commit=HEAD, is_expired=True)
    assert identifiers(list(github.artifacts(PLAN))) == made[::-1]


@pytest.mark.parametrize("most_per_page", [1, 100])
def test_artifacts_of_a_commit_come_of_all_its_runs_newest_first(hub: Hub, github: Forge, most_per_page: int) -> None:
    hub.most_per_page = most_per_page
    first, second = hub.run(HEAD), hub.run(HEAD)
    made = [hub.artifact(PLAN, b"", run=run).identifier for run in (second, first, second)]
    hub.artifact(PLAN, b"", commit="b" * 40)
    hub.artifact("reconcile-report-default", b"", run=first)
    assert identifiers(list(github.artifacts(PLAN, commit=HEAD))) == made[::-1]


def test_an_artifact_says_where_it_comes_from(hub: Hub, github: Forge) -> None:
    ours = hub.artifact(PLAN, b"four", commit=HEAD)
    ours.made_at = "2026-11-25T17:31:59Z"
    hub.artifact(PLAN, b"", commit="b" * 40, is_fork=True)
    foreign, own = github.artifacts(PLAN)
    assert own == Artifact(
        ours.identifier, PLAN, 4, ours.run.identifier, HEAD, "topic", "2026-11-25T17:31:59.000Z", is_foreign=False
    )
    assert foreign.is_foreign


def test_the_zip_is_downloaded_and_its_storage_is_shown_no_token(
    hub: Hub, github: Forge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    hub.artifact(PLAN, {"plan.json": '{"plan": 1}'}, commit=HEAD)
    content = github.download(next(github.artifacts(PLAN)), 10_000)
    assert zipfile.ZipFile(io.BytesIO(content)).read("plan.json") == b'{"plan": 1}'
    (download,) = hub.downloads
    assert "authorization" not in download.headers
    assert hub.token not in str(download.headers)


def test_an_artifact_is_downloaded_up_to_its_size_and_no_further(hub: Hub, github: Forge) -> None:
    hub.artifact(PLAN, b"x" * 1000, commit=HEAD)
    artifact = next(github.artifacts(PLAN))
    assert len(github.download(artifact, 1000)) == 1000
    with pytest.raises(ForgeError, match="larger than 999 bytes"):
        github.download(artifact, 999)
    assert len(hub.downloads) == 1
    with pytest.raises(ForgeError, match="larger than 999 bytes"):
        github.download(replace(artifact, size=1), 999)


def test_an_artifact_that_expired_is_an_error(hub: Hub, github: Forge) -> None:
    made = hub.artifact(PLAN, b"zip", commit=HEAD)
    artifact = next(github.artifacts(PLAN))
    made.is_expired = True
    with pytest.raises(ForgeError, match="410: Artifact has expired"):
        github.download(artifact, 1000)


def test_an_address_that_ran_out_is_an_error_and_never_shown(hub: Hub, github: Forge) -> None:
    made = hub.artifact(PLAN, b"zip", commit=HEAD)
    artifact = next(github.artifacts(PLAN))
    del made.content
    hub.fails(403, on=f"GET /{made.identifier}.zip")
    with pytest.raises(ForgeError, match="storage answers 403") as raised:
        github.download(artifact, 1000)
    assert "signature" not in str(raised.value)


# --- checks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "batches"), [(0, [0]), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])])
def test_a_check_run_takes_fifty_annotations_a_request(hub: Hub, github: Forge, count: int, batches: list[int]) -> None:
    check(github, count)
    (made,) = hub.checks(HEAD)
    assert (made.name, made.status, made.conclusion) == ("reconcile", "completed", "success")
    assert (made.title, made.summary) == ("1 function changes", "all of it")
    assert [len(request.body["output"]["annotations"]) for request in hub.requests] == batches
    assert [row["start_line"] for row in made.annotations] == list(range(1, count + 1))


def test_an_annotation_stands_at_its_place_and_one_without_a_file_nowhere(hub: Hub, github: Forge) -> None:
    given = [
        Annotation("error", "é" * 40_000, "specs/a.yaml", 9, 3),
        Annotation("warning", "of the file", "specs/b.yaml"),
        Annotation("notice", "of the step"),
    ]
    github.check(HEAD, "reconcile", "t" * 300, "s" * 65_536, "failure", given)
    (made,) = hub.checks(HEAD)
    first, second = made.annotations
    assert len(first.pop("message").encode()) == 64_000
    assert first == {
        "path": "specs/a.yaml", "start_line": 9, "end_line": 9, "start_column": 3, "end_column": 3, "annotation_level": "failure"
    }  # fmt: skip
    assert (second["start_line"], second["annotation_level"]) == (1, "warning")
    assert (len(made.title), len(made.summary)) == (255, 65_535)


# --- issues ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most_per_page", [1, 100])
def test_issues_of_a_label_are_read_closed_ones_too_and_no_pull_requests(
    hub: Hub, github: Forge, most_per_page: int
) -> None:
    hub.most_per_page = most_per_page
    hub.pulls[7].labels.append(DRIFT)
    hub.issue("another", labels=("bug",))
    old = github.open_issue("checkout drifts", "how", DRIFT)
    github.edit_issue(old.number, title="checkout drifted", body="not any more", is_open=False)
    new = github.open_issue("greeter drifts", "", DRIFT)
    first, second = github.issues(DRIFT)
    assert first == new
    assert (second.number, second.author, second.title, second.body) == (
        old.number, BOT, "checkout drifted", "not any more"
    )  # fmt: skip
    assert (first.is_open, second.is_open) == (True, False)


def test_an_issue_is_opened_again(hub: Hub, github: Forge) -> None:
    issue = hub.issue("checkout drifts", labels=(DRIFT,))
    issue.is_open = False
    github.edit_issue(issue.number, title="checkout drifts", body="again", is_open=True)
    assert (issue.is_open, issue.body) == (True, "again")


# --- the library -----------------------------------------------------------------------------------------------------


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "github", None)
    with pytest.raises(ForgeError, match=r"pip install 'lambda-reconciler\[github\]'"):
        forge("token", "acme/shop", "https://api.github.com")
