"""What a hostile or merely long text of a spec or of AWS can do to what people read: nothing, and that within limits."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.core.foreign import printable
from reconciler.report.daily import log_line, table, task_line
from reconciler.report.formats import COMMENT_ROOM, SUMMARY_ROOM, View
from reconciler.report.formats.json import document_json
from reconciler.report.formats.markdown import plan as plan_markdown
from reconciler.report.formats.page.text import inert
from reconciler.report.formats.shown import value_text
from reconciler.report.formats.text import plan as plan_text
from reconciler.report.formats.text import report as report_text
from reconciler.report.formats.text import task_text
from tests.report.journals import SUMMARY

UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
nasty = st.text(
    st.sampled_from("\x00\x07\x1b\x7f\x85\x9b\u00ad\u061c\u200b\u200d\u200e\u202e\u2028\u2029\u2066\ufeff\ud800\U000e0041 a`@#|<\n\r\t")
    | st.characters(),
    max_size=40,
)  # fmt: skip


def field(before: Any, after: Any, path: str = "/configuration/Description", **more: Any) -> dict[str, Any]:
    common = {"sensitive": False, "known_after_apply": False, "cause": None, "source": None, "author": ""}
    return {"path": path, "before": before, "after": after, **common, **more}


def target(name: str, *fields: dict[str, Any], verb: str = "update", reason: str = "") -> dict[str, Any]:
    action = {
        "address": name,
        "kind": "function",
        "verb": verb,
        "cause": None,
        "reason": reason,
        "fields": list(fields),
    }
    return {"address": name, "digest": "", "actions": [action], "operations": []}


def plan(*targets: dict[str, Any], notes: Any = (), orphans: Any = ()) -> dict[str, Any]:
    verbs = [action["verb"] for one in targets for action in one["actions"]]
    counts = {verb: verbs.count(verb) for verb in ("create", "update", "replace", "adopt", "delete")}
    return {
        "digest": "d" * 64,
        "provenance": {"commit": None, "dirty": None},
        "snapshot": {"taken_at": "2026-01-01T00:00:00.000Z"},
        "summary": {**SUMMARY, **counts},
        "targets": list(targets),
        "orphans": list(orphans),
        "diagnostics": list(notes),
    }


def note(message: str, severity: str = "warning", source: Any = None) -> dict[str, Any]:
    return {"severity": severity, "message": message, "address": None, "source": source, "error": ""}


def task(text: str) -> dict[str, Any]:
    operation = {
        "operation": text, "phase": text, "started_at": None, "duration_seconds": 1.0, "attempts": 2, "request_id": text,
        "outcome": text, "error": {"type": text, "code": text, "message": text},
    }  # fmt: skip
    status = {"phase": text, "status": text, "complete": True, "completed": True, "failed": True, "retryable": False}
    return {
        "id": text, "ownerId": text, "startTimeMs": 1, "history": [{"phase": text, "status": text}], "resultObjects": [],
        "status": status, "target": text, "operations": [operation],
    }  # fmt: skip


def is_seen(text: str) -> bool:
    return not [one for one in text if unicodedata.category(one) in UNSEEN and one != "\n"]


def fields_of(text: str) -> list[str]:
    return [line.split("  ")[-1] for line in text.splitlines() if line.startswith("      ")]


# --- terminal ------------------------------------------------------------------------------------------------------


@given(nasty, nasty)
def test_every_text_that_is_printed_can_be_seen(one: str, two: str) -> None:
    source = {"file": one, "line": 1}
    shown = plan(target(one, field(one, two, path=f"/{two}", author=one, source=source), reason=two), notes=[note(one, source=source)], orphans=[two])  # fmt: skip
    run = {"run": {"duration_seconds": 1.0}, "outcome": {"status": one, "exit_code": 1}, "tasks": [task(two)]}
    for text in (
        plan_text(shown),
        plan_markdown(shown),
        task_text(task(one)),
        task_line(task(one), two),
        log_line({"at": one, "version": two, "message": f"{one}\n{two}"}),
        table([[one, two], [two, one]]),
        report_text(run),
    ):
        assert is_seen(text)
        text.encode()


@given(nasty)
def test_colours_are_ours_alone(text: str) -> None:
    shown = plan(target(text, field(text, text), reason=text), notes=[note(text)])
    assert is_seen(re.sub(r"\x1b\[\d+m", "", plan_text(shown, View(has_colour=True))))


@given(nasty)
def test_a_text_adds_no_line(text: str) -> None:
    shown = plan_text(plan(target(text, field(text, text), reason=text), notes=[note(text)]))
    own = [line for line in shown.split("\n") if not re.match("        [-+] ", line)]  # the sides of a long value
    assert len(own) == 8


@given(nasty, nasty)
def test_different_values_look_different(one: str, two: str) -> None:
    assert (value_text(one) == value_text(two)) == (one == two)


@pytest.mark.parametrize("text", ["(sensitive)", "(known after apply)", "(unset)"])
def test_a_value_cannot_pass_for_a_word_of_ours(text: str) -> None:
    assert value_text(text) == f'"{text}"'
    assert fields_of(plan_text(plan(target("t", field("a", text))))) == [f'a → "{text}"']


def test_our_own_words_are_bare() -> None:
    fields = [field(None, "(sensitive)", sensitive=True), field("1", "(known after apply)", known_after_apply=True)]
    assert fields_of(plan_text(plan(target("t", *fields)))) == ["(unset) → (sensitive)", "1 → (known after apply)"]


def test_half_a_surrogate_pair_makes_valid_json() -> None:
    text = document_json({"a": "\ud800"})
    assert json.loads(text.encode()) == {"a": "\ud800"}


# --- markdown ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "broken"),
    [("@octocat", "@\u200boctocat"), ("fixes #12", "#\u200b12"), ("o/r#1", "r#\u200b1"), ("GH-12", "GH-\u200b12"), ("gh-12", "gh-\u200b12"), ("https://x/y", "https:\u200b//x"), ("a@b.example", "@\u200bb")],
)  # fmt: skip
def test_a_mention_or_reference_is_broken_in_the_text_that_a_reader_gets(text: str, broken: str) -> None:
    (paragraph,) = (token for token in MarkdownIt("commonmark").parse(inert(text)) if token.type == "inline")
    assert broken in "".join(child.content for child in paragraph.children or ())


@given(nasty)
def test_what_is_inert_reads_as_it_was(text: str) -> None:
    html = MarkdownIt("commonmark").renderInline(f"x{inert(text)}x")
    decoded = re.sub(
        "&(amp|lt|gt|quot);", lambda found: {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}[found[1]], html
    )
    assert decoded.replace("\u200b", "") == f"x{printable(text)}x"


@given(st.lists(nasty, min_size=1, max_size=4))
def test_values_never_leave_their_fence(values: list[str]) -> None:
    text = plan_markdown(plan(target("t", *(field(value, "```" + value) for value in values))))
    fences = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]
    assert [token.info for token in fences] == ["diff"]
    heads = [line for line in fences[0].content.splitlines() if line.startswith(" ")]  # of values too long for one line
    assert len(fences[0].content.splitlines()) == 1 + 2 * len(values) + len(heads)


def test_what_will_be_gone_comes_first() -> None:
    text = plan_markdown(
        plan(
            target("t/r/changed", field(1, 2)), target("t/r/dropped", verb="delete"), target("t/r/new", verb="replace")
        )
    )
    assert text.splitlines()[:4] == ["### 🟠 1 function is deleted, 1 is replaced, 1 changes", "", "- ⛔ <b>deleted</b> dropped", "- ⛔ <b>replaced</b> new"]  # fmt: skip
    assert text.index("<summary>t/r/dropped") < text.index("<summary>t/r/new") < text.index("<summary>t/r/changed")


def test_refusals_come_first_and_notes_last() -> None:
    change = target("t/r/f", field(1, 2))
    text = plan_markdown(
        plan(change, notes=[note("c", "note"), note("b"), note("a", "refusal", {"file": "f", "line": 2})])
    )
    assert re.findall(r"^- (?! ).*", text, re.MULTILINE) == [
        "- 🔴 <b>refused</b> f:2: a",
        "- <b>warning</b> b",
        "- <b>note</b> c",
    ]
    assert text.index("refused</b>") < text.index("| function |") < text.index("<details") < text.index("warning</b>")


LARGE = {
    "many targets": plan(*(target(f"t/r/{number}", field("a", f"v{number} " * 20)) for number in range(3000))),
    "one large target": plan(target("t/r/f", *(field("@" * 90, "`" * 90, path=f"/{number}") for number in range(3000)))),
    "large targets": plan(*(target(f"t/r/{one}", *(field("a" * 90, f"v{one} " * 30, path=f"/{two}") for two in range(200))) for one in range(30))),
    "many notes": plan(target("t/r/f", field(1, 2)), notes=[note(f"{number} " + "@#`<" * 500) for number in range(300)]),
    "many orphans and deletions": plan(*(target("t/r/" + "@" * 200, verb="delete") for _ in range(300)), orphans=["#" * 300] * 300),
    "a long reason": plan(target("t/r/f", reason="r" * 200_000)),
    "a long name": plan(target("t/r/f", field(1, 2, path="/" + "p" * 200_000))),
}  # fmt: skip


@pytest.mark.parametrize("room", [COMMENT_ROOM, SUMMARY_ROOM])
@pytest.mark.parametrize("size", LARGE)
def test_a_page_stays_below_its_limit_whatever_is_large(size: str, room: int) -> None:
    text = plan_markdown(LARGE[size], View(room=room))
    assert len(text.encode()) <= room
    assert re.match("### (🟡|🟠) [0-9]+ functions? ", text)
    assert len(re.findall("^<details", text, re.MULTILINE)) == len(re.findall("^</details>", text, re.MULTILINE))
    assert "<details" in text or "No room here" in text
    assert text.rstrip().endswith("</sub>")


def test_a_target_whose_fields_have_no_room_keeps_its_row() -> None:
    large = target(
        "t/r/large", *(field("@" * 90, "`" * 90, path=f"/{number}") for number in range(3000)), verb="replace"
    )
    text = plan_markdown(plan(large, target("t/r/small", field(1, 2))))
    assert text.count("<details") == 1
    (row,) = re.findall(r"^\| 🔁 \| <b>large</b>.*$", text, re.MULTILINE)
    assert re.search(r"<br>and 29\d\d more \|", row)
    assert "No room here for the fields of 1 target" in text


def test_every_target_is_shown_named_or_counted() -> None:
    text = plan_markdown(LARGE["many targets"])
    ((unnamed, updates),) = re.findall(r"^- (\d+) targets more: update (\d+) resources$", text, re.MULTILINE)
    assert unnamed == updates
    named = re.findall(r"^- t/r/\d+: update function$", text, re.MULTILINE)
    rows = re.findall(r"^\| ✎ \| <b>\d+</b>", text, re.MULTILINE)
    assert int(unnamed) + len(named) + len(rows) == 3000
    text = plan_markdown(LARGE["many notes"])
    (left,) = re.findall(r"^- (\d+) more notes;", text, re.MULTILINE)
    assert int(left) + text.count("<b>warning</b>") == 300


@pytest.mark.parametrize(("file", "told"), [("plan.json", "the whole plan is in plan&#46;json"), ("", "reconcile plan -o plan.json writes the whole plan")])  # fmt: skip
def test_what_was_left_out_stands_where_the_sentence_says(file: str, told: str) -> None:
    text = plan_markdown(LARGE["large targets"], View(whole_in=file))
    assert told in text
    assert "log" not in text
