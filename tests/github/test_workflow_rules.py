"""Each mistake in a workflow that runs reconcile is told at its line; one that makes none is told nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.github.condition import IN_THE_TREE
from reconciler.github.workflow import names, pins, workflow
from reconciler.github.workflow_rules import CHECKS, faults
from tests.citing import cited

PIN = "08c6903cd8c0fde910a37f88322edcfb5dd907a8"
CHECKOUT = f"""
      - uses: actions/checkout@{PIN} # v5.0.0
        with: {{persist-credentials: false, fetch-depth: 0}}"""
CREDENTIALS = f"""
      - uses: aws-actions/configure-aws-credentials@{PIN} # v5.0.0
        with: {{role-to-assume: arn, aws-region: us-west-2}}"""
GOOD = f"""\
on:
  pull_request:
  merge_group:
  push: {{branches: [main]}}
permissions: {{}}
jobs:
  validate:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {{contents: read}}
    steps:{CHECKOUT}
      - run: pip install --require-hashes -r "$RUNNER_TEMP/lock.txt"
      - run: reconcile ci validate
  plan:
    if: github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    concurrency: {{group: "plan-${{{{ github.ref }}}}", cancel-in-progress: true}}
    permissions: {{contents: read, id-token: write}}
    steps:{CHECKOUT}{CREDENTIALS}
      - uses: actions/setup-python@{PIN} # v6.0.0
        with: {{python-version: "3.13"}}
      - run: reconcile ci plan
      - uses: actions/upload-artifact@{PIN} # v4.6.2
        with: {{name: reconcile-plan-default, path: plan.json}}
  comment:
    needs: plan
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {{pull-requests: write}}
    steps:
      - uses: actions/download-artifact@{PIN} # v5.0.0
        with: {{path: "${{{{ runner.temp }}}}/plan"}}
      - run: reconcile ci comment --plan "$RUNNER_TEMP/plan/plan.json"
  apply:
    if: github.event_name == 'push'
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    environment: production
    concurrency: {{group: apply, cancel-in-progress: false, queue: max}}
    permissions: {{contents: read, id-token: write, pull-requests: write}}
    steps:
      - uses: $/.github/actions/setup{CHECKOUT}{CREDENTIALS}
      - uses: actions/download-artifact@{PIN} # v5.0.0
        with: {{name: reconcile-report-default, path: "${{{{ runner.temp }}}}/reports"}}
      - run: reconcile ci apply
  gate:
    needs: [validate, plan, apply]
    if: always()
    runs-on: ubuntu-24.04
    timeout-minutes: 2
    steps:
      - run: test "$FAILED" = false
        env: {{FAILED: "${{{{ contains(needs.*.result, 'failure') }}}}"}}
"""
CALLER = f"""\
on: [pull_request, push]
permissions: {{}}
concurrency: {{group: lambda, cancel-in-progress: "${{{{ github.event_name == 'pull_request' }}}}"}}
jobs:
  reconcile:
    permissions: {{contents: read, id-token: write, pull-requests: write}}
    uses: acme/reconcile/.github/workflows/reconcile.yml@{PIN} # v0.2.0
"""

# What is wrong -> (text of GOOD, what stands there instead, whose first new line is told, the rule, what is said)
CASES = {
    "no permissions at the top": ("permissions: {}\n", "", "on:", "R068", "`permissions: {}` is missing at the top"),
    "permissions for all": ("permissions: {}\n", "permissions: {contents: read}\n", "", "R068", "holds for every job"),
    "all permissions": ("{pull-requests: write}", "write-all", "", "R068", "job comment gets more than it needs"),
    "a stranger's trigger": ("merge_group:", "pull_request_target:", "", "R068", "what a stranger sends"),
    "a tag for a pin": (f"checkout@{PIN} # v5", "checkout@v5 # v5", "", "R068", "can be made other code"),
    "no pin at all": (f"checkout@{PIN} # v5.0.0", "checkout", "", "R068", "actions/checkout@… can be made other code"),
    "a pin without a version": (f"checkout@{PIN} # v5.0.0", f"checkout@{PIN}", "", "R068", "nobody sees which release"),
    "a pin to be written": (f"checkout@{PIN}", f"checkout@{'1' * 40}", "", "R068", "write that of the release 5.0.0"),
    "a kept token": ("persist-credentials: false", "persist-credentials: true", "", "R068", "checkout leaves the token"),
    "text in a script": ("ci validate", "ci validate ${{ github.head_ref }}", "", "R068", "becomes part of the script"),
    "forks with tokens": (
        "if: github.event.pull_request.head.repo.full_name == github.repository", "if: success()", "", "R068",
        "job plan may ask for AWS credentials in a fork's pull request",
    ),
    "forks by the event": ("event_name == 'push'", "event_name == 'pull_request'", "", "R068", "job apply may ask"),
    "the tree's own tool": ('--require-hashes -r "$RUNNER_TEMP/lock.txt"', ".", "", "R068", "installs what the pull request"),
    "the tree's own tool, to be edited": ("--require-hashes -r", "-e ./tool -r", "", "R068", "installs what the pull request"),
    "a token for nothing": ("{contents: read}", "{contents: read, id-token: write}", "{contents: read, id-token", "R068", "AWS credentials and does not"),
    "a comment with a token": ("{pull-requests: write}", "{id-token: write}", "", "R068", "needs no `id-token: write`"),
    "a comment beside the tree": (
        "    steps:\n      - uses: actions/download", f"    steps:{CHECKOUT}\n      - uses: actions/download", "      - uses: actions/checkout",
        "R068", "job comment may write to pull requests",
    ),
    "lasting keys": ("reconcile ci plan\n", "reconcile ci plan\n        env: {K: '${{ secrets.AWS_KEY }}'}\n", "        env: {K", "R068", "a key of AWS that lasts"),
    "a cache": ('{python-version: "3.13"}', "{cache: pip}", "", "R068", "a cache that other jobs fill"),
    "a cache of its own": (f"setup-python@{PIN}", f"cache@{PIN}", "", "R068", "a cache that other jobs fill"),
    "a download into the tree": ("${{ runner.temp }}/plan", "plan", "", "R068", "write a `path` below"),
    "no environment": ("    environment: production\n", "", "  apply:", "R069", "job apply applies with nobody asked"),
    "no concurrency": (
        "    concurrency: {group: apply, cancel-in-progress: false, queue: max}\n", "", "  apply:", "R069", "two applies can run at once",
    ),
    "a group a commit": ("group: apply", 'group: "${{ github.sha }}"', "", "R069", "two applies get two groups"),
    "a group a branch": ("group: apply", 'group: "${{ github.ref }}"', "", "R069", "two applies get two groups"),
    "a queue of one": (", queue: max", "", "    concurrency: {group: apply", "R069", "only one run waits"),
    "an apply that is stopped": ("cancel-in-progress: false, queue", "cancel-in-progress: true, queue", "", "R069", "is stopped half-way"),
    "plans that pile up": ("cancel-in-progress: true", "cancel-in-progress: false", "  plan:", "R069", "job plan goes on with a plan"),
    "no end": ("    timeout-minutes: 2\n", "", "  gate:", "R069", "job gate may hang"),
    "no history": ("fetch-depth: 0", "fetch-depth: 1", "", "R069", "job plan has no history"),
    "no plan is kept": (f"upload-artifact@{PIN}", f"upload-pages@{PIN}", "  plan:", "R069", "job plan keeps no plan"),
    "approval by an artifact": (
        "      - run: reconcile ci apply",
        f'      - uses: actions/download-artifact@{PIN} # v5.0.0\n        with: {{path: "${{{{ runner.temp }}}}/x"}}\n      - run: reconcile ci apply',
        "", "R069", "what any job may have written",
    ),
    "paths": ("  pull_request:\n", "  pull_request: {paths: [specs]}\n", "", "R069", "a required check that is skipped"),
    "a gate that is skipped": ("    if: always()\n", "", "jobs:", "R069", "no job always runs and needs apply, plan, validate"),
    "a gate that sees a part": ("[validate, plan, apply]", "[validate, plan]", "jobs:", "R069", "no job always runs"),
}  # fmt: skip


def told(text: str) -> list[str]:
    return [str(fault) for fault in faults(workflow(text, "w.yml"))]


@pytest.mark.parametrize("text", [GOOD, CALLER], ids=["of its own", "caller"])
def test_a_workflow_without_a_mistake_is_told_nothing(text: str) -> None:
    assert told(text) == []
    assert workflow(text, "w.yml").is_ours


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_told_at_its_line(case: str) -> None:
    before, after, line, rule, said = CASES[case]
    broken = GOOD.replace(before, after)
    assert broken != GOOD
    found = [fault for fault in faults(workflow(broken, "w.yml")) if said in fault.message]
    assert found
    assert {cited(fault.message) for fault in found} == {rule}
    shown = broken.splitlines()[found[0].origin.line - 1]
    assert (line or after).strip().splitlines()[0] in shown


def test_every_rule_is_broken_by_a_case() -> None:
    texts = [GOOD.replace(before, after) for before, after, *_ in CASES.values()]
    texts.append(CALLER.replace("\"${{ github.event_name == 'pull_request' }}\"", "true"))
    broken = {check.look.__name__ for text in texts for check in CHECKS if any(check(workflow(text, "w.yml")))}
    assert broken == {check.look.__name__ for check in CHECKS}


def test_a_caller_that_stops_applies_is_told() -> None:
    text = CALLER.replace("\"${{ github.event_name == 'pull_request' }}\"", "true")
    (line,) = told(text)
    assert line.startswith("w.yml:3:50: stops an apply half-way")


@pytest.mark.parametrize(
    ("condition", "is_kept"),
    [
        ("github.event_name == 'push'", True),
        ('contains(fromJSON(\'["push", "workflow_dispatch"]\'), github.event_name)', True),
        ("github.event_name != 'pull_request'", True),
        ("github.ref == 'refs/heads/main'", True),
        ("github.event_name == 'merge_group' || (github.event_name == 'pull_request' && github.actor != 'x')", False),
        ('contains(fromJSON(\'["pull_request", "merge_group"]\'), github.event_name)', False),
        ("success()", False),
        ("${{ github.event_name == 'push' }}", True),
        ("github.event_name != 'push'", False),
        ("github.event_name == 'push' || github.actor == 'ada'", False),
        (f"{IN_THE_TREE} || always()", False),
        (f"({IN_THE_TREE})", True),
        (f"!({IN_THE_TREE})", False),
        (f"(success() || failure()) && {IN_THE_TREE}", True),
        (f"(success() || {IN_THE_TREE}) && (always())", False),
        ("github.ref == 'refs/heads/main' || github.actor == 'a || b'", False),
        ("github.actor != 'a || b' && github.event_name == 'schedule'", True),
        ("!contains(fromJSON('[\"push\"]'), github.event_name)", False),
        ("github.event.pull_request.head.repo.fork == false", True),
    ],
)
def test_a_condition_keeps_forks_out_or_does_not(condition: str, is_kept: bool) -> None:
    text = GOOD.replace(f"if: {IN_THE_TREE}", f"if: {json.dumps(condition)}")
    assert any("fork's pull request" in line for line in told(text)) is not is_kept


def test_a_job_that_another_workflow_runs_is_checked_there() -> None:
    assert not workflow(GOOD.replace("reconcile ci", "echo"), "w.yml").is_ours
    assert [pin.version for pin in pins(workflow(CALLER, "w.yml"))] == ["0.2.0"]
    assert [pin.is_ours for pin in pins(workflow(CALLER, "w.yml"))] == [True]


@pytest.mark.parametrize(
    ("command", "verbs"),
    [
        ("reconcile ci plan specs", {"plan"}),
        ('"$RUNNER_TEMP/tool/bin/reconcile" ci apply', {"apply"}),
        ("python -I -m reconciler ci validate", {"validate"}),
        ("reconcile validate && reconcile plan", {"validate", "plan"}),
        ("echo reconcile-plan; ./unreconcile ci plan", set()),
    ],
)
def test_a_step_runs_these_verbs(command: str, verbs: set[str]) -> None:
    text = f"on: push\njobs: {{a: {{steps: [{{run: {command!r}}}]}}}}"
    assert workflow(text, "w.yml").jobs[0].verbs == verbs


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["push", "reconcile ci apply", "a@b", "write-all"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["on", "jobs", "a", "steps", "run", "uses", "with", "permissions", "concurrency", "needs", "if"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(ANYTHING, ANYTHING, ANYTHING)
def test_what_is_no_workflow_is_told_and_breaks_nothing(whole: Any, job: Any, step: Any) -> None:
    for value in (
        whole,
        {"on": whole, "jobs": {"a": job}},
        {"jobs": {"a": {"steps": [step, job], "permissions": whole}}},
    ):
        found = workflow(yaml.safe_dump(value), "w.yml")
        assert all(cited(fault.message) for fault in faults(found))


def test_a_workflow_of_the_largest_size_is_read_at_once() -> None:
    text = "on: push\njobs: {a: {steps: [{run: '" + "pip install reconcile " * 11_000 + "'}]}}"
    assert faults(workflow(text, "w.yml"))
    assert names(None) == []
