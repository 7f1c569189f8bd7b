"""Pull requests as a day brings them: what they say of themselves, and what becomes of them."""

from __future__ import annotations

from tests.commands.ci.life.specs import ROTATED, SECRET, WHERE, absent, added, checkout, house, noticed, spec
from tests.commands.ci.life.town import LISTED, Life, counted

DONE = "🟢 Apply succeeded: 1 of 1 function done"
MORE = "the whole plan is in the summary of this job"
EVIL = "evil\n::error::x\n##[group]y.yaml"
EVIL_SHOWN = "specs/evil\\u000a%3A%3Aerror%3A%3Ax\\u000a##\\u005bgroup]y.yaml"
TEXT = "x\n::error::theirs\n##[add-mask]x <!-- reconcile:default --> @ada fixes #1 | ``` ![i](http://x) <img src=x> %0A"

TEXT_SHOWN = (
    '"x\\n::error::theirs\\n##\\u005badd-mask]x <!-- reconcile:default --> @ada fixes #1 | ``` ![i](http://x) '
    '<img src=x> %250A"'
)
TAGS = 'tags: {"::error::k": "##[x]", "@ada": "<!-- x -->"}\n'


def the_first_functions_are_added(life: Life) -> None:
    names = ("extra", "mailer", "old", "report")
    number = life.opens(
        {"checkout.yaml": checkout(3, secret=SECRET), **{f"{name}.yaml": spec(name) for name in names}}, "functions"
    )
    life.saw("validate")
    plan = life.saw("plan", *life.commands_of("plan"), calls=[LISTED], outputs=counted(creates=7))
    assert len(plan.commands) == 10
    assert plan.commands[-1] == f"::notice::18 more notices; {MORE}"
    life.sees_its_comment(number, "🟡 5 functions are new · nothing is deleted", checks=1)
    life.is_gated(is_green=True)
    life.merges(number)
    life.lands()
    life.sees_an_apply(
        records=0, creates=7, told={number: "🟢 Apply succeeded: 5 of 5 functions done"},
        writes=["CreateFunction"] * 5 + ["CreateAlias"],
    )  # fmt: skip
    assert life.functions == ["checkout", *names]
    assert life.leads_to("1")


def one_is_edited_and_traffic_moves(life: Life) -> None:
    number = life.opens({"checkout.yaml": checkout(9, secret=SECRET)}, "more time")
    life.sees_a_plan(
        number, "🟡 1 function changes, live traffic moves · nothing is deleted",
        noticed("checkout", 9, more="; live moves to a new version"),
        f"notice file=specs/checkout.yaml,line=12::aliases.live.FunctionVersion: 1 → (known after apply) in AWS ({WHERE}/checkout)",
        creates=1, updates=2,
    )  # fmt: skip
    assert "| <code>live</code> 100 %: 1 → <b>new (2)</b> |" in life.comment(number)
    assert "merging applies exactly this" in life.comment(number)
    life.merges(number)
    life.lands()
    life.sees_an_apply(
        creates=1, updates=2, told={number: DONE}, writes=["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"]
    )  # fmt: skip
    assert "version 2 published, live is on 2" in life.comment(number)
    assert life.holds("checkout", Timeout=9)
    assert life.leads_to("2")


def one_is_added(life: Life) -> None:
    number = life.opens({"two.yaml": spec("two")}, "one more")
    life.sees_a_plan(number, "🟡 1 function is new · nothing is deleted", *added("two"), creates=1)
    life.merges(number)
    life.lands()
    life.sees_an_apply(creates=1, told={number: DONE}, writes=["CreateFunction"])
    assert life.holds("two", Timeout=3)


def a_mistake_is_told_at_its_line_and_mended(life: Life) -> None:
    number = life.opens({"mailer.yaml": spec("mailer", 9999)}, "for long letters")
    life.saw(
        "validate",
        "error file=specs/mailer.yaml,line=8,col=12::configuration.Timeout is 9999; the most is 5400 (R001)",
        code=20,
    )
    life.sees_its_comment(number, "🔴 Invalid: 1 mistake in 1 file; nothing was planned")
    life.is_gated(is_green=False)
    life.pushes(number, {"mailer.yaml": spec("mailer", 5)}, "shorter ones")
    life.sees_a_plan(number, "🟡 1 function changes · nothing is deleted", noticed("mailer", 5), updates=1)
    life.merges(number)
    life.lands()
    life.sees_an_apply(updates=1, told={number: DONE}, writes=["UpdateFunctionConfiguration"])
    assert life.holds("mailer", Timeout=5)


def a_secret_is_changed_and_nobody_sees_it(life: Life) -> None:
    number = life.opens({"checkout.yaml": checkout(9)}, "rotated")
    life.sees_a_plan(
        number, "🟡 1 function changes, live traffic moves · nothing is deleted",
        f"notice file=specs/checkout.yaml,line=9::configuration.Environment.Variables.TOKEN: (sensitive) → (sensitive) in AWS; live moves to a new version ({WHERE}/checkout)",
        f"notice file=specs/checkout.yaml,line=12::aliases.live.FunctionVersion: 2 → (known after apply) in AWS ({WHERE}/checkout)",
        creates=1, updates=2,
    )  # fmt: skip
    life.merges(number)
    life.lands()
    life.sees_an_apply(
        creates=1, updates=2, told={number: DONE}, writes=["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"]
    )  # fmt: skip
    assert life.holds("checkout", Environment={"Variables": {"TOKEN": ROTATED}})


def a_stranger_writes_orders_wherever_text_can_stand(life: Life) -> None:
    """In a value, a key, the name of a file, the name of an author, and the message of a commit."""
    text = spec("mailer", 5, Description=TEXT, extra=TAGS)
    number = life.opens(
        {EVIL: text, "mailer.yaml": None}, "@ada fixes #1\n\n::error::x", author="::error::y @ada ##[x]"
    )
    life.sees_a_plan(
        number, "🟡 1 function changes · nothing is deleted",
        f'notice file={EVIL_SHOWN},line=9::configuration.Description: "" → {TEXT_SHOWN} in AWS ({WHERE}/mailer)',
        f"notice file={EVIL_SHOWN},line=11::tags.::error::k: (unset) → \"##\\u005bx]\" in AWS ({WHERE}/mailer)"
        f"%0Atags.@ada: (unset) → \"<!-- x -->\" in AWS ({WHERE}/mailer)",
        updates=1,
    )  # fmt: skip
    assert "::error::y &#64;&#8203;ada" in life.comment(number)
    life.merges(number)
    life.lands()
    life.sees_an_apply(updates=1, told={number: DONE}, writes=["TagResource", "UpdateFunctionConfiguration"])
    assert life.holds("mailer", Description=TEXT)


def a_file_is_renamed_and_nothing_happens(life: Life) -> None:
    text = (life.house.root / "specs" / EVIL).read_text()
    number = life.opens({EVIL: None, "mail/mailer.yaml": text}, "a name that one can say")
    life.sees_a_plan(number, "🟢 No changes. What git says is what AWS holds (6 functions, 7 unchanged).")
    life.merges(number)
    life.lands()
    life.sees_an_apply(told={number: "🟢 Apply unchanged: there was nothing to do"}, outcome="unchanged")


def one_is_deleted_because_its_spec_says_so(life: Life) -> None:
    number = life.opens({"old.yaml": absent("old")}, "nobody calls it")
    gone = "notice file=specs/old.yaml,line=4::the function is deleted in AWS (test/us-west-2/old)"
    life.sees_a_plan(number, "🟠 1 function is deleted", gone, deletes=1)
    assert "- ⛔ <b>deleted</b> old (state: absent) edit " in life.comment(number)
    life.merges(number)
    life.lands()
    life.sees_an_apply(deletes=1, told={number: DONE}, writes=["DeleteFunction"])
    assert "old" not in life.functions


def a_spec_is_dropped_and_its_function_is_an_orphan(life: Life) -> None:
    number = life.opens({"extra.yaml": None}, "not ours any more")
    life.sees_a_plan(number, "⚪ Nothing to change in what could be compared (6 unchanged).")
    assert f"Orphans, with our mark and without a spec: {WHERE}/extra\n" in life.comment(number)
    life.merges(number)
    life.lands()
    life.sees_an_apply(told={number: "🟢 Apply unchanged: there was nothing to do"}, outcome="unchanged")
    assert "extra" in life.functions


def the_house_prunes_from_now_on_and_the_orphan_is_let_go_by_hand(life: Life) -> None:
    number = life.opens({"reconcile.yaml": house(prune=True, guards={"maxDeletes": 1})}, "prune")
    life.sees_a_plan(
        number, "🟠 Nothing to change in what could be compared (6 unchanged) · what judges is changed"
    )  # fmt: skip
    assert "- **guard change** specs/reconcile&#46;yaml:7: prune  (unset) &#8594; true\n" in life.comment(number)
    life.merges(number)
    life.lands()
    unseen = f"{WHERE}/extra was not in the approved plan; approved (-) and now (+): +delete {WHERE}/extra"
    life.sees_an_apply(
        f"error::{unseen}; plan again and have it reviewed (R240)",
        code=23, refused=1, outcome="refused", told={number: "🔴 Apply refused: 0 of 1 function done"},
    )  # fmt: skip
    assert f"`approve` = `{life.digest}`" in life.comment(number)
    life.is_started_by_hand(approve=life.digest)
    life.sees_an_apply(deletes=1, records=2, told={number: DONE}, writes=["DeleteFunction"])
    assert "extra" not in life.functions


def a_function_is_renamed(life: Life) -> None:
    text = spec("reports", extra="was: report\n")
    number = life.opens({"report.yaml": None, "reports.yaml": text}, "there are several")
    life.sees_a_plan(number, "🟠 1 function is deleted, 1 is new", *added("reports"), creates=1, deletes=1)
    assert "deleted</b> report (no spec names it; renamed to reports)" in life.comment(number)
    life.merges(number)
    life.lands()
    life.sees_an_apply(
        creates=1, deletes=1, told={number: "🟢 Apply succeeded: 2 of 2 functions done"},
        writes=["CreateFunction", "DeleteFunction"],
    )  # fmt: skip
    assert life.functions == ["checkout", "mailer", "reports", "two"]
