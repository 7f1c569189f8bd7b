"""Strangers and nights: pull requests of forks, what is seen on a schedule, and very many functions at once."""

from __future__ import annotations

from typing import Any

from tests.commands.ci.life.merges import CHANGES, CONFIGURED
from tests.commands.ci.life.requests import DONE, MORE
from tests.commands.ci.life.specs import WHERE, added, noticed, spec
from tests.commands.ci.life.town import LISTED, RECORD, WHO, Life, counted
from tests.conftest import ROLE

MANY = 200


def a_fork_is_checked_before_anybody_looked_at_aws(life: Life) -> None:
    life.opens({"three.yaml": spec("three", 20)}, "from afar", is_fork=True)
    job = life.saw("validate", calls=[LISTED])
    assert "no run on main has left a snapshot" in job.err
    life.is_gated(is_green=True)


def a_quiet_night_leaves_what_aws_holds(life: Life) -> None:
    life.is_looked_at_by_night()
    job = sees_a_night(life, drifted=0, before=0)
    assert sorted(job.left) == ["drift.json", "snapshot.json"]
    assert life.issues == {}


def a_fork_changes_one_and_adds_one(life: Life) -> None:
    """It has no credentials: its plan is one against what AWS held in the night, and what it does is let through by hand."""
    number = life.opens({"three.yaml": spec("three", 14), "four.yaml": spec("four")}, "from afar", is_fork=True)
    job = life.saw(
        "validate", "notice::planned against what AWS held just now (TIME), without asking AWS now",
        *added("four", code="(known after apply)"), noticed("three", 14, 13), calls=[LISTED, *RECORD],
    )  # fmt: skip
    assert not job.asked_aws
    assert "### 🟡 1 function is new, 1 changes · nothing is deleted" in job.summary
    life.is_gated(is_green=True)
    life.merges(number)
    life.lands()
    again = "plan again and have it reviewed (R240)"
    job = life.sees_an_apply(
        f"error::{WHERE}/four was not in the approved plan; approved (-) and now (+): +create {WHERE}/four; "
        "+/code/CodeSha256: None → FFSfwXx1/XsGVTymZXyp/TlrZfxPuiDFuKqMYX4RSxQ=; +/code/S3Bucket: None → artifacts; "
        "+/code/S3Key: None → v1.zip; +/configuration/Handler: None → lambda_function.lambda_handler; "
        "+/configuration/Role: None → arn:aws:iam::123456789012:role/lambda; +/configuration/Runtime: None → python3.13; "
        f"+/configuration/Timeout: None → 3; {again}",
        f"error::{WHERE}/three was not in the approved plan; approved (-) and now (+): +update {WHERE}/three; "
        f"+/configuration/Timeout: 13 → 14; {again}",
        code=23, refused=2, outcome="refused", shown=0, told={number: "🔴 Apply refused: 0 of 2 functions done"},
    )  # fmt: skip
    assert "it comes from a fork, whose jobs make no plan" in life.comment(number)
    assert f"`approve` = `{life.digest}`" in life.comment(number)
    life.is_started_by_hand(approve=life.digest)
    life.sees_an_apply(
        records=2, shown=0, creates=1, updates=1, told={number: "🟢 Apply succeeded: 2 of 2 functions done"},
        writes=["CreateFunction", *CONFIGURED],
    )  # fmt: skip
    assert life.holds("three", Timeout=14)
    assert life.holds("four", Timeout=3)


def what_drifted_gets_an_issue_in_the_second_night_and_loses_it_when_it_ends(life: Life) -> None:
    seen = f"warning file=specs/three.yaml,line=4::{WHERE}/three was changed behind git's back%0Aconfiguration.MemorySize: AWS holds 512, git says 128"
    title = f"Drift: {WHERE}/three"
    life.house.lambda_.update_function_configuration(FunctionName="three", MemorySize=512)
    life.is_looked_at_by_night()
    sees_a_night(life, seen, drifted=1)
    assert life.issues == {}
    life.is_looked_at_by_night()
    sees_a_night(life, seen, drifted=1, steps=["POST /issues"])
    assert life.issues == {title: True}
    (issue,) = life.hub.issues("reconcile-drift")
    assert "| <b>512</b> | 128 |" in issue.body
    life.is_looked_at_by_night()
    sees_a_night(life, seen, drifted=1)
    life.house.lambda_.update_function_configuration(FunctionName="three", MemorySize=640)
    life.is_looked_at_by_night()
    sees_a_night(life, seen.replace("512", "640"), drifted=1, steps=[f"PATCH /issues/{issue.number}"])
    assert "| <b>640</b> | 128 |" in issue.body
    life.house.lambda_.update_function_configuration(FunctionName="three", MemorySize=128)
    life.is_looked_at_by_night()
    sees_a_night(life, drifted=0, steps=[f"PATCH /issues/{issue.number}"])
    assert life.issues == {title: False}
    assert "Ended at " in issue.body
    assert "| <b>640</b> | 128 |" in issue.body
    assert "To end it" not in issue.body
    life.house.lambda_.update_function_configuration(FunctionName="three", MemorySize=512)
    for steps in ([], [f"PATCH /issues/{issue.number}"]):
        life.is_looked_at_by_night()
        sees_a_night(life, seen, drifted=1, steps=steps)
    assert life.issues == {title: True}
    life.house.lambda_.update_function_configuration(FunctionName="three", MemorySize=128)
    life.is_looked_at_by_night()
    sees_a_night(life, drifted=0, steps=[f"PATCH /issues/{issue.number}"])
    assert life.issues == {title: False}


def what_waits_for_its_apply_opens_none(life: Life) -> None:
    number = life.opens({"three.yaml": spec("three", 15)}, "fifteen")
    life.sees_a_plan(number, CHANGES, noticed("three", 15, 14), updates=1)
    life.merges(number)
    life.is_pushed_and_waits()
    for _ in range(2):
        life.is_looked_at_by_night()
        sees_a_night(life, drifted=0)
    life.lands()
    life.sees_an_apply(updates=1, told={number: DONE}, writes=CONFIGURED)
    assert [*life.issues.values()] == [False]


def what_another_house_has_taken_is_refused_and_opens_none(life: Life) -> None:
    arn = "arn:aws:lambda:us-west-2:123456789012:function:mailer"
    life.house.lambda_.update_function_configuration(FunctionName="mailer", MemorySize=512)
    life.house.lambda_.tag_resource(Resource=arn, Tags={"reconcile:managed-by": "others"})
    refused = f"error file=specs/mail/mailer.yaml,line=1::{WHERE}/mailer is managed by others, not by shop; take it out of one of the two (R207)"
    for _ in range(2):
        life.is_looked_at_by_night()
        sees_a_night(life, refused, drifted=0, code=21)
    assert [*life.issues.values()] == [False]
    life.house.lambda_.tag_resource(Resource=arn, Tags={"reconcile:managed-by": "shop"})
    life.house.lambda_.update_function_configuration(FunctionName="mailer", MemorySize=128)


def hundreds_are_changed_alike(life: Life) -> None:
    names = [f"fn-{number:03}" for number in range(MANY)]
    life.commits({f"many/{name}.yaml": spec(name) for name in names}, "a house of its own")
    for name in names:
        life.house.lambda_.create_function(
            FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE, Timeout=3,
            Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, Tags={"reconcile:managed-by": "shop"},
        )  # fmt: skip
    life.is_pushed_and_waits()
    number = life.opens({f"many/{name}.yaml": spec(name, 9) for name in names}, "all of them")
    life.saw("validate")
    first = [noticed(f"many/{name}", 9) for name in names[:9]]
    life.saw(
        "plan", *first, f"notice::{MANY - 9} more notices; {MORE}", calls=[LISTED, *RECORD], outputs=counted(updates=MANY)
    )  # fmt: skip
    life.sees_its_comment(number, f"🟡 {MANY} functions change · nothing is deleted", checks=MANY // 50)
    life.is_gated(is_green=True)
    assert len(life.comment(number)) <= 4_000
    assert f"<b>{MANY} functions</b>" in life.comment(number)


def sees_a_night(
    life: Life, *commands: str, drifted: int, before: int = 1, steps: list[str] | None = None, code: int = 0
) -> Any:
    """What a run of the schedule saw and did about it. It read one record, and what the night before left."""
    calls = [LISTED, *RECORD, LISTED, *RECORD * before, *WHO, "GET /issues", *(steps or [])]
    job = life.saw("drift", *commands, code=code, calls=calls, outputs={"drifted": str(drifted)})
    assert not life.jobs
    return job
