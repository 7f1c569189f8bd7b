"""Rollouts as specs say them, and the events that they send: found where they are written, and read only where they belong."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.core.rollouts import Analysis, Rollout, Step
from reconciler.rollout.steps import in_words
from tests.spec.reading import HEAD, faults, read, refusal, warnings

SMOKE = "aliases:\n  live:\n    FunctionVersion: '1'\n    rollout:\n      steps: all-at-once\n      smoke:\n        - event: {}\n"
CANARY = "aliases: {{live: {{FunctionVersion: '1', rollout: {{steps: [{{weight: {}, bake: 10m}}], analysis: {{alarms: [red]}}}}}}}}\n"


def laid(root: Path, name: str, text: str | bytes) -> Path:
    path = root / "specs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def only_rollout(root: Path, **texts: str) -> Rollout:
    return read(root, **texts).specs[0].rollouts["live"]


def test_an_event_is_known_by_its_content(tmp_path: Path) -> None:
    laid(tmp_path, "events/order.json", '{"total": 3}')
    (smoke,) = only_rollout(tmp_path, a=HEAD + SMOKE.format("events/order.json")).smoke
    assert (smoke.event, smoke.path) == ("events/order.json", "specs/events/order.json")
    assert smoke.sha256 == hashlib.sha256(b'{"total": 3}').hexdigest()


@pytest.mark.parametrize(
    ("text", "why"),
    {
        "nothing": ("", "is not JSON: line 1, column 1: Expecting value"),
        "a secret": ('{"password": hunter2}', "is not JSON: line 1, column 14: Expecting value"),
        "no text": (b"\xff\xfe", "is not JSON"),
        "nested": ("[" * 200_000, "is not JSON"),
        "no number": ('{"total": NaN}', "is not JSON"),
        "large": (b" " * (6 * 2**20) + b"1", "is larger than 6 MiB, so it is not read"),
    }.values(),
    ids=["nothing", "a secret", "no text", "nested", "no number", "large"],
)
def test_an_event_that_lambda_cannot_take_is_refused_where_it_is_named(
    text: str | bytes, why: str, tmp_path: Path
) -> None:
    laid(tmp_path, "e.json", text)
    assert faults(tmp_path, SMOKE.format("e.json")) == [f"10:18: event e.json {why}"]


def test_an_event_may_have_all_of_what_lambda_takes(tmp_path: Path) -> None:
    laid(tmp_path, "e.json", b" " * (6 * 2**20 - 1) + b"1")
    assert faults(tmp_path, SMOKE.format("e.json")) == []


def test_an_event_that_is_not_there_is_told_unless_the_function_goes(tmp_path: Path) -> None:
    assert faults(tmp_path, SMOKE.format("gone.json")) == [
        "10:18: event gone.json does not exist; it is relative to this file"
    ]
    assert faults(tmp_path, "state: absent\n" + SMOKE.format("gone.json")) == []


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("../../{out}", "leads out of {tree}"),
        ("{absolute}", "leads out of {tree}"),
        ("link.json", "leads out of {tree}"),
        ("../.GIT/config.json", "leads into .git"),
    ],
)
def test_what_lies_elsewhere_is_never_opened(written: str, why: str, tmp_path: Path) -> None:
    """A pipe that nobody writes into would keep whoever opens it."""
    tree, outside = tmp_path / "tree", tmp_path / "out.json"
    for folder in (".git", ".GIT", "specs"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / ".git" / "HEAD").touch()
    os.mkfifo(outside)
    os.mkfifo(tree / ".GIT" / "config.json")
    (tree / "specs" / "link.json").symlink_to(outside)
    name = written.format(out=outside.name, absolute=outside)
    assert faults(tree, SMOKE.format(name)) == [
        f"10:18: event {name} {why.format(tree=tree.resolve())}; keep it in the same tree"
    ]


def test_a_pipe_among_the_specs_is_no_event(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    os.mkfifo(tmp_path / "specs" / "e.json")
    assert faults(tmp_path, SMOKE.format("e.json")) == ["10:18: event e.json is not a regular file"]


def test_an_event_of_defaults_is_beside_them(tmp_path: Path) -> None:
    laid(tmp_path, "shared/e.json", "{}")
    rollout = only_rollout(
        tmp_path, a=HEAD + "extends: shared/d.yaml\n", shared__d="defaults: d\n" + SMOKE.format("e.json")
    )
    assert [smoke.path for smoke in rollout.smoke] == ["specs/shared/e.json"]


def test_defaults_and_variants_each_say_a_part(tmp_path: Path) -> None:
    """A list is one value; null takes the rollout away."""
    slow = "variants: {slow: {region: eu-west-1, aliases: {live: {rollout: {steps: [{weight: 0.1, bake: 1h}]}}}}}\n"
    plain = HEAD.replace("checkout", "till") + "extends: d.yaml\naliases: {live: {rollout: null}}\n"
    found = read(tmp_path, a=HEAD + "extends: d.yaml\n" + slow, b=plain, d="defaults: d\n" + CANARY.format(0.05))
    varied, base, till = (spec.rollouts for spec in found.specs)
    assert ({name: in_words(rollout) for name, rollout in base.items()}, till) == ({"live": "5 % → 100 %"}, {})
    assert varied["live"].steps == (Step(0.1, timedelta(hours=1)),)
    assert varied["live"].analysis == base["live"].analysis == Analysis(alarms=("red",))


def test_what_is_wrong_with_a_rollout_of_defaults_is_told_once_and_there(tmp_path: Path) -> None:
    spec = HEAD + "extends: d.yaml\n"
    assert refusal(tmp_path, a=spec, b=spec.replace("checkout", "till"), d="defaults: d\n" + CANARY.format(0.055)) == [
        "specs/d.yaml:2:67: weight 0.055 has more than two decimals; write 0.06; in 2 specs: specs/a.yaml, specs/b.yaml"
    ]


def test_alarms_may_be_named_after_where_they_are(tmp_path: Path) -> None:
    text = CANARY.format(0.05).replace("[red]", "['{{ function }}-{{ region }}']")
    assert only_rollout(tmp_path, a=HEAD + text).analysis.alarms == ("checkout-us-west-2",)


def test_a_rollout_is_no_property_of_its_alias(tmp_path: Path) -> None:
    (spec,) = read(tmp_path, a=HEAD + CANARY.format(0.05)).specs
    assert spec.by_name["alias", "live"].properties == {"FunctionVersion": "1"}


@pytest.mark.parametrize("analysis", ["", ", analysis: {alarms: []}"])
def test_a_rollout_that_looks_at_nothing_is_worth_a_warning(tmp_path: Path, analysis: str) -> None:
    text = CANARY.format(0.05).replace(", analysis: {alarms: [red]}", analysis)
    assert warnings(tmp_path, text) == [
        "4:40: the rollout of alias live looks at nothing, so only a person turns it back; write analysis"
    ]
    laid(tmp_path, "e.json", "{}")
    assert warnings(tmp_path, SMOKE.format("e.json")) == []
