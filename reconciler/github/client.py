"""GitHub as a forge, asked through PyGithub: the one module that sends anything to it. No message of its errors bears a header, or
an address that was signed.

https://docs.github.com/en/rest
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.core.errors import ForgeDenied, ForgeError
from reconciler.core.foreign import printable
from reconciler.github import reading, rights
from reconciler.github.annotations import Annotation
from reconciler.github.asking import BROKEN, Answer, Patience
from reconciler.github.job import part, text
from reconciler.github.port import Artifact, Comment, Conclusion, Forge, Issue, PullRequest
from reconciler.github.reading import Row
from reconciler.github.rights import Right

if TYPE_CHECKING:
    from github.Requester import Requester

API_VERSION = "2022-11-28"
ACTIONS_AUTHOR = "github-actions[bot]"
ROWS_PER_PAGE, ANNOTATIONS_PER_REQUEST = 100, 50
LONGEST_TITLE, LONGEST_SUMMARY = 255, 65_535
TIMEOUT_SECONDS = 30
PIECE_BYTES = 64 * 2**10


def forge(token: str, repository: str, api_url: str, sleep: Callable[[float], None] = time.sleep) -> Forge:
    """The repository, as `owner/name`. Asks nothing yet. Raises ForgeError, ForgeDenied where there is no token."""
    try:
        from github import Auth, Github
    except ImportError as error:
        raise ForgeError(f"PyGithub is not installed ({error}); pip install 'lambda-reconciler[github]'") from error

    if not re.fullmatch(r"[!-~]+", token):
        raise ForgeDenied("GITHUB_TOKEN holds no token; give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        raise ForgeError(f"GITHUB_REPOSITORY must be owner/name, not {printable(repository)}")
    if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", api_url):
        raise ForgeError(f"GITHUB_API_URL must be the address of GitHub's API, not {printable(api_url)}")
    asked = Github(
        auth=Auth.Token(token),
        base_url=api_url,
        timeout=TIMEOUT_SECONDS,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        api_version=API_VERSION,
    )
    return GitHub(asked.requester, f"/repos/{repository}", Patience(sleep))


class GitHub:
    def __init__(self, requester: Requester, repository: str, patience: Patience) -> None:
        self._requester = requester
        self._repository = repository
        self._patience = patience
        self._me = ""

    def me(self) -> str:
        if not self._me:
            answer = self._patience.asked(rights.WHO.what, partial(self._sent, "GET", "/user"))
            is_apps = answer.status == 403
            self._me = self._app() if is_apps else text(part(rights.document(rights.WHO, answer)), "login")
        if not self._me:  # so are all called whose account is gone
            raise rights.unreadable(rights.WHO)
        return self._me

    def _app(self) -> str:
        """The bot of an app's token, as a job's own is: it belongs to no account, and only GraphQL says whose it is."""
        send = partial(self._sent, "POST", self._requester.graphql_url, {}, {"query": "{viewer{login}}"})
        answer = self._patience.asked(rights.WHO.what, send)
        viewer = rights.document(rights.WHO, answer) if answer.status == 200 else {}
        return text(part(viewer, "data", "viewer"), "login") or ACTIONS_AUTHOR

    # --- comments --------------------------------------------------------------------------------------------------

    def comments(self, number: int) -> Iterator[Comment]:
        rows = self._rows(rights.READ_COMMENTS, f"/issues/{number}/comments")
        return reading.values(rights.READ_COMMENTS, reading.comment, rows)

    def add_comment(self, number: int, body: str) -> Comment:
        path = f"/issues/{number}/comments"

        def already() -> Answer | None:
            return self._mine(self._rows(rights.READ_COMMENTS, path), body=body)

        row = self._written(rights.WRITE_COMMENT, "POST", path, {"body": body}, already)
        return reading.value(rights.WRITE_COMMENT, reading.comment, row)

    def edit_comment(self, number: int, identifier: int, body: str) -> None:
        self._written(rights.WRITE_COMMENT, "PATCH", f"/issues/comments/{identifier}", {"body": body})

    # --- pull requests and artifacts -------------------------------------------------------------------------------

    def pull_request(self, number: int) -> PullRequest:
        row = self._document(rights.READ_PULL_REQUESTS, f"/pulls/{number}")
        return reading.value(rights.READ_PULL_REQUESTS, reading.pull_request, row)

    def pull_requests_with(self, commit: str) -> list[PullRequest]:
        rows = self._rows(rights.READ_PULL_REQUESTS, f"/commits/{quote(commit, safe='')}/pulls")
        return list(reading.values(rights.READ_PULL_REQUESTS, reading.pull_request, rows))

    def open_pull_requests(self, base: str) -> list[PullRequest]:
        rows = self._rows(rights.READ_PULL_REQUESTS, "/pulls", state="open", base=base)
        return list(reading.values(rights.READ_PULL_REQUESTS, reading.pull_request, rows))

    def artifacts(self, name: str, *, commit: str = "") -> Iterator[Artifact]:
        rows = self._artifacts_of_runs(name, commit) if commit else self._artifacts("", name)
        there = (row for row in rows if row.get("name") == name and not row.get("expired"))
        made = reading.values(rights.READ_ARTIFACTS, reading.artifact, there)
        return iter(sorted(made, key=_age, reverse=True)) if commit else made

    def _artifacts_of_runs(self, name: str, commit: str) -> Iterator[Row]:
        for run in self._rows(rights.READ_ARTIFACTS, "/actions/runs", "workflow_runs", head_sha=commit):
            yield from self._artifacts(f"/runs/{reading.value(rights.READ_ARTIFACTS, reading.identifier, run)}", name)

    def _artifacts(self, of: str, name: str) -> Iterator[Row]:
        return self._rows(rights.READ_ARTIFACTS, f"/actions{of}/artifacts", "artifacts", name=name)

    def event_of(self, artifact: Artifact) -> str:
        row = self._document(rights.READ_ARTIFACTS, f"/actions/runs/{artifact.run}")
        return reading.value(rights.READ_ARTIFACTS, reading.event, row)

    def download(self, artifact: Artifact, most_bytes: int) -> bytes:
        if artifact.size > most_bytes:
            raise _too_large(most_bytes)

        def fetched() -> Answer:
            answer = self._sent("GET", f"{self._repository}/actions/artifacts/{artifact.identifier}/zip")
            return _stored(answer.headers.get("location", ""), most_bytes) if answer.status == 302 else answer

        answer = self._patience.asked(rights.READ_ARTIFACTS.what, fetched)
        return rights.granted(rights.READ_ARTIFACTS, answer).content

    # --- checks ----------------------------------------------------------------------------------------------------

    def check(
        self,
        commit: str,
        name: str,
        title: str,
        summary: str,
        conclusion: Conclusion,
        annotations: Sequence[Annotation],
    ) -> None:
        placed = [reading.placed(annotation) for annotation in annotations if annotation.file]
        output = {"title": title[:LONGEST_TITLE], "summary": summary[:LONGEST_SUMMARY]}
        mark = secrets.token_hex(16)
        verb, path = "POST", "/check-runs"
        facts = {"head_sha": commit, "name": name, "external_id": mark, "conclusion": conclusion}
        for start in range(0, max(1, len(placed)), ANNOTATIONS_PER_REQUEST):
            batch = placed[start : start + ANNOTATIONS_PER_REQUEST]
            body = facts | {"output": output | {"annotations": batch}}
            already = partial(self._checked, commit, name, mark, start + len(batch))
            row = self._written(rights.WRITE_CHECK, verb, path, body, already)
            verb, path = "PATCH", f"/check-runs/{reading.value(rights.WRITE_CHECK, reading.identifier, row)}"
            facts = {}

    def _checked(self, commit: str, name: str, mark: str, count: int) -> Answer | None:
        """The check run that bears the mark, once it has that many annotations: what is sent twice is added twice."""
        path = f"/commits/{quote(commit, safe='')}/check-runs"
        rows = self._rows(rights.WRITE_CHECK, path, "check_runs", check_name=name, filter="all")
        marked = (row for row in rows if row.get("external_id") == mark)
        return _first(row for row in marked if part(row, "output").get("annotations_count") == count)

    # --- issues ----------------------------------------------------------------------------------------------------

    def issues(self, label: str) -> Iterator[Issue]:
        return reading.values(rights.READ_ISSUES, reading.issue, self._issues(label))

    def open_issue(self, title: str, body: str, label: str) -> Issue:
        def already() -> Answer | None:
            return self._mine(self._issues(label), title=title, body=body)

        sent = {"title": title, "body": body, "labels": [label]}
        row = self._written(rights.WRITE_ISSUE, "POST", "/issues", sent, already)
        return reading.value(rights.WRITE_ISSUE, reading.issue, row)

    def edit_issue(self, number: int, *, title: str, body: str, is_open: bool) -> None:
        sent = {"title": title, "body": body, "state": "open" if is_open else "closed"}
        self._written(rights.WRITE_ISSUE, "PATCH", f"/issues/{number}", sent)

    def _issues(self, label: str) -> Iterator[Row]:
        rows = self._rows(rights.READ_ISSUES, "/issues", labels=label, state="all")
        return (row for row in rows if "pull_request" not in row)

    # --- how GitHub is asked ---------------------------------------------------------------------------------------

    def _document(self, right: Right, path: str) -> Any:
        return rights.document(
            right, self._patience.asked(right.what, partial(self._sent, "GET", f"{self._repository}{path}"))
        )

    def _rows(self, right: Right, path: str, under: str = "", **query: str) -> Iterator[Row]:
        """All there are, page by page."""
        following, asked = f"{self._repository}{path}", {"per_page": str(ROWS_PER_PAGE), **query}
        while following:
            answer = self._patience.asked(right.what, partial(self._sent, "GET", following, asked))
            page = rights.document(right, answer)
            rows = part(page).get(under) if under else page
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise rights.unreadable(right)
            yield from rows
            following, asked = _next_page(answer), {}

    def _mine(self, rows: Iterator[Row], **texts: str) -> Answer | None:
        """The first row that says this and that we wrote."""
        said = {name: _as_lines(value) for name, value in texts.items()}
        ours = (row for row in rows if reading.author(row) == self.me())
        return _first(row for row in ours if said == {name: _as_lines(text(row, name)) for name in said})

    def _written(
        self, right: Right, verb: str, path: str, body: Row, already: Callable[[], Answer | None] = lambda: None
    ) -> Any:
        """The document that came back. Where no answer came, `already` looks whether it was carried out."""
        self._patience.before_a_write()
        send = partial(self._sent, verb, f"{self._repository}{path}", {}, body)
        return rights.document(right, self._patience.asked(right.what, send, already))

    def _sent(self, verb: str, path: str, query: Mapping[str, str] | None = None, body: Row | None = None) -> Answer:
        from requests import RequestException

        accepted = {"Accept": "application/vnd.github+json"}
        try:
            status, headers, content = self._requester.requestJson(verb, path, dict(query or {}), accepted, body)
        except RequestException as error:
            return _broken(error)
        except RuntimeError as error:  # PyGithub's, of a redirection that it does not follow
            raise ForgeError(
                "GitHub's API is at another address; GITHUB_API_URL and GITHUB_REPOSITORY must say which"
            ) from error
        return Answer(status, headers, content.encode())


def _stored(location: str, most_bytes: int) -> Answer:
    """What lies at a signed address. The storage is another host: it is shown no token, not even one of ~/.netrc."""
    import requests

    content = bytearray()
    try:
        with requests.get(
            location,
            headers={"Accept-Encoding": "identity"},
            auth=lambda asked: asked,
            stream=True,
            timeout=TIMEOUT_SECONDS,
        ) as answer:
            if answer.status_code >= 500:
                return Answer(answer.status_code)
            if answer.status_code >= 400:
                why = f"its storage answers {answer.status_code}"
                raise ForgeError(f"cannot {rights.READ_ARTIFACTS.what}: {why}; run the job again")
            for piece in answer.iter_content(PIECE_BYTES):
                content += piece
                if len(content) > most_bytes:
                    raise _too_large(most_bytes)
            return Answer(answer.status_code, content=bytes(content))
    except requests.RequestException as error:
        return _broken(error)


def _broken(error: Exception) -> Answer:
    """An error's text may quote what was sent, so its name has to do."""
    return Answer(BROKEN, content=type(error).__name__.encode())


def _too_large(most_bytes: int) -> ForgeError:
    return ForgeError(f"an artifact is larger than {most_bytes} bytes; none of ours is")


def _first(rows: Iterator[Row]) -> Answer | None:
    row = next(rows, None)
    return None if row is None else Answer(200, content=json.dumps(row).encode())


def _next_page(answer: Answer) -> str:
    following = re.search(r'<([^<>]+)>; *rel="next"', answer.headers.get("link", ""))
    return following[1] if following else ""


def _as_lines(body: str) -> str:
    """A text as GitHub may give it back."""
    return body.replace("\r\n", "\n").strip()


def _age(artifact: Artifact) -> tuple[str, int]:
    return artifact.made_at, artifact.identifier
