"""The record of a rollout: history alone."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.commands import wiring, workspaces
from reconciler.commands.distant import newest_reports
from reconciler.commands.rollout import keeping
from reconciler.report.rollout_record import MOST_TICKS, span, thinned
from reconciler.report.rollout_schemas import ROLLOUT
from reconciler.rollout.marker import Marker
from reconciler.rollout.steps import duration
from tests.commands.rollout.scenes import ADDRESS, Scene
from tests.commands.rollout.test_ticks import bucket
from tests.conftest import ACCOUNT, REGION

PLACE = "rollouts/test/us-west-2/checkout/live"
NAME = f"{PLACE}/20261125T120000Z-2.json"


def record(scene: Scene, name: str = NAME) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((scene.house.root / "reports" / name).read_text())
    Draft202012Validator(ROLLOUT).validate(document)
    return document


def in_bucket(scene: Scene) -> dict[str, Any]:
    s3 = scene.house.sandbox.clients.get("s3", ACCOUNT, REGION)
    document: dict[str, Any] = json.loads(s3.get_object(Bucket="state", Key=f"reports/{NAME}")["Body"].read())
    return document


def test_each_tick_is_on_record_with_its_numbers(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(5)
    scene.both()
    scene.told()
    scene.clock.go_on(6)
    scene.both()
    scene.told()
    scene.clock.go_on(6)
    scene.both(100, errors=9)
    scene.told(code=27)
    found = record(scene)
    assert [(tick["did"], tick["step"], tick["verdict"]) for tick in found["ticks"]] == [
        ("none", 1, "pass"), ("step", 1, "pass"), ("back", 2, "fail"),
    ]  # fmt: skip
    assert (found["address"], found["stable"], found["candidate"]) == (ADDRESS, "1", "2")
    assert (found["status"], found["ended"], found["reason"]) == (
        "rejected",
        "2026-11-25T12:17:00Z",
        "errors 9 % > 2 %",
    )
    assert found["ticks"][2]["evidence"]["candidate"] == {"invocations": 100, "errors": 9}
    assert found["steps"][0] == {"weight": 0.05, "bake": "10m"}
    assert found["steps"][2] == "approve"
    assert [past["did"] for past in scene.told("status")["history"]] == ["step", "back"]


def test_a_person_is_on_record_with_the_reason(scene: Scene) -> None:
    scene.at_step()
    scene.told("abort", ADDRESS, "--because", "it burns")
    (tick,) = record(scene)["ticks"]
    assert (tick["by"], tick["did"], tick["reason"]) == ("rollout abort", "back", "it burns")
    assert tick["request_id"]


def test_another_candidate_ends_the_record_of_the_one_before(scene: Scene) -> None:
    scene.at_step()
    scene.told()
    scene.lambda_.update_function_configuration(FunctionName="checkout", Description="the 3. one")
    scene.lambda_.publish_version(FunctionName="checkout")
    scene.clock.go_on(1)
    scene.put(Marker("3", "step", scene.clock.now, scene.clock.now, "1", 1, 4, 0.05))
    scene.told()
    assert (record(scene)["status"], record(scene)["ended"]) == ("superseded", "2026-11-25T12:01:00Z")
    assert record(scene, f"{PLACE}/20261125T120100Z-3.json")["status"] == "shifting"


def test_all_machines_write_one_record_in_the_bucket(scene: Scene) -> None:
    bucket(scene, "reports: s3://state/reports")
    scene.at_step()
    scene.told()
    scene.run("advance", "--report-dir", "elsewhere")
    assert len(in_bucket(scene)["ticks"]) == 2
    assert len(record(scene)["ticks"]) == 1
    scene.told("abort", ADDRESS, "--because", "it burns")
    assert [past["did"] for past in scene.told("status", "--reports", "--report-dir", "nowhere")["history"]] == ["back"]


def test_the_newest_record_is_found_however_many_there_are(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket(scene, "reports: s3://state/reports")
    scene.at_step()
    scene.told("abort", ADDRESS, "--because", "it burns")
    s3 = scene.house.sandbox.clients.get("s3", ACCOUNT, REGION)
    for year in range(2020, 2026):
        s3.put_object(Bucket="state", Key=f"reports/{PLACE}/{year}0101T120000Z-1.json", Body=b"{}")
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    assert [past["did"] for past in scene.told("status", "--reports", "--report-dir", "nowhere")["history"]] == ["back"]


def test_what_another_machine_wrote_in_between_is_not_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket(scene, "reports: s3://state/reports")
    scene.at_step()
    scene.told()
    s3 = scene.house.sandbox.clients.get("s3", ACCOUNT, REGION)
    read, others = keeping.InBucket.read, list[str]()

    def and_another_writes(self: keeping.InBucket, name: str) -> Any:
        found = read(self, name)
        if not others:
            others.append(name)
            before = in_bucket(scene)
            theirs = {**before, "ticks": [*before["ticks"], {**before["ticks"][0], "by": "theirs"}]}
            s3.put_object(Bucket="state", Key=f"reports/{name}", Body=json.dumps(theirs).encode())
        return found

    monkeypatch.setattr(keeping.InBucket, "read", and_another_writes)
    scene.told()
    assert [tick["by"] for tick in in_bucket(scene)["ticks"]] == ["rollout advance", "theirs", "rollout advance"]


def test_records_are_no_reports_to_who_looks_for_those(scene: Scene) -> None:
    bucket(scene, "reports: s3://state/reports")
    scene.at_step()
    scene.told("abort", ADDRESS, "--because", "it burns")
    with chdir(scene.house.root):
        workspace = workspaces.read([Path("specs")])
        (report,) = newest_reports(workspace, wiring.connect(workspace.config, {"test"}))
    assert report["run"]["command"] == "rollout abort"
    assert [task["target"] for task in report["tasks"]] == ["test/us-west-2/checkout"]


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"kind": "rollout"}'])
def test_a_record_that_is_none_is_told_and_decides_nothing(scene: Scene, text: str) -> None:
    path = scene.house.root / "reports" / NAME
    path.parent.mkdir(parents=True)
    path.write_text(text)
    scene.at_step()
    scene.clock.go_on(11)
    scene.both()
    result = scene.run("advance")
    assert result.exit_code == 0
    assert f"the record of {ADDRESS} could not be kept" in result.err
    assert scene.alias()[1] == {"2": 0.25}
    assert path.read_text() == text


def test_no_record_is_written_through_a_link(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (scene.house.root / "reports").mkdir()
    (scene.house.root / "reports" / "rollouts").symlink_to(tmp_path / "elsewhere")
    scene.at_step()
    result = scene.run("advance")
    assert "is a link, and nothing is written through links" in result.err
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_of_many_ticks_the_older_ones_are_one_an_hour_and_all_that_did_something() -> None:
    ticks = [
        {"at": f"2026-11-{1 + hour // 24:02}T{hour % 24:02}:{minute:02}:00Z", "did": "none"}
        for hour in range(20)
        for minute in range(60)
    ]
    ticks[30] = {**ticks[30], "did": "hold"}
    kept = thinned(ticks)
    assert len(kept) < MOST_TICKS
    assert kept[-MOST_TICKS // 2 :] == ticks[-MOST_TICKS // 2 :]
    assert ticks[30] in kept
    assert {tick["at"][:13] for tick in kept} == {tick["at"][:13] for tick in ticks}
    assert thinned(ticks[:MOST_TICKS]) == ticks[:MOST_TICKS]


@pytest.mark.parametrize("text", ["90s", "10m", "2h", "3d", "0s"])
def test_a_span_is_written_as_a_spec_has_it(text: str) -> None:
    assert span(duration(text)) == text
