"""A workflow of GitHub Actions as far as its rules look at it: triggers, jobs, their rights, what they run and use. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.finding import part
from reconciler.files import strict_yaml
from reconciler.files.strict_yaml import Document

OURS = re.compile(r"(?:^|/)\.github/workflows/(?:reconcile|drift|rollout)\.yml(?:@|$)")
VERB = re.compile(r"(?<![\w.-])(?:reconcile|-m reconciler)[\"']?\s+(?:ci\s+)?([a-z]+)\b")

OWN_TREE = ("./", "$/")  # of the caller's repository, and of that which the workflow itself is from


@dataclass(frozen=True)
class Job:
    """A job, where it stands, and what it may: its own permissions, or the workflow's where it says none."""

    name: str
    at: str
    value: Mapping[str, Any]
    permissions: Any

    @cached_property
    def steps(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Each with the pointer to it."""
        steps = self.value.get("steps")
        return [
            (f"{self.at}/steps/{number}", step)
            for number, step in enumerate(steps if isinstance(steps, list) else [])
            if isinstance(step, Mapping)
        ]

    @cached_property
    def verbs(self) -> frozenset[str]:
        """The verbs of reconcile that its steps run."""
        return frozenset(verb for _, step in self.steps for verb in VERB.findall(str(step.get("run", ""))))

    @property
    def calls_ours(self) -> bool:
        return bool(OURS.search(str(self.value.get("uses", ""))))

    @property
    def condition(self) -> str:
        return " ".join(str(self.value.get("if", "")).split())

    def may_write(self, permission: str) -> bool:
        allowed = self.permissions
        return allowed == "write-all" or (isinstance(allowed, Mapping) and allowed.get(permission) == "write")

    def using(self, action: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Its steps that use an action, each with the pointer to it and its inputs."""
        for at, step in self.steps:
            if str(step.get("uses", "")).partition("@")[0].startswith(action):
                yield at, part(step, "with")


@dataclass(frozen=True)
class Workflow:
    document: Document
    lines: tuple[str, ...]

    @cached_property
    def triggers(self) -> Mapping[str, Any]:
        on = self.document.value.get("on")
        return on if isinstance(on, Mapping) else dict.fromkeys(names(on))

    @property
    def is_for_pull_requests(self) -> bool:
        """A reusable workflow runs at whatever event its caller does."""
        return not {"pull_request", "workflow_call"}.isdisjoint(self.triggers)

    @cached_property
    def jobs(self) -> list[Job]:
        over_all = self.document.value.get("permissions")
        jobs = part(self.document.value, "jobs")
        return [
            Job(name, f"/jobs/{escaped(name)}", job, job.get("permissions", over_all))
            for name, job in jobs.items()
            if isinstance(job, Mapping)
        ]

    @property
    def is_ours(self) -> bool:
        """Whether it runs reconcile."""
        return any(job.verbs or job.calls_ours for job in self.jobs)

    def concurrency(self, job: Job) -> tuple[str, Mapping[str, Any]]:
        """Where a job's concurrency stands, its own or the workflow's, and what it says."""
        owner, at = (job.value, job.at) if "concurrency" in job.value else (self.document.value, "")
        said = owner.get("concurrency")
        return f"{at}/concurrency", {"group": said} if isinstance(said, str) else part(owner, "concurrency")


def names(value: Any) -> list[str]:
    """One name, or a list of some, as they may stand in a workflow."""
    return [value] if isinstance(value, str) else [str(name) for name in value] if isinstance(value, list) else []


def workflow(text: bytes | str, path: str) -> Workflow:
    """Raises SpecError where it is no YAML that is read here, or no map."""
    document = strict_yaml.parse(text, path)
    shown = text if isinstance(text, str) else text.decode()
    is_map = isinstance(document.value, Mapping)
    return Workflow(document if is_map else Document(path, {}), tuple(shown.splitlines()))


@dataclass(frozen=True, slots=True)
class Pin:
    """What a `uses` names, at which revision; `version` is what a comment says of that, without its v."""

    at: str
    name: str
    revision: str
    version: str

    @property
    def is_ours(self) -> bool:
        return bool(OURS.search(self.name))


def pins(of: Workflow) -> Iterator[Pin]:
    """Of everything that is used from elsewhere."""
    for job in of.jobs:
        for at, value in ((job.at, job.value), *job.steps):
            used = str(value.get("uses", ""))
            if used and not used.startswith(OWN_TREE):
                name, _, revision = used.partition("@")
                line = of.lines[of.document.at(f"{at}/uses").line - 1]
                comment = re.search(r"#\s*v?([0-9][\w.]*)", line)
                yield Pin(f"{at}/uses", name, revision, comment[1] if comment else "")
