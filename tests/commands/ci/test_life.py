"""The life of a repository of specs, from its first pull request to a night of drift: one story, whose state goes on."""

from __future__ import annotations

import subprocess

import pytest

from tests.commands.ci.life import merges, nights, requests
from tests.commands.ci.life.actions import Runner
from tests.commands.ci.life.seen import Eyes
from tests.commands.ci.life.specs import SECRET
from tests.commands.ci.life.specs import house as config
from tests.commands.ci.life.town import Life
from tests.conftest import House
from tests.github.fake import Hub


@pytest.fixture
def life(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A repository with nothing but its reconcile.yaml."""
    remote, folder = tmp_path_factory.mktemp("remote") / "shop.git", tmp_path_factory.mktemp("jobs")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    for setting in ("uploadpack.allowAnySHA1InWant", "uploadpack.allowTipSHA1InWant"):
        subprocess.run(["git", "-C", str(remote), "config", setting, "true"], check=True)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    made = Life(
        house,
        hub,
        Runner(
            house, hub, monkeypatch, remote, folder, {"plan-role": "plan", "apply-role": "apply", "region": "us-west-2"}
        ),
        Eyes(hub, [SECRET, hub.token]),
    )
    made.git("remote", "add", "origin", f"file://{remote}")
    made.commits({"reconcile.yaml": config(guards={"maxDeletes": 1})}, "a house")
    made.git("push", "-q", "origin", "main")
    return made


STORY = (
    requests.the_first_functions_are_added,
    requests.one_is_edited_and_traffic_moves,
    requests.one_is_added,
    requests.a_mistake_is_told_at_its_line_and_mended,
    requests.a_secret_is_changed_and_nobody_sees_it,
    requests.a_stranger_writes_orders_wherever_text_can_stand,
    requests.a_file_is_renamed_and_nothing_happens,
    requests.one_is_deleted_because_its_spec_says_so,
    requests.a_spec_is_dropped_and_its_function_is_an_orphan,
    requests.the_house_prunes_from_now_on_and_the_orphan_is_let_go_by_hand,
    requests.a_function_is_renamed,
    merges.a_guard_is_loosened_by_the_very_change_that_it_would_refuse,
    merges.it_is_overrun_and_a_commit_permits_the_very_number,
    merges.two_that_are_open_on_one_function_do_not_block_each_other,
    merges.a_run_is_dropped_by_the_queue_and_made_up_for_by_the_next,
    merges.an_apply_fails_half_way_and_goes_on_when_its_job_is_run_again,
    merges.an_old_run_comes_late_and_takes_nothing_back,
    merges.somebody_changes_it_behind_our_back,
    merges.somebody_pushes_straight_to_main,
    merges.a_merge_queue_finds_first_what_was_changed_behind_our_back,
    nights.a_fork_is_checked_before_anybody_looked_at_aws,
    nights.a_quiet_night_leaves_what_aws_holds,
    nights.a_fork_changes_one_and_adds_one,
    nights.what_drifted_gets_an_issue_in_the_second_night_and_loses_it_when_it_ends,
    nights.what_waits_for_its_apply_opens_none,
    nights.what_another_house_has_taken_is_refused_and_opens_none,
    nights.hundreds_are_changed_alike,
)


@pytest.mark.long
def test_the_life_of_a_repository(life: Life) -> None:
    for step in STORY:
        step(life)
