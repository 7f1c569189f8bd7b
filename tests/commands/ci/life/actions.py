"""GitHub Actions as far as our workflows need it: the jobs of a workflow in their order, as its YAML says.

Conditions, permissions, variables, needs, outputs and artifacts are those of the file. A checkout clones, an artifact is kept by the fake
GitHub, and what a step runs is read by a shell; `reconcile` is then called in this process. Nothing else of a job is imitated.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.finding import part
from reconciler.github.workflow import workflow
from tests.conftest import House, reconcile
from tests.github.fake import Hub
from tests.github.fake.state import Run
from tests.github.workflows import own

WORDS = re.compile(r"'[^']*'|(?<![\w.])(?:github|inputs|needs|steps|runner|env|matrix)(?:\.[\w*-]+)+|&&|\|\||!(?!=)")
SAYS_STATUS = re.compile(r"\b(always|failure|cancelled|success)\(\)")
# What a shell makes of a line: the words of `reconcile`, each ended by a zero, or its own exit code.
SHELL = 'reconcile() { printf "%s\\0" "$@"; }\n'


@dataclass(frozen=True)
class Event:
    """What happened. `sha` is the commit that jobs look at, `run` the run as GitHub lists it."""

    name: str
    document: Mapping[str, Any]
    sha: str
    ref: str
    run: Run
    attempt: int = 1


@dataclass
class Job:
    """One that ran: what it printed, what it left for others, and whom it asked."""

    name: str
    exit_code: int = 0
    out: str = ""
    err: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    delimiters: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    asked_aws: list[str] = field(default_factory=list)
    changed_aws: list[str] = field(default_factory=list)
    left: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def commands(self) -> list[str]:
        """All that the runner might take for a command, wherever it stands."""
        lines = f"{self.out}\n{self.err}".splitlines()
        return [line for line in lines if "##[" in line or re.match(r"(\s|\x1b\[[\d;]*m)*::", line)]


@dataclass
class Runner:
    """Runs workflows over what lies in the repository at `remote`, each job in a new folder below `folder`."""

    house: House
    hub: Hub
    monkeypatch: pytest.MonkeyPatch
    remote: Path
    folder: Path
    inputs: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 0
    ended: dict[tuple[int, str], tuple[Job, dict[str, str]]] = field(default_factory=dict)

    def ran(self, name: str, event: Event, **inputs: str) -> dict[str, Job]:
        """The jobs of a workflow that ran, by their names. Of a further attempt those that failed in the one before, and those that need
        one that runs; the others count as they ended."""
        read = workflow(dict(own())[name], name)
        document, declared = read.document.value, part(read.triggers, "workflow_call", "inputs")
        github = {
            "event_name": event.name, "event": event.document, "ref": event.ref, "repository": self.hub.repository,
            "run_id": str(event.run.identifier), "run_attempt": event.attempt, "token": self.hub.token,
        }  # fmt: skip
        given = {key: value.get("default", "") for key, value in declared.items()} | dict(self.inputs) | inputs
        contexts: dict[str, Any] = {"github": github, "inputs": given}
        done, results = dict[str, Job](), dict[str, Any]()
        for key, job in document["jobs"].items():
            needed = job.get("needs", ())
            needs = {one: results[one] for one in ([needed] if isinstance(needed, str) else needed)}
            inside = {**contexts, "needs": needs}
            is_well = all(one["result"] == "success" for one in needs.values())
            results[key] = {"result": "skipped", "outputs": {}}
            if Expressions(inside, is_well).holds(job.get("if", "")):
                is_needing = any(one.partition(" ")[0] in needs for one in done)
                for one in Expressions(inside, is_well).matrix(job):
                    name = f"{key} {one['account']}/{one['region']}" if one.get("account") else key
                    former = self.ended.get((event.run.identifier, name)) if event.attempt > 1 else None
                    if former is None or former[0].exit_code or is_needing:
                        at = _Place(self, event, key, job, {**inside, "matrix": one}, document.get("env", {}))
                        former = self.ended[event.run.identifier, name] = at.done()
                        done[name] = former[0]
                    is_failed = former[0].exit_code or results[key]["result"] == "failure"
                    results[key] = {"result": "failure" if is_failed else "success", "outputs": former[1]}
        return done


@dataclass
class Expressions:
    """What stands between `${{` and `}}`. `is_well`: what came before has succeeded, needed jobs of a job, steps of a step."""

    contexts: Mapping[str, Any]
    is_well: bool

    def holds(self, condition: str) -> bool:
        """Whether a step or job with this `if` runs."""
        condition = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", condition, flags=re.DOTALL)
        is_told = bool(SAYS_STATUS.search(condition))
        return (is_told or self.is_well) and (not condition or bool(self.value(condition)))

    def matrix(self, job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What each of a job's instances is about; Actions refuses none."""
        said = job.get("strategy", {}).get("matrix", "")
        instances: list[Mapping[str, Any]] = (
            self.value(re.sub(r"^\$\{\{(.*)\}\}$", r"\1", said))["include"] if said else [{}]
        )
        assert instances, "an empty matrix"
        return instances

    def filled(self, text: Any) -> str:
        return re.sub(r"\$\{\{(.*?)\}\}", lambda match: _text(self.value(match[1])), _text(text), flags=re.DOTALL)

    def value(self, expression: str) -> Any:
        functions: dict[str, Callable[..., Any]] = {
            "fromJSON": json.loads, "at": self._at, "format": lambda text, *words: text.format(*words), "contains": lambda whole, one: one in (whole or ()),
            "always": lambda: True, "failure": lambda: not self.is_well, "cancelled": lambda: False, "success": lambda: self.is_well,
        }  # fmt: skip
        return eval(WORDS.sub(_python, " ".join(expression.split())), {"__builtins__": {}}, functions)

    def _at(self, path: str) -> Any:
        value: Any = self.contexts
        for name in path.split("."):
            if name == "*":
                value = [*value.values()]
            elif isinstance(value, list):
                value = [one.get(name) for one in value]
            else:
                value = value.get(name) if isinstance(value, Mapping) else None
        return value


def _python(match: re.Match[str]) -> str:
    word = match[0]
    operators = {"&&": " and ", "||": " or ", "!": " not "}
    return operators.get(word, word if word.startswith("'") else f"at({word!r})")


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@dataclass
class _Place:
    """One job while it runs."""

    runner: Runner
    event: Event
    name: str
    job: Mapping[str, Any]
    contexts: dict[str, Any]
    variables: Mapping[str, Any]

    def done(self) -> tuple[Job, dict[str, str]]:
        """The job, and what it hands to those that need it."""
        runner, hub = self.runner, self.runner.hub
        runner.jobs += 1
        self.folder = runner.folder / f"{runner.jobs}-{self.name}"
        self.temp, self.tree = self.folder / "temp", self.folder / "tree"
        for folder in (self.temp, self.tree):
            folder.mkdir(parents=True)
        (self.folder / "event.json").write_text(json.dumps(self.event.document))
        hub.permissions = {
            name: "read" if self.event.run.is_fork else level for name, level in self.job["permissions"].items()
        }
        self.ran = Job(self.name)
        self.contexts |= {"steps": {}, "runner": {"temp": str(self.temp)}}
        asked, aws = len(hub.requests), len(runner.house.sandbox.requests)
        for step in self.job["steps"]:
            self._step(step)
        new = runner.house.sandbox.requests[aws:]
        self.ran.calls = hub.calls()[asked:]
        self.ran.asked_aws = [request.operation for request in new]
        self.ran.changed_aws = [request.operation for request in runner.house.sandbox.writes if request in new]
        self._read_what_it_left()
        outputs = {name: self._expressions.filled(text) for name, text in self.job.get("outputs", {}).items()}
        return self.ran, outputs

    @property
    def _expressions(self) -> Expressions:
        return Expressions(self.contexts, is_well=self.ran.exit_code == 0)

    def _step(self, step: Mapping[str, Any]) -> None:
        if not self._expressions.holds(step.get("if", "")):
            return
        given = {name: self._expressions.filled(value) for name, value in step.get("with", {}).items()}
        match step.get("uses", "").partition("@")[0]:
            case "":
                self._run(step["run"], step.get("env", {}))
                output = self.folder / "output"
                given = {name: value for name, _, value in handed_on(output.read_text() if output.exists() else "")}
                self.contexts["steps"][step.get("id", "run")] = {"outputs": given}
            case "actions/checkout":
                self._check_out(given)
            case "actions/upload-artifact":
                made = self._upload(given)
                self.contexts["steps"][step.get("id", "upload")] = {"outputs": {"artifact-id": made}}
            case "actions/download-artifact":
                self._download(given)
            case "$/.github/actions/setup" | "aws-actions/configure-aws-credentials":
                return
            case other:
                raise AssertionError(f"what does {other} do?")

    def _run(self, line: str, env: Mapping[str, Any]) -> None:
        expressions = self._expressions
        facts = {
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": self.event.name, "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "output"), "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_SERVER_URL": "https://github.com", "GITHUB_API_URL": self.runner.hub.url, "GITHUB_SHA": self.event.sha,
            "GITHUB_REPOSITORY": self.runner.hub.repository, "GITHUB_RUN_ID": str(self.event.run.identifier),
            "GITHUB_REF": self.event.ref, "GITHUB_WORKSPACE": str(self.tree), "RUNNER_TEMP": str(self.temp),
            **{name: expressions.filled(value) for name, value in {**self.variables, **env}.items()},
        }  # fmt: skip
        read = subprocess.run(["bash", "-ec", SHELL + line], env=facts, capture_output=True, check=False)
        words = read.stdout.decode().split("\0")[:-1]
        if not words:
            self.ran.exit_code = read.returncode
            return
        with self.runner.monkeypatch.context() as patch:
            patch.chdir(self.tree)
            for name, value in facts.items():
                patch.setenv(name, value)
            result = reconcile(*words)
        self.ran.exit_code, self.ran.out, self.ran.err = result.exit_code, result.out, result.err

    def _check_out(self, given: Mapping[str, str]) -> None:
        """One commit, or all there are with it."""
        is_whole = given.get("fetch-depth") == "0"
        wanted = ["+refs/heads/*:refs/remotes/origin/*"] if is_whole else ["--depth=1"]
        for words in (
            ["init", "-q"], ["remote", "add", "origin", f"file://{self.runner.remote}"],
            ["fetch", "-q", "origin", *wanted, self.event.sha], ["checkout", "-q", "--detach", self.event.sha],
        ):  # fmt: skip
            subprocess.run(["git", *words], cwd=self.tree, check=True, capture_output=True)

    # --- what jobs leave ---------------------------------------------------------------------------------------------

    def _upload(self, given: Mapping[str, str]) -> str:
        files = {
            path.name: path.read_bytes()
            for pattern in given["path"].split()
            for path in sorted(Path(pattern).parent.glob(Path(pattern).name))
        }
        if not files:
            assert given["if-no-files-found"] == "ignore"
            return ""
        kept = self.runner.hub.artifacts
        for former in [one for one in kept.values() if one.run == self.event.run and one.name == given["name"]]:
            assert given["overwrite"] == "true"
            kept.pop(former.identifier)
        self.ran.left |= files
        return str(self.runner.hub.artifact(given["name"], files, run=self.event.run).identifier)

    def _download(self, given: Mapping[str, str]) -> None:
        """Of this run, by name or by number; by a pattern each into a folder of its own."""
        of_run = [one for one in self.runner.hub.artifacts.values() if one.run == self.event.run]
        if "pattern" in given:
            for artifact in (one for one in of_run if fnmatchcase(one.name, given["pattern"])):
                zipfile.ZipFile(io.BytesIO(artifact.content)).extractall(Path(given["path"]) / artifact.name)
            return
        wanted = [
            one for one in of_run if given.get("artifact-ids", given.get("name")) in (str(one.identifier), one.name)
        ]
        folder = Path(given["path"])
        folder.mkdir(parents=True, exist_ok=True)
        for artifact in wanted:
            zipfile.ZipFile(io.BytesIO(artifact.content)).extractall(folder)

    def _read_what_it_left(self) -> None:
        summary, output = self.folder / "summary", self.folder / "output"
        self.ran.summary = summary.read_text() if summary.exists() else ""
        for name, delimiter, value in handed_on(output.read_text() if output.exists() else ""):
            self.ran.outputs[name] = value
            self.ran.delimiters.append(delimiter)


def handed_on(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, delimiter and value of each output, as the runner reads the file; fails at anything else."""
    lines = iter(text.splitlines())
    for line in lines:
        name, delimiter = re.fullmatch(r"(\w+)<<(\S+)", line).groups()  # type: ignore[union-attr]
        value = list[str]()
        for inside in lines:
            if inside == delimiter:
                break
            value.append(inside)
        else:
            raise AssertionError(f"{name} has no end")
        yield name, delimiter, "\n".join(value)
