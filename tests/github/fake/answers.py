"""What GitHub answers to each operation: its own example of an answer, with what the fake holds put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.github.fake.contract import operation
from tests.github.fake.state import Artifact, Check, Comment, Issue, Pull, Run, State

LONGEST_BODY, MOST_ANNOTATIONS = 65_536, 50
DENIED = "Resource not accessible by integration"
Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """`place` is what stands in the path; the numbers in it are numbers by now."""

    place: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def page(self, most: int) -> tuple[int, int]:
        """The number of the page and its size."""
        return int(self.query.get("page", 1)), min(int(self.query.get("per_page", 30)), most, 100)


@dataclass(frozen=True)
class Answer:
    """`rows` are all there are; what a page of them is stands below `under`, or is the whole document."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: list[Any] | None = None
    under: str = ""


class Refused(Exception):
    def __init__(self, status: int, message: str, *errors: Document) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"message": message, "documentation_url": "https://docs.github.com/rest"})
        if errors:
            self.answer.document["errors"] = list(errors)


# --- who asks --------------------------------------------------------------------------------------------------------


def me(state: State, call: Call) -> Answer:
    if state.author.endswith("[bot]"):
        raise Refused(403, DENIED)
    return Answer(200, merged(operation("users/get-authenticated").example, {"login": state.author}))


# --- comments --------------------------------------------------------------------------------------------------------


def comments(state: State, call: Call) -> Answer:
    found = sorted(state.comments(_numbered(state, call)), key=lambda comment: comment.identifier)
    return Answer(200, rows=[_comment(state, comment) for comment in found])


def add_comment(state: State, call: Call) -> Answer:
    number, body = _numbered(state, call), _body(call, "IssueComment")
    return Answer(201, _comment(state, state.comment(number, body)))


def edit_comment(state: State, call: Call) -> Answer:
    comment = _there(state.all_comments, call.place["comment_id"])
    comment.body = _body(call, "IssueComment")
    return Answer(200, _comment(state, comment))


def _numbered(state: State, call: Call) -> int:
    number: int = call.place["issue_number"]
    if number not in state.pulls and number not in state.all_issues:
        raise Refused(404, "Not Found")
    return number


def _body(call: Call, resource: str) -> str:
    body = call.body.get("body") or ""
    if len(body) > LONGEST_BODY:
        message = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise Refused(
            422, "Validation Failed", {"resource": resource, "code": "custom", "field": "body", "message": message}
        )
    return str(body)


def _comment(state: State, comment: Comment) -> Document:
    place = f"https://github.com/{state.repository}/issues/{comment.number}#issuecomment-{comment.identifier}"
    facts = {
        "id": comment.identifier,
        "body": comment.body,
        "html_url": place,
        "user": _user(comment.author),
        "created_at": comment.made_at,
        "updated_at": comment.made_at,
    }
    return merged(operation("issues/create-comment").example, facts)


def _user(login: str) -> Document | None:
    """None of an account that is gone."""
    if not login:
        return None
    template: Document = operation("issues/create-comment").example["user"]
    return template | {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


# --- pull requests ---------------------------------------------------------------------------------------------------


def pull_requests_with(state: State, call: Call) -> Answer:
    commit = call.place["commit_sha"]
    found = [pull for pull in state.pulls.values() if commit in (*pull.commits, pull.merged)]
    return Answer(200, rows=[_pull(state, pull) for pull in found])


def pull_requests(state: State, call: Call) -> Answer:
    """Newest first, as GitHub lists them."""
    wanted = call.query.get("state", "open")
    found = [
        pull
        for pull in state.pulls.values()
        if wanted in ("all", "open" if pull.is_open else "closed") and pull.base == call.query.get("base", pull.base)
    ]
    return Answer(200, rows=[_pull(state, pull) for pull in sorted(found, key=lambda pull: -pull.number)])


def pull_request(state: State, call: Call) -> Answer:
    return Answer(200, _pull(state, _there(state.pulls, call.place["pull_number"]), operation("pulls/get").example))


def _pull(state: State, pull: Pull, example: Document | None = None) -> Document:
    example = example or operation("repos/list-pull-requests-associated-with-commit").example[0]
    facts: Document = {
        "number": pull.number,
        "state": "open" if pull.is_open else "closed",
        "merged_at": pull.merged_at or None,
        "merge_commit_sha": pull.merged or None,
        "requested_teams": [],  # the example lacks what the schema asks for
        "head": {"sha": pull.head, "repo": _repository(state, is_fork=pull.is_fork)},
        "base": {"ref": pull.base, "repo": _repository(state, is_fork=False)},
    }
    return merged(example, facts)


def _repository(state: State, *, is_fork: bool) -> Document:
    name = f"stranger/{state.repository.partition('/')[2]}" if is_fork else state.repository
    return {"id": 2 if is_fork else 1, "full_name": name, "fork": is_fork}


# --- runs and artifacts ----------------------------------------------------------------------------------------------


def artifacts(state: State, call: Call) -> Answer:
    return _artifacts(state, call, state.artifacts.values())


def artifacts_of_run(state: State, call: Call) -> Answer:
    run = _there(state.runs, call.place["run_id"])
    return _artifacts(state, call, (artifact for artifact in state.artifacts.values() if artifact.run == run))


def _artifacts(state: State, call: Call, among: Iterable[Artifact]) -> Answer:
    found = [artifact for artifact in among if call.query.get("name") in (None, artifact.name)]
    return Answer(200, rows=[_artifact(state, artifact) for artifact in _newest(found)], under="artifacts")


def _artifact(state: State, artifact: Artifact) -> Document:
    example = operation("actions/list-artifacts-for-repo").example["artifacts"][0]
    facts = {
        "id": artifact.identifier,
        "name": artifact.name,
        "size_in_bytes": artifact.size,
        "expired": artifact.is_expired,
        "created_at": artifact.made_at,
        "workflow_run": {
            "id": artifact.run.identifier,
            "repository_id": 1,
            "head_repository_id": 2 if artifact.run.is_fork else 1,
            "head_sha": artifact.run.commit,
            "head_branch": artifact.run.branch,
        },
    }
    return merged(example, facts)


def download(state: State, call: Call) -> Answer:
    artifact = _there(state.artifacts, call.place["artifact_id"])
    if artifact.is_expired:
        raise Refused(410, "Artifact has expired")
    return Answer(302, headers={"Location": f"/{artifact.identifier}.zip?signature=of-the-storage"})


def runs(state: State, call: Call) -> Answer:
    commit = call.query.get("head_sha")
    found = [run for run in state.runs.values() if commit in (None, run.commit)]
    return Answer(200, rows=[_run(run) for run in _newest(found)], under="workflow_runs")


def one_run(state: State, call: Call) -> Answer:
    return Answer(200, _run(_there(state.runs, call.place["run_id"])))


def _run(run: Run) -> Document:
    example = operation("actions/list-workflow-runs-for-repo").example["workflow_runs"][0]
    facts = {"id": run.identifier, "head_sha": run.commit, "event": run.event, "created_at": run.made_at}
    return merged(example, facts)


# --- checks ----------------------------------------------------------------------------------------------------------


def add_check(state: State, call: Call) -> Answer:
    body, identifier = call.body, next(state.identifiers)
    check = Check(
        identifier, body["head_sha"], body["name"], body.get("external_id", ""), "queued", None, "", "", state.now()
    )
    state.all_checks[identifier] = check
    return Answer(201, _checked(check, body))


def edit_check(state: State, call: Call) -> Answer:
    return Answer(200, _checked(_there(state.all_checks, call.place["check_run_id"]), call.body))


def checks(state: State, call: Call) -> Answer:
    named = [check for check in state.checks(call.place["ref"]) if call.query.get("check_name") in (None, check.name)]
    return Answer(200, rows=[_check(check) for check in _newest(named)], under="check_runs")


def _checked(check: Check, body: Document) -> Document:
    """What is sent replaces what was there, but annotations, which are added to it."""
    check.conclusion = body.get("conclusion", check.conclusion)
    check.status = "completed" if "conclusion" in body else body.get("status", check.status)
    if output := body.get("output"):
        check.title, check.summary = output["title"], output["summary"]
        check.annotations += output.get("annotations", [])
    return _check(check)


def _check(check: Check) -> Document:
    facts = {
        "id": check.identifier,
        "head_sha": check.commit,
        "name": check.name,
        "external_id": check.external_id,
        "status": check.status,
        "conclusion": check.conclusion,
        "output": {"title": check.title, "summary": check.summary, "annotations_count": len(check.annotations)},
    }
    return merged(operation("checks/create").example, facts)


# --- issues ----------------------------------------------------------------------------------------------------------


def issues(state: State, call: Call) -> Answer:
    """Pull requests too: GitHub holds them for issues."""
    wanted, label = call.query.get("state", "open"), call.query.get("labels", "")
    found = [
        *state.all_issues.values(),
        *(Issue(pull.number, "stranger", "", "", pull.labels, "", pull.is_open) for pull in state.pulls.values()),
    ]
    kept = [
        issue
        for issue in found
        if wanted in ("all", "open" if issue.is_open else "closed") and (not label or label in issue.labels)
    ]
    kept.sort(key=lambda issue: issue.number, reverse=call.query.get("direction", "desc") == "desc")
    return Answer(200, rows=[_issue(state, issue) for issue in kept])


def open_issue(state: State, call: Call) -> Answer:
    body = _body(call, "Issue")
    issue = state.issue(call.body["title"], body, labels=tuple(call.body.get("labels", [])))
    return Answer(201, _issue(state, issue))


def edit_issue(state: State, call: Call) -> Answer:
    issue = _there(state.all_issues, call.place["issue_number"])
    issue.body = _body(call, "Issue") if "body" in call.body else issue.body
    issue.title = call.body.get("title", issue.title)
    issue.is_open = call.body.get("state", "open" if issue.is_open else "closed") == "open"
    return Answer(200, _issue(state, issue))


def _issue(state: State, issue: Issue) -> Document:
    example = operation("issues/create").example
    is_pull = issue.number in state.pulls
    facts = {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": "open" if issue.is_open else "closed",
        "html_url": f"https://github.com/{state.repository}/issues/{issue.number}",
        "user": _user(issue.author),
        "labels": [merged(example["labels"][0], {"name": name}) for name in issue.labels],
    }
    links = {"pull_request": example["pull_request"]} if is_pull else {}
    return merged({name: value for name, value in example.items() if name != "pull_request"}, facts) | links


# --- what all of them share ------------------------------------------------------------------------------------------


def merged(example: Document, facts: Document) -> Document:
    """The example, with facts in it at every depth."""
    changed = {
        name: merged(example[name], value) if isinstance(value, dict) and isinstance(example.get(name), dict) else value
        for name, value in facts.items()
    }
    return example | changed


def _there(among: Mapping[int, Any], identifier: int) -> Any:
    if identifier not in among:
        raise Refused(404, "Not Found")
    return among[identifier]


def _newest(things: list[Any]) -> list[Any]:
    return sorted(things, key=lambda thing: thing.identifier, reverse=True)


@dataclass(frozen=True)
class Right:
    """An operation that GitHub carries out: by whom, and what the token must be permitted; one of these is enough."""

    carry_out: Callable[[State, Call], Answer]
    permissions: tuple[str, ...] = ()
    level: str = "read"


RIGHTS: Mapping[str, Right] = {
    "users/get-authenticated": Right(me),
    "issues/list-comments": Right(comments, ("issues", "pull-requests")),
    "issues/create-comment": Right(add_comment, ("issues", "pull-requests"), "write"),
    "issues/update-comment": Right(edit_comment, ("issues", "pull-requests"), "write"),
    "repos/list-pull-requests-associated-with-commit": Right(pull_requests_with, ("pull-requests",)),
    "pulls/list": Right(pull_requests, ("pull-requests",)),
    "pulls/get": Right(pull_request, ("pull-requests",)),
    "actions/list-artifacts-for-repo": Right(artifacts, ("actions",)),
    "actions/list-workflow-runs-for-repo": Right(runs, ("actions",)),
    "actions/get-workflow-run": Right(one_run, ("actions",)),
    "actions/list-workflow-run-artifacts": Right(artifacts_of_run, ("actions",)),
    "actions/download-artifact": Right(download, ("actions",)),
    "checks/create": Right(add_check, ("checks",), "write"),
    "checks/update": Right(edit_check, ("checks",), "write"),
    "checks/list-for-ref": Right(checks, ("checks",)),
    "issues/list-for-repo": Right(issues, ("issues",)),
    "issues/create": Right(open_issue, ("issues",), "write"),
    "issues/update": Right(edit_issue, ("issues",), "write"),
}


def answered(state: State, identifier: str, call: Call) -> Answer:
    right = RIGHTS[identifier]
    held = {state.permissions.get(name, "none") for name in right.permissions}
    if right.permissions and "write" not in held and right.level not in held:
        return Refused(403, DENIED).answer
    try:
        return right.carry_out(state, call)
    except Refused as refused:
        return refused.answer
