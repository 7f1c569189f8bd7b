"""What becomes of merges: guards, several at once, half of one, late ones, and what nobody was shown."""

from __future__ import annotations

from reconciler.sandbox.around.faults import Fault, Script
from tests.commands.ci.life.requests import DONE, TAGS, TEXT
from tests.commands.ci.life.specs import WHERE, added, checkout, house, noticed, spec
from tests.commands.ci.life.town import BROUGHT, LISTED, RECORD, ZIP, Life, counted

BOTH_DONE = "🟢 Apply succeeded: 2 of 2 functions done"
REFUSED = "🔴 Apply refused: 0 of 1 function done"
CHANGES = "🟡 1 function changes · nothing is deleted"
CONFIGURED = ["UpdateFunctionConfiguration"]


def mailer(seconds: int) -> str:
    """As a stranger left it."""
    return spec("mailer", seconds, Description=TEXT, extra=TAGS)


def a_guard_is_loosened_by_the_very_change_that_it_would_refuse(life: Life) -> None:
    gone: dict[str, str | None] = {"reports.yaml": None, "two.yaml": None}
    number = life.opens({**gone, "reconcile.yaml": house(prune=True, guards={"maxDeletes": 9})}, "fewer")
    asked = f"the plan deletes or replaces 2 ({WHERE}/reports, {WHERE}/two); guards.maxDeletes is 1"
    life.sees_a_plan(
        number, "🔴 Refused: 2 functions would be deleted · what judges is changed",
        f"error::{asked}; if that is meant, pass --allow-deletes 2, or give a commit of the change the line `Reconcile-Allow-Deletes: 2` (R242)",
        code=21, deletes=2, refused=1,
    )  # fmt: skip
    assert "- **guard change** specs/reconcile&#46;yaml:8: guards&#46;maxDeletes  1 &#8594; 9\n" in life.comment(number)
    assert "merging applies" not in life.comment(number)
    life.pushes(number, {"reconcile.yaml": house(prune=True, guards={"maxDeletes": 1})}, "as it was")
    life.sees_a_plan(
        number,
        "🔴 Refused: 2 functions would be deleted",
        f"error::{asked}; if that is meant, pass --allow-deletes 2, or give a commit of the change the line `Reconcile-Allow-Deletes: 2` (R242)",
        code=21,
        deletes=2,
        refused=1,
    )


def it_is_overrun_and_a_commit_permits_the_very_number(life: Life) -> None:
    number = max(life.hub.pulls)
    life.pushes(number, {}, "both of them\n\nReconcile-Allow-Deletes: 2")
    life.sees_a_plan(number, "🟠 2 functions are deleted", deletes=2)
    life.merges(number, f"Fewer functions (#{number})\n\n* both of them\n\nReconcile-Allow-Deletes: 2")
    life.lands()
    life.sees_an_apply(deletes=2, told={number: BOTH_DONE}, writes=["DeleteFunction"] * 2)
    assert life.functions == ["checkout", "mailer"]


def two_that_are_open_on_one_function_do_not_block_each_other(life: Life) -> None:
    first = life.opens({"checkout.yaml": checkout(12)}, "longer")
    moves = "; live moves to a new version"
    alias = f"notice file=specs/checkout.yaml,line=12::aliases.live.FunctionVersion: 3 → (known after apply) in AWS ({WHERE}/checkout)"
    life.sees_a_plan(
        first, "🟡 1 function changes, live traffic moves · nothing is deleted",
        noticed("checkout", 12, 9, more=moves), alias, creates=1, updates=2,
    )  # fmt: skip
    second = life.opens({"checkout.yaml": checkout(9, extra="tags: {team: payments}\n")}, "whose it is")
    tag = f"notice file=specs/checkout.yaml,line=13::tags.team: (unset) → payments in AWS ({WHERE}/checkout)"
    life.sees_a_plan(second, "🟡 1 function changes · nothing is deleted", tag, updates=1)
    life.merges(first)
    life.lands()
    life.sees_an_apply(
        creates=1, updates=2, told={first: DONE}, writes=["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"]
    )  # fmt: skip
    life.merges(second)
    life.lands()
    life.sees_an_apply(updates=1, told={second: DONE}, writes=["TagResource"])
    assert life.holds("checkout", Timeout=12)
    assert life.leads_to("4")


def a_run_is_dropped_by_the_queue_and_made_up_for_by_the_next(life: Life) -> None:
    dropped = life.opens({"mail/mailer.yaml": mailer(6)}, "a second more")
    life.sees_a_plan(dropped, CHANGES, noticed("mail/mailer", 6, 5), updates=1)
    life.merges(dropped)
    life.is_pushed_and_waits()
    other = life.opens({"three.yaml": spec("three")}, "a third one")
    late = noticed("mail/mailer", 6, 5).replace(" in AWS ", " in AWS, which git said before and no apply has done yet ")
    life.sees_a_plan(
        other, "🟡 1 function is new, 1 changes · nothing is deleted", *added("three"), late, creates=1, updates=1
    )  # fmt: skip
    assert "<code>Timeout</code> 5 → <b>6</b> ⏳ <i>not applied yet</i>" in life.comment(other)
    assert "behind git's back" not in life.comment(other)
    life.merges(other)
    life.lands()
    life.sees_an_apply(
        commits=2, shown=2, creates=1, updates=1, told={dropped: DONE, other: BOTH_DONE},
        writes=[*CONFIGURED, "CreateFunction"],
    )  # fmt: skip
    assert life.holds("mailer", Timeout=6)
    assert life.functions == ["checkout", "mailer", "three"]


def an_apply_fails_half_way_and_goes_on_when_its_job_is_run_again(life: Life) -> None:
    number = life.opens({"mail/mailer.yaml": mailer(8), "three.yaml": spec("three", 8)}, "both")
    life.sees_a_plan(
        number, "🟡 2 functions change · nothing is deleted", noticed("mail/mailer", 8, 6), noticed("three", 8), updates=2
    )  # fmt: skip
    life.merges(number)
    life.house.sandbox.gate.script = Script(
        [
            Fault(
                "UpdateFunctionConfiguration",
                nth=2,
                status=403,
                code="AccessDeniedException",
                message="not by this role",
            )
        ]
    )
    life.lands()
    (failure,) = life.commands_of("apply")
    name = "three" if "three" in failure else "mailer"
    life.sees_an_apply(
        f"error::{WHERE}/{name}: AccessDeniedException: not by this role", code=25, updates=2, outcome="partial",
        told={number: "🟠 Apply partial: 1 of 2 functions done"}, writes=CONFIGURED * 2,
    )  # fmt: skip
    assert (
        "**To go on**: re-run the failed jobs of [this run](https://github.com/acme/shop/actions/runs/"
        in life.comment(number)
    )
    life.house.sandbox.gate.script = Script([])
    life.runs_again()
    life.sees_an_apply(records=2, updates=1, told={number: DONE}, writes=CONFIGURED)
    assert f"Nothing was left to do about {WHERE}/{'mailer' if name == 'three' else 'three'}.\n" in life.comment(number)
    assert life.holds("mailer", Timeout=8)
    assert life.holds("three", Timeout=8)


def an_old_run_comes_late_and_takes_nothing_back(life: Life) -> None:
    old = life.opens({"three.yaml": spec("three", 9)}, "nine")
    life.sees_a_plan(old, CHANGES, noticed("three", 9, 8), updates=1)
    older = life.merges(old)
    life.lands()
    life.sees_an_apply(updates=1, told={old: DONE}, writes=CONFIGURED)
    late = life.last
    new = life.opens({"three.yaml": spec("three", 10)}, "ten")
    life.sees_a_plan(new, CHANGES, noticed("three", 10, 9), updates=1)
    newer = life.merges(new)
    life.lands()
    life.sees_an_apply(updates=1, told={new: DONE}, writes=CONFIGURED)
    life.last = late
    life.runs_all_again()
    job = life.saw(
        "apply", f"error::{older[:10]} is older than {newer[:10]}, which has been carried out; nothing was changed (R266)",
        code=23, calls=[LISTED, *RECORD],
    )  # fmt: skip
    life.is_gated(is_green=False)
    assert not job.asked_aws
    assert life.verdict(old) == DONE
    assert life.holds("three", Timeout=10)


def somebody_changes_it_behind_our_back(life: Life) -> None:
    """After the plan was seen and before it is carried out."""
    number = life.opens({"three.yaml": spec("three", 11)}, "eleven")
    life.sees_a_plan(number, CHANGES, noticed("three", 11, 10), updates=1)
    life.house.lambda_.update_function_configuration(FunctionName="three", MemorySize=256)
    life.merges(number)
    life.lands()
    life.sees_an_apply(
        f"error::{WHERE}/three is not what was approved; approved (-) and now (+): +/configuration/MemorySize: 256 → 128; "
        "plan again and have it reviewed (R240)",
        code=23, refused=1, outcome="refused", told={number: REFUSED},
    )  # fmt: skip
    assert "<code>MemorySize</code> 256 → <b>128</b>" in life.comment(number)
    assert life.holds("three", Timeout=10, MemorySize=256)
    life.is_started_by_hand(approve=life.digest)
    life.sees_an_apply(records=2, updates=1, told={number: DONE}, writes=CONFIGURED)
    assert life.holds("three", Timeout=11, MemorySize=128)


def somebody_pushes_straight_to_main(life: Life) -> None:
    life.commits({"three.yaml": spec("three", 12)}, "no time")
    life.lands()
    unseen = f"{WHERE}/three was not in the approved plan; approved (-) and now (+): +update {WHERE}/three"
    job = life.sees_an_apply(
        f"error::{unseen}; +/configuration/Timeout: 11 → 12; plan again and have it reviewed (R240)",
        code=23, refused=1, outcome="refused", shown=0, told={},
    )  # fmt: skip
    assert f"`approve` = `{life.digest}`" in job.summary
    life.is_started_by_hand(approve="0" * 64)
    life.sees_an_apply(
        f"error::the plan that was approved is {'0' * 64}, and what is left to do is {life.digest}; nothing was changed (R265)",
        code=23, outcome="", shown=0, records=2, told={},
    )  # fmt: skip
    assert life.holds("three", Timeout=11)
    life.is_started_by_hand(approve=life.digest)
    life.sees_an_apply(updates=1, shown=0, records=2, told={}, writes=CONFIGURED)
    assert life.holds("three", Timeout=12)


def a_merge_queue_finds_first_what_was_changed_behind_our_back(life: Life) -> None:
    number = life.opens({"three.yaml": spec("three", 13)}, "thirteen")
    life.sees_a_plan(number, CHANGES, noticed("three", 13, 12), updates=1)
    life.house.lambda_.update_function_configuration(FunctionName="three", MemorySize=256)
    life.is_queued(number)
    drift = f"notice file=specs/three.yaml,line=4::configuration.MemorySize: 256 → 128 in AWS, where it was changed behind git's back ({WHERE}/three)"
    edit = noticed("three", 13, 12)
    tried = [LISTED, *RECORD, BROUGHT, "GET /pulls", LISTED, ZIP]
    life.saw("validate")
    job = life.saw(
        "plan",
        f"error::{WHERE}/three is not what was approved; approved (-) and now (+): +/configuration/MemorySize: 256 → 128; "
        "plan again and have it reviewed (R240)",
        edit, drift, code=23, calls=tried, outputs=counted(refused=1),
    )  # fmt: skip
    assert job.summary.startswith("### 🔴 1 function is refused · nothing is deleted\n")
    life.is_gated(is_green=False)
    life.pushes(number, {}, "seen again")
    life.sees_a_plan(number, CHANGES, edit, drift, updates=1)
    assert "<code>MemorySize</code> 256 → <b>128</b> ❗ <i>changed in AWS</i>" in life.comment(number)
    queued = life.is_queued(number)
    life.saw("validate")
    life.saw("plan", edit, drift, calls=tried, outputs=counted(updates=1))
    life.is_gated(is_green=True)
    life.leaves_the_queue(number, queued)
    life.lands()
    life.sees_an_apply(updates=1, told={number: DONE}, writes=CONFIGURED)
    assert life.holds("three", Timeout=13, MemorySize=128)
