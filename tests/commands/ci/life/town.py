"""A repository of specs on a fake GitHub with an AWS of its own, for as long as a story goes on: what people do, what the workflows
then do, and what everybody may see of it.

What lies between people and jobs is a bare repository: people push to it, jobs clone it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.commands.rehearsal import fill
from reconciler.commands.workspaces import read
from reconciler.core.errors import SpecError
from tests.commands.ci.life.actions import Event, Job, Runner
from tests.commands.ci.life.seen import Eyes
from tests.conftest import House
from tests.github.fake import Hub
from tests.github.fake.state import Run

MAIN = "main"
NOTHING: Mapping[str, str] = {}
WHO = ["GET /user", "POST /graphql"]
BROUGHT, ZIP = "GET /commits/SHA/pulls", "GET /actions/artifacts/ID/zip"
LISTED, RECORD = "GET /actions/artifacts", ["GET /actions/runs/ID", ZIP]
Files = Mapping[str, str | None]


@dataclass
class Life:
    """`house.root` is the clone in which people work, on main. `jobs` are those of the last run that nobody has looked at yet."""

    house: House
    hub: Hub
    runner: Runner
    eyes: Eyes
    jobs: dict[str, Job] = field(default_factory=dict)
    last: Event | None = None
    seconds: int = 0
    digest: str = ""
    spoken_to: set[int] = field(default_factory=set)

    # --- people ----------------------------------------------------------------------------------------------------

    def git(self, *words: str, text: bytes = b"") -> str:
        self.seconds += 1  # so that no two commits are the same one
        moment = f"@{1_800_000_000 + self.seconds} +0000"
        environment = {
            **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_DATE": moment,
        }  # fmt: skip
        command = ["git", "-c", "core.hooksPath=/dev/null", *words]
        done = subprocess.run(
            command, cwd=self.house.root, env=environment, input=text, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def commits(self, files: Files, message: str, author: str = "Ada") -> str:
        """One commit that writes these files, None for one that goes. Returns its name."""
        for name, text in files.items():
            path = self.house.root / "specs" / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self._signs(author)
        with contextlib.suppress(SpecError):  # of specs that are no specs nothing can be stocked
            fill(self.house.sandbox, read([self.house.root / "specs"]))
        return self.head

    def _signs(self, author: str) -> None:
        """The last commit is this author's, letter by letter: git itself would leave some out."""
        text = self.git("cat-file", "commit", "HEAD")
        signed = re.sub("^author .*? <", lambda _: f"author {author} <", text, count=1, flags=re.MULTILINE)
        commit = self.git("hash-object", "-w", "-t", "commit", "--stdin", text=f"{signed}\n".encode())
        self.git("reset", "-q", "--soft", commit)

    def opens(self, files: Files, message: str = "a change", *, author: str = "Ada", is_fork: bool = False) -> int:
        """A pull request out of main, and what the workflow does with it. Returns its number."""
        number = next(self.hub.numbers)
        self.git("checkout", "-q", "-b", f"topic-{number}", MAIN)
        self.hub.pull_request(number, self.commits(files, message, author), is_fork=is_fork)
        self._looked_at(number)
        return number

    def pushes(self, number: int, files: Files, message: str = "more of it") -> None:
        """One more commit of a pull request."""
        self.git("checkout", "-q", f"topic-{number}")
        self.hub.push(number, self.commits(files, message))
        self._looked_at(number)

    def merges(self, number: int, message: str = "") -> str:
        """Squashed onto main, as GitHub does it; main is not pushed yet. Returns the commit."""
        title, _, body = self.git("log", "-1", "--format=%B", f"topic-{number}").partition("\n")
        self.git("merge", "-q", "--squash", f"topic-{number}")
        self.git("commit", "-q", "--allow-empty", "-m", message or f"{title} (#{number})\n{body}")
        self.hub.merge(number, self.head)
        return self.head

    # --- what happens then -------------------------------------------------------------------------------------------

    def _looked_at(self, number: int) -> None:
        """The pull request's branch and GitHub's merge of it are there, and its workflow runs."""
        self.git("push", "-q", "--force", "origin", f"topic-{number}:refs/pull/{number}/head")
        self.git("checkout", "-q", "--detach", MAIN)
        self.git("merge", "-q", "--no-ff", "--no-edit", f"topic-{number}")
        merge = self.head
        self.git("push", "-q", "--force", "origin", f"{merge}:refs/pull/{number}/merge")
        self.git("checkout", "-q", MAIN)
        pull = self.hub.pulls[number]
        whose = "stranger/shop" if pull.is_fork else self.hub.repository
        request = {
            "number": number, "user": {"login": "ada"},
            "head": {"sha": pull.head, "ref": f"topic-{number}", "repo": {"full_name": whose}},
            "base": {"sha": self.head, "ref": MAIN, "repo": {"full_name": self.hub.repository}},
        }  # fmt: skip
        run = self.hub.run(pull.head, branch=f"topic-{number}", is_fork=pull.is_fork)
        self._happens("reconcile", "pull_request", {"pull_request": request}, merge, f"refs/pull/{number}/merge", run)

    def lands(self) -> None:
        """Main is pushed, with one commit more."""
        before = self.git("rev-parse", "HEAD~1")
        self.git("push", "-q", "--force", "origin", f"HEAD:refs/heads/{MAIN}")
        run = self.hub.run(self.head, event="push", branch=MAIN)
        self._happens("reconcile", "push", {"before": before, "after": self.head}, self.head, f"refs/heads/{MAIN}", run)

    def is_pushed_and_waits(self) -> None:
        """Main is pushed, and the run waits for whoever must agree, or the queue drops it."""
        self.git("push", "-q", "origin", f"HEAD:refs/heads/{MAIN}")

    def runs_again(self) -> None:
        """Somebody re-runs the failed jobs of the last run."""
        assert self.last
        event = self.last
        again = Event(event.name, event.document, event.sha, event.ref, event.run, event.attempt + 1)
        self._ran("reconcile", again)

    def runs_all_again(self) -> None:
        """Somebody re-runs all jobs of the last run."""
        self.runner.ended.clear()
        self.runs_again()

    def is_started_by_hand(self, **inputs: str) -> None:
        """Actions → Run workflow."""
        run = self.hub.run(self.head, event="workflow_dispatch", branch=MAIN)
        self._happens(
            "reconcile", "workflow_dispatch", {"inputs": inputs}, self.head, f"refs/heads/{MAIN}", run, **inputs
        )

    def is_looked_at_by_night(self) -> None:
        """The schedule."""
        run = self.hub.run(self.head, event="schedule", branch=MAIN)
        self._happens("drift", "schedule", {"schedule": "17 3 * * *"}, self.head, f"refs/heads/{MAIN}", run)

    def is_queued(self, number: int) -> str:
        """A merge queue tries a pull request on main. Returns the commit that it made."""
        base = self.head
        branch = f"gh-readonly-queue/{MAIN}/pr-{number}-{base}"
        self.git("checkout", "-q", "--detach", MAIN)
        self.git("merge", "-q", "--squash", f"topic-{number}")
        self.git("commit", "-q", "-m", f"a change (#{number})")
        queued = self.head
        self.git("checkout", "-q", MAIN)
        self.git("push", "-q", "origin", f"{queued}:refs/heads/{branch}")
        group = {
            "head_sha": queued, "head_ref": f"refs/heads/{branch}", "base_sha": base, "base_ref": f"refs/heads/{MAIN}",
        }  # fmt: skip
        run = self.hub.run(queued, event="merge_group", branch=branch)
        document = {"action": "checks_requested", "merge_group": group}
        self._happens("reconcile", "merge_group", document, queued, f"refs/heads/{branch}", run)
        self.git("push", "-q", "origin", f":refs/heads/{branch}")
        return queued

    def leaves_the_queue(self, number: int, commit: str) -> None:
        """What the queue tried is main."""
        self.git("merge", "-q", "--ff-only", commit)
        self.hub.merge(number, commit)

    def _happens(
        self, workflow: str, event: str, document: Mapping[str, Any], sha: str, ref: str, run: Run, **inputs: str
    ) -> None:
        document = {**document, "repository": {"full_name": self.hub.repository, "default_branch": MAIN}}
        self._ran(workflow, Event(event, document, sha, ref, run), **inputs)

    def _ran(self, workflow: str, event: Event, **inputs: str) -> None:
        assert not self.jobs, f"nobody looked at {[*self.jobs]}"
        self.last = event
        self.jobs = self.runner.ran(workflow, event, **inputs)
        self.eyes.look([*self.jobs.values()])

    # --- what is looked at -------------------------------------------------------------------------------------------

    def saw(
        self,
        name: str,
        *commands: str,
        code: int = 0,
        calls: Sequence[str] = (),
        writes: Sequence[str] = (),
        outputs: Mapping[str, str] = NOTHING,
    ) -> Job:
        """A job of the last run, and all that it told the runner and later steps, asked GitHub, and changed in AWS."""
        job = self.jobs.pop(name)
        assert job.exit_code == code, job.out + job.err
        assert [timeless(line.removeprefix("::")) for line in job.commands] == [*commands]
        assert [nameless(call) for call in job.calls] == [*calls]
        assert sorted(job.changed_aws) == sorted(writes)
        digest = job.outputs.pop("digest", "")
        assert job.outputs == outputs
        if "plan.json" in job.left and outputs:
            assert digest == json.loads(job.left["plan.json"])["digest"]
        self.digest = digest or self.digest
        return job

    def is_gated(self, *, is_green: bool) -> None:
        """The required check, and that no other job ran that nobody looked at."""
        self.saw("gate", code=0 if is_green else 1)
        assert not self.jobs

    def sees_a_plan(
        self, number: int, verdict: str, *commands: str, code: int = 0, records: int = 1, **counts: int
    ) -> Job:
        """What a pull request is told: its specs are valid, and its one comment says what merging does. Its plan has looked at as many
        records of what was carried out as it takes."""
        self.saw("validate")
        calls = [LISTED, *RECORD * records]
        plan = self.saw("plan", *commands, code=code, calls=calls, outputs=counted(**counts))
        assert not plan.changed_aws
        self.sees_its_comment(number, verdict)
        self.is_gated(is_green=code == 0)
        return plan

    def sees_its_comment(self, number: int, verdict: str, *, checks: int = 0) -> None:
        """Written once, and edited ever after; beside it as many check runs as it takes requests to mark all lines."""
        marks = ["POST /check-runs", *["PATCH /check-runs/ID"] * checks][:checks]
        calls = [f"GET /pulls/{number}", *WHO, *self._said(number), *marks]
        assert not self.saw("comment", calls=calls).asked_aws
        assert self.verdict(number) == verdict

    def sees_an_apply(
        self,
        *commands: str,
        code: int = 0,
        commits: int = 1,
        shown: int = 1,
        records: int = 1,
        told: Mapping[int, str],
        writes: Sequence[str] = (),
        outcome: str = "succeeded",
        **counts: int,
    ) -> Job:
        """What a run on main did: which commits, plans and records it looked at, and what it told which pull requests."""
        calls = [
            LISTED, *RECORD * records, *[BROUGHT] * commits, *([LISTED] if shown else []), *[ZIP] * shown,
            *(WHO if told else []), *(call for number in told for call in self._said(number)),
        ]  # fmt: skip
        outputs = counted(**counts) | {"outcome": outcome} if outcome else {}
        job = self.saw("apply", *commands, code=code, calls=calls, writes=writes, outputs=outputs)
        self.is_gated(is_green=code == 0)
        assert {number: self.verdict(number) for number in told} == told
        return job

    def _said(self, number: int) -> list[str]:
        """The calls that it takes to say something to a pull request."""
        is_new = number not in self.spoken_to
        self.spoken_to.add(number)
        write = f"POST /issues/{number}/comments" if is_new else "PATCH /issues/comments/ID"
        return [f"GET /issues/{number}/comments", write]

    def comment(self, number: int) -> str:
        """The one comment of ours that a pull request has, without its mark."""
        (comment,) = [one for one in self.hub.comments(number) if one.author == self.hub.author]
        mark, _, page = comment.body.partition("\n")
        assert mark == "<!-- reconcile:default -->"
        return page

    def verdict(self, number: int) -> str:
        """The first line of it."""
        return self.comment(number).partition("\n")[0].removeprefix("### ")

    def holds(self, function: str, **settings: Any) -> bool:
        """Whether AWS has a function with these settings."""
        answer = self.house.lambda_.get_function_configuration(FunctionName=function)
        return bool({name: answer.get(name) for name in settings} == settings)

    def leads_to(self, version: str) -> bool:
        """Whether customers get this version."""
        answer = self.house.lambda_.get_alias(FunctionName="checkout", Name="live")
        return bool(answer["FunctionVersion"] == version)

    @property
    def issues(self) -> dict[str, bool]:
        """Which there are, and whether they are open."""
        return {issue.title: issue.is_open for issue in self.hub.all_issues.values()}

    @property
    def functions(self) -> list[str]:
        pages = self.house.lambda_.get_paginator("list_functions").paginate()
        return sorted(item["FunctionName"] for page in pages for item in page["Functions"])

    def commands_of(self, job: str) -> list[str]:
        """What a job tells the runner, where it is too much to be said here."""
        return [line.removeprefix("::") for line in self.jobs[job].commands]


def counted(creates: int = 0, updates: int = 0, deletes: int = 0, refused: int = 0) -> dict[str, str]:
    """Outputs of a plan, but for its digest."""
    counts = {"creates": creates, "updates": updates, "deletes": deletes}
    is_changed = {"changed": str(any(counts.values())).lower()}
    return is_changed | {name: str(count) for name, count in {**counts, "refused": refused}.items()}


def timeless(line: str) -> str:
    """A line without the moment at which AWS was looked at."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", line)


def nameless(call: str) -> str:
    """A call without names of commits and what GitHub counts by itself."""
    return re.sub(r"/\d{4,}\b", "/ID", re.sub(r"\b[0-9a-f]{40}\b", "SHA", call))
