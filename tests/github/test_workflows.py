"""The workflows that the project has or shows keep to the rules that it has for others, and fit each other."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import cli
from reconciler.core.finding import part
from reconciler.github.workflow import Workflow, names, workflow
from reconciler.github.workflow_rules import faults
from tests.github.workflows import OURS, SETUP, callers, own, workflows

ALL = dict(workflows())
OWN = dict(own())
CALLERS = dict(callers())
TO_BE_WRITTEN = "stands for one to be written"  # the commit of a release, in an example


def of(name: str) -> Workflow:
    return workflow(ALL[name], name)


def jobs(name: str) -> Mapping[str, Any]:
    return part(of(name).document.value, "jobs")


def steps(name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for job, value in jobs(name).items():
        yield from ((job, step) for step in value.get("steps", []))


def inputs(name: str) -> Mapping[str, Mapping[str, Any]]:
    return part(of(name).triggers, "workflow_call", "inputs")


# --- tools ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that has them all, and the action."""
    root = tmp_path_factory.mktemp("repository")
    for name, text in ALL.items():
        path = root / ".github" / "workflows" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    action = root / ".github" / "actions" / "setup" / "action.yml"
    action.parent.mkdir(parents=True)
    action.write_text(SETUP.read_text(encoding="utf-8"), encoding="utf-8")
    return root


def said_by(tool: str, *arguments: str | Path, at: Path) -> str:
    """What a checker finds; nothing when all is well. It asks no network."""
    command = [Path(sys.executable).parent / tool, *arguments]
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


FLAGS = {
    "zizmor": ("--offline", "--no-config", "--persona", "auditor", "--no-progress"),
    "check-jsonschema": ("--builtin-schema", "vendor.github-workflows"),
    "actionlint": ("-shellcheck=", "-pyflakes="),
}


@pytest.mark.parametrize("tool", FLAGS)
def test_a_checker_finds_nothing(folder: Path, tool: str) -> None:
    assert not said_by(tool, *FLAGS[tool], *sorted((folder / ".github" / "workflows").glob("*.yml")), at=folder)


def test_the_action_is_what_github_reads(folder: Path) -> None:
    action = next(folder.rglob("action.yml"))
    assert not said_by("zizmor", *FLAGS["zizmor"], action, at=folder)
    assert not said_by("check-jsonschema", "--builtin-schema", "vendor.github-actions", action, at=folder)


BROKEN = {
    "zizmor": ("persist-credentials: false", "persist-credentials: true", "artipacked"),
    "check-jsonschema": ("runs-on:", "runs_on:", "runs_on"),
    "actionlint": ("needs.plan.outputs.artifact", "needs.plan.outputs.artefact", "artefact"),
}


@pytest.mark.parametrize("tool", BROKEN)
def test_a_checker_looks_at_what_it_is_given(tmp_path: Path, tool: str) -> None:
    right, wrong, word = BROKEN[tool]
    path = tmp_path / ".github" / "workflows" / "broken.yml"
    path.parent.mkdir(parents=True)
    path.write_text(OWN["reconcile"].replace(right, wrong), encoding="utf-8")
    assert word in said_by(tool, *FLAGS[tool], path, at=tmp_path)


@pytest.mark.parametrize("name", [name for name in ALL if of(name).is_ours])
def test_our_own_rules_are_kept(name: str) -> None:
    found = [f"{fault.origin}: {fault.message}" for fault in faults(of(name)) if TO_BE_WRITTEN not in fault.message]
    assert found == []


@pytest.mark.parametrize("name", CALLERS)
def test_an_example_stands_for_a_release_that_the_reader_writes(name: str) -> None:
    """Nobody can copy it and run code that nobody named."""
    assert any(TO_BE_WRITTEN in fault.message for fault in faults(of(name)))


# --- what they have in common --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_every_job_runs_on_an_image_that_does_not_move(name: str) -> None:
    assert {job["runs-on"] for job in jobs(name).values() if "uses" not in job} <= {"ubuntu-24.04"}


@pytest.mark.parametrize("name", OURS)
def test_the_tool_is_installed_before_anything_of_the_tree_is_there(name: str) -> None:
    for job, value in jobs(name).items():
        used = [str(step.get("uses", "run")).partition("@")[0] for step in value["steps"]]
        if "actions/checkout" in used:
            assert used[0] == "$/.github/actions/setup", job
            assert used.index("actions/checkout") == 1, job


@pytest.mark.parametrize("name", OURS)
def test_what_a_job_writes_and_loads_lies_outside_the_tree(name: str) -> None:
    """A tree may hold a link of that name, or a report that nobody wrote."""
    for job, step in steps(name):
        for flag, value in re.findall(r"(-o|--plan|--report-dir) (\S+)", step.get("run", "")):
            assert value.startswith('"$RUNNER_TEMP/'), (job, flag)
        paths = str(step.get("with", {}).get("path", "${{ runner.temp }}/")).split("\n")
        assert all(path.startswith("${{ runner.temp }}/") for path in filter(None, paths)), job


@pytest.mark.parametrize("name", OURS)
def test_every_input_is_used_and_says_what_it_is(name: str) -> None:
    for key, said in inputs(name).items():
        assert f"inputs.{key} " in ALL[name], key
        assert said["description"], key


def test_every_artifact_bears_the_workspace_in_its_name() -> None:
    """Behind it stands the shard, with a dot that no workspace's name has."""
    given = [step["with"] for name in OURS for _, step in steps(name) if "artifact@" in step.get("uses", "")]
    used = {one.get("name", one.get("pattern")) for one in given if "artifact-ids" not in one}
    kinds = ("plan", "mistakes", "report", "snapshot", "outcome", "rollout")
    bare = {f"reconcile-{kind}-${{{{ inputs.name }}}}" for kind in kinds}
    assert {
        re.sub(r"(?<=inputs.name }})(\$\{\{ matrix.account && format\('.*\}\}|\.(\*|\$\{\{.*))$", "", name)
        for name in used
    } == bare


@pytest.mark.parametrize("name", OURS)
def test_what_was_done_or_planned_is_kept_however_the_step_ended(name: str) -> None:
    """A re-run uploads under the same name once more."""
    for job, step in steps(name):
        if "actions/upload-artifact@" in step.get("uses", ""):
            assert step["if"].startswith("failure()" if job == "validate" else "always()"), job
            assert step["with"]["overwrite"] is True, job


GIVEN = {"$WAIT": "50m"}  # to a variable; any other is 3


def commands(script: str) -> Iterator[list[str]]:
    """The words of each call of reconcile as the shell hands them on, with everything in it that depends on a variable."""
    script = re.sub(r"\$\{(\w+):\+((?:[^{}]|\$\w+)*)\}", r"\2", script)
    for line in script.splitlines():
        words = shlex.split(line)
        if words[:1] == ["reconcile"]:
            yield [
                re.sub(r"\$\w+", lambda match: GIVEN.get(match[0], "3"), word)
                for word in words[1 : (*words, "||").index("||")]
            ]


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_that_there_is(name: str) -> None:
    called = [words for _, step in steps(name) for words in commands(step.get("run", ""))]
    assert called
    for group, verb, *words in called:
        cli.commands[group].commands[verb].make_context(verb, words)  # type: ignore[attr-defined]


# --- who may what --------------------------------------------------------------------------------------------------


def test_only_jobs_that_ask_aws_may_take_a_role() -> None:
    holders = {
        (name, job) for name in OWN for job in jobs(name) if "id-token" in jobs(name)[job].get("permissions", {})
    }
    assert holders - {("release", "publish")} == {
        ("reconcile", "plan"), ("reconcile", "apply"), ("drift", "drift"), ("rollout", "rollout"),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "more"), [("comment", {"checks": "write"}), ("outcome", {})])
def test_a_job_that_comments_has_neither_the_tree_nor_aws(name: str, more: Mapping[str, str]) -> None:
    job = jobs("reconcile")[name]
    assert job["permissions"] == {"pull-requests": "write", **more}
    assert not [step for step in job["steps"] if "checkout" in str(step) or "aws-actions" in str(step)]


@pytest.mark.parametrize(("name", "job"), [("reconcile", "comment"), ("release", "smoke"), ("release", "publish")])
def test_what_an_earlier_job_left_is_taken_by_its_number(name: str, job: str) -> None:
    """Any job of a run may put another artifact in the place of a name, whatever its rights."""
    taken = [part(step, "with") for at, step in steps(name) if at == job and "download-artifact" in str(step)]
    assert not [one for one in taken if "name" in one]
    assert [one for one in taken if one.get("artifact-ids", "").startswith("${{ needs.")]


def test_what_shards_left_is_taken_by_a_pattern_of_their_own() -> None:
    """No output of a job is one of all its instances, so their numbers are not known."""
    patterns = [one["pattern"] for _, step in steps("reconcile") if "pattern" in (one := part(step, "with"))]
    assert patterns == ["reconcile-plan-${{ inputs.name }}.*", "reconcile-outcome-${{ inputs.name }}.*"]


@pytest.mark.parametrize("job", ["plan", "apply"])
def test_one_job_that_fails_stops_no_other_shard(job: str) -> None:
    assert jobs("reconcile")[job]["strategy"]["fail-fast"] is False


def test_an_apply_of_a_shard_waits_for_its_own_kind_alone() -> None:
    group = jobs("reconcile")["apply"]["concurrency"]["group"]
    assert "matrix.account, matrix.region" in group


@pytest.mark.parametrize("job", ["plan", "comment"])
def test_forks_and_dependabot_get_a_validation_only(job: str) -> None:
    condition = " ".join(jobs("reconcile")[job]["if"].split())
    assert "github.event.pull_request.head.repo.full_name == github.repository" in condition
    assert "github.event.pull_request.user.login != 'dependabot[bot]'" in condition


@pytest.mark.parametrize("job", ["apply", "drift", "rollout"])
def test_only_the_default_branch_is_applied_or_watched(job: str) -> None:
    name = "reconcile" if job == "apply" else job
    default = "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)"
    condition = " ".join(jobs(name)[job]["if"].split())
    assert default in condition
    assert re.findall(r"event_name == '(\w+)'", condition) == [
        "push" if job == "apply" else "schedule",
        "workflow_dispatch",
    ]


def test_the_gate_always_runs_and_looks_at_all_that_must_succeed() -> None:
    gate = jobs("reconcile")["gate"]
    assert gate["if"] == "always()"
    assert set(names(gate["needs"])) == set(jobs("reconcile")) - {"gate", "comment", "outcome"}
    assert gate["permissions"] == {}


# --- callers -------------------------------------------------------------------------------------------------------


def called() -> list[tuple[str, str, Mapping[str, Any], str]]:
    """Each job of an example that calls a workflow of ours, with that workflow's name."""
    return [
        (name, job, value, Path(value["uses"].partition("@")[0]).stem)
        for name in CALLERS
        for job, value in jobs(name).items()
        if "uses" in value
    ]


def test_there_are_examples() -> None:
    assert {name.partition("-")[0] for name in CALLERS} == {"init", "README", "manual"}
    assert {workflow_name for *_, workflow_name in called()} == set(OURS)


def test_the_manual_shows_what_init_writes() -> None:
    assert CALLERS["manual-1"] in CALLERS["init"]
    assert CALLERS["manual-2"] in CALLERS["init-rollouts"]


@pytest.mark.parametrize("name", CALLERS)
def test_an_example_is_short(name: str) -> None:
    assert len(CALLERS[name].splitlines()) <= 25


def test_an_example_says_what_the_called_workflow_asks_for_and_nothing_else() -> None:
    for name, job, value, workflow_name in called():
        asked = inputs(workflow_name)
        required = {key for key, said in asked.items() if said.get("required")}
        assert required <= set(value["with"]) <= set(asked), (name, job)


def test_an_example_gives_just_the_rights_that_the_called_jobs_have() -> None:
    """With fewer GitHub does not start the run; more would be for nothing."""
    for name, job, value, workflow_name in called():
        needed: dict[str, str] = {}
        for inner in jobs(workflow_name).values():
            for right, level in inner["permissions"].items():
                needed[right] = max(level, needed.get(right, ""))  # write comes after read
        assert value["permissions"] == needed, (name, job)


def test_an_example_knows_every_event_that_the_workflows_it_calls_know() -> None:
    for name, job, _, workflow_name in called():
        events = set(re.findall(r"github\.event_name == '(\w+)'", OWN[workflow_name]))
        assert events <= set(of(name).triggers), (name, job)
