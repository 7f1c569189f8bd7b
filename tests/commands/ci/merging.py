"""A repository on a fake GitHub with its jobs: pull requests are opened, planned, merged and applied, as a workflow would do it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest

from tests.apply.houses import OURS, commit
from tests.conftest import House, Result
from tests.github.fake import Hub
from tests.github.fake.state import Run, State

JOB = "job"


@dataclass
class Shop:
    """`main` is the house's work tree, on the branch main; each pull request is a branch of it."""

    house: House
    hub: Hub
    monkeypatch: pytest.MonkeyPatch
    number: int = 0
    jobs: int = field(default=0)

    # --- what people do --------------------------------------------------------------------------------------------

    def git(self, *words: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "core.hooksPath=/dev/null")
        done = subprocess.run(
            ["git", *identity, *words], cwd=self.house.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """Everything that is in the work tree."""
        return commit(self.house.root, message)

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def opened(self, files: Mapping[str, str | None], message: str = "a change", *, is_fork: bool = False) -> int:
        """A pull request that writes these files, None for one that it takes away; main is what is checked out afterwards."""
        self.number += 1
        self.git("checkout", "-q", "-b", f"topic-{self.number}", "main")
        head = self._written(files, message)
        self.git("checkout", "-q", "main")
        self.hub.pull_request(self.number, head, is_fork=is_fork)
        return self.number

    def pushed(self, number: int, files: Mapping[str, str | None], message: str = "more of it") -> None:
        """One more commit of a pull request."""
        self.git("checkout", "-q", f"topic-{number}")
        self.hub.push(number, self._written(files, message))
        self.git("checkout", "-q", "main")

    def _written(self, files: Mapping[str, str | None], message: str) -> str:
        for name, text in files.items():
            if text is None:
                self.house.remove(name)
            else:
                self.house.write(name, text)
        return self.commit(message)

    def merged(self, number: int, message: str = "") -> str:
        """Squashed onto main, as most houses do."""
        self.git("merge", "-q", "--squash", f"topic-{number}")
        self.git("commit", "-qm", message or self.git("log", "-1", "--format=%B", f"topic-{number}"))
        self.hub.merge(number, self.head)
        return self.head

    # --- what jobs do ----------------------------------------------------------------------------------------------

    def job(self, event: str, document: Mapping[str, Any], *words: str, **variables: str) -> Result:
        """One step of a job. What it left lies in `self.folder`."""
        self.jobs += 1
        self.folder.mkdir(parents=True)
        (self.folder / "event.json").write_text(json.dumps(document))
        facts = {
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "output"), "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": str(self.jobs), "GITHUB_SHA": self.head,
            "GITHUB_REF": "refs/heads/main", "RUNNER_TEMP": str(self.house.root / JOB), **self.hub.environment(), **variables,
        }  # fmt: skip
        with self.monkeypatch.context() as patch:
            for name, value in facts.items():
                patch.setenv(name, value)
            return self.house.run("ci", *words)

    @property
    def folder(self) -> Path:
        return self.house.root / JOB / str(self.jobs)

    @property
    def summary(self) -> str:
        file = self.folder / "summary"
        return file.read_text() if file.exists() else ""

    @property
    def outputs(self) -> dict[str, str]:
        file = self.folder / "output"
        text = file.read_text() if file.exists() else ""
        return {name: value for name, _, value in re.findall(r"(\w+)<<(end-\w+)\n(.*?)\n\2\n", text, re.DOTALL)}

    def request_event(self, number: int) -> dict[str, Any]:
        pull = self.hub.pulls[number]
        repository = "stranger/shop" if pull.is_fork else self.hub.repository
        head = {"sha": pull.head, "ref": f"topic-{number}", "repo": {"full_name": repository}}
        base = {"sha": self.git("rev-parse", "main"), "ref": "main"}
        return {"pull_request": {"number": number, "head": head, "base": base}}

    def planned(self, number: int) -> Result:
        """`ci plan` of a pull request and its artifact, then `ci comment`."""
        event = self.request_event(number)
        self.git("checkout", "-q", f"topic-{number}")
        plan = self.folder.parent / "plan.json"
        plan.unlink(missing_ok=True)
        result = self.job("pull_request", event, "plan", "-o", str(plan))
        if plan.exists():
            run = self.hub.run(self.hub.pulls[number].head, branch=f"topic-{number}")
            self.hub.artifact("reconcile-plan-default", {"plan.json": plan.read_text()}, run=run)
        self.git("checkout", "-q", "main")
        told = self.job("pull_request", event, "comment", "--plan", str(plan))
        assert told.exit_code == 0, told.err
        return result

    def in_queue(self, number: int, *, onto: str = "main", method: str = "--squash", message: str = "any text") -> str:
        """The commit that a merge queue makes of a pull request: on main, or on what waits before it."""
        self.git("checkout", "-q", "--detach", onto)
        self.git("merge", "-q", method, "-m", message, f"topic-{number}")
        if method == "--squash":
            self.git("commit", "-qm", message)
        head = self.head
        self.git("update-ref", f"refs/remotes/origin/{self.queue_branch(number, onto)}", head)
        self.git("update-ref", "refs/remotes/origin/main", "main")
        self.git("checkout", "-q", "main")
        return head

    def queue_branch(self, number: int, onto: str) -> str:
        return f"gh-readonly-queue/main/pr-{number}-{self.git('rev-parse', onto)}"

    def tried(self, number: int, head: str, *, onto: str = "main", **variables: str) -> Result:
        """`ci plan` of a merge queue's commit."""
        group = {
            "head_sha": head, "head_ref": f"refs/heads/{self.queue_branch(number, onto)}",
            "base_sha": self.git("rev-parse", onto), "base_ref": "refs/heads/main",
        }  # fmt: skip
        self.git("checkout", "-q", head)
        result = self.job(
            "merge_group", {"action": "checks_requested", "merge_group": group}, "plan", "-o", "plan.json", GITHUB_SHA=head,
            **variables,
        )  # fmt: skip
        self.git("checkout", "-q", "main")
        return result

    def applied(self, *words: str, before: str = "", event: str = "push") -> Result:
        """`ci apply` of what is checked out, and the artifact of its report."""
        document = {"before": before or self.git("rev-parse", "HEAD~1")} if event == "push" else {}
        known = {*self.reports()}
        result = self.job(event, document, "apply", *words)
        left = {path.name: path.read_text() for path in self.reports() if path not in known}
        if left:
            self.hub.artifact("reconcile-report-default", left, run=self.run_on_main())
        return result

    def reports(self) -> list[Path]:
        folder = self.house.root / "reports"
        return sorted(path for path in folder.glob("*") if path.is_file()) if folder.exists() else []

    def run_on_main(self) -> Run:
        return self.hub.run(self.head, event="push", branch="main")

    def comment(self, number: int) -> str:
        """The one comment that there is."""
        (found,) = self.hub.comments(number)
        return found.body


@dataclass(frozen=True)
class Beginning:
    """What a shop is when a test begins, but for what AWS holds: what its folder and its GitHub have, and how much has happened."""

    files: Mapping[Path, bytes]
    hub: Mapping[str, Any]
    number: int
    jobs: int


BEGINNINGS = dict[tuple[str, ...], Beginning]()


def shop_of(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], config: str = OURS
) -> Shop:
    """A shop whose main branch is what lives, carried out by an earlier run whose report is kept. Of equal ones the first is made
    by its jobs; all others have a copy of what that left, and an apply of their own."""
    key = (config, *files, *files.values())
    house.write("reconcile.yaml", config, stock=False)
    shop = Shop(house, hub, monkeypatch)
    if key not in BEGINNINGS:
        _begun(shop, files)
        BEGINNINGS[key] = _beginning(shop)
    else:
        _begun_again(shop, files, BEGINNINGS[key])
    for asked in (house.sandbox.requests, hub.requests, hub.downloads):
        asked.clear()
    return shop


def _begun(shop: Shop, files: Mapping[str, str]) -> None:
    root = shop.house.root
    subprocess.run(["git", "init", "-q", "--template=", "-b", "main"], cwd=root, check=True)
    (root / ".gitignore").write_text(f"reports/\nplan.json\n{JOB}/\n")
    (root / JOB).mkdir()
    shop.commit("a house")
    number = shop.opened(files, "what lives")
    assert shop.planned(number).exit_code == 0
    shop.merged(number)
    first = shop.applied()
    assert first.exit_code == 0, first.err


def _beginning(shop: Shop) -> Beginning:
    root = shop.house.root
    files = {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    held = {field.name: getattr(shop.hub, field.name) for field in fields(State)}
    return Beginning(files, deepcopy(held), shop.number, shop.jobs)


def _begun_again(shop: Shop, files: Mapping[str, str], beginning: Beginning) -> None:
    for name, text in files.items():
        shop.house.write(name, text)
    assert shop.house.apply()["outcome"]["exit_code"] == 0
    for report in shop.reports():
        report.unlink()
    for path, content in beginning.files.items():
        (shop.house.root / path).parent.mkdir(parents=True, exist_ok=True)
        (shop.house.root / path).write_bytes(content)
    for name, value in deepcopy(dict(beginning.hub)).items():
        setattr(shop.hub, name, value)
    shop.number, shop.jobs = beginning.number, beginning.jobs
