"""README and the manual say what the program says; and the test of that can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import __version__
from tests.manual.blocks import PAGES, Example, likeness, mended, performed, rewritten


def differing(examples: list[Example], page: Path) -> list[str]:
    return [
        f"{page.name}:{one.line}: $ {one.command}\n{one.shown}--- says now:\n{one.said}"
        for one in examples
        if not one.is_true
    ]


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_on_a_console_is_what_the_commands_say(page: Path, tmp_path: Path) -> None:
    examples = list(performed(page.read_text(encoding="utf-8"), tmp_path))
    wrong = differing(examples, page)
    assert not wrong, "\n".join([*wrong, "`python -m tests.manual` rewrites what is not true any more"])


SAID = f"reconcile, version {__version__}"
PAGE = """\
<!-- story: nothing -->
```console
$ reconcile --version
{shown}
$ echo $?
{code}
```
"""
TRUE = PAGE.format(shown=SAID, code=0)


@pytest.mark.parametrize(
    ("shown", "code"),
    [(SAID + "1", 0), (SAID, 20), ("", 0), ("…\n…\nNo", 0)],
    ids=["another version", "another exit code", "nothing", "an end that does not come"],
)
def test_a_page_that_is_not_true_is_found_and_rewritten(tmp_path: Path, shown: str, code: int) -> None:
    page = PAGE.format(shown=shown, code=code)
    assert not all(one.is_true for one in performed(page, tmp_path / "found"))
    after = rewritten(page, tmp_path / "mended")
    assert all(one.is_true for one in performed(after, tmp_path / "again"))
    assert f"{SAID}\n" in after


def test_a_page_that_is_true_is_left_alone(tmp_path: Path) -> None:
    assert rewritten(TRUE, tmp_path) == TRUE


@pytest.mark.parametrize("line", ["$ ls", "$ git push", "reconcile plan"])
def test_a_console_block_that_is_not_run_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(AssertionError):
        list(performed(f"<!-- story: nothing -->\n```console\n{line}\n```\n", tmp_path))


def test_a_later_command_may_name_what_an_earlier_block_shows(tmp_path: Path) -> None:
    page = (
        "```console\n$ reconcile apply specs/shop/audit.yaml --yes\n…\nReport: reports/20260101T000000000000Z-0123456789ab.json\n"
        "$ reconcile apply specs/shop/audit.yaml --yes --only-failed reports/20260101T000000000000Z-0123456789ab.json\n…\n```\n"
    )
    first, second = performed(page, tmp_path)
    assert first.is_true, first.said
    assert "reports/20260101T000000000000Z-0123456789ab.json: no target of it failed" in second.said


def test_only_the_form_of_what_differs_from_run_to_run_is_compared() -> None:
    pattern = likeness("done in 0.7 s, task 1b3e733a-7728-4886-bac0-91821a8c8b3f, …\n")
    assert pattern.fullmatch("done in 12.31 s, task 00000000-0000-0000-0000-000000000000, and so on\n")
    assert not pattern.fullmatch("done in time, task 00000000-0000-0000-0000-000000000000, and so on\n")
    assert not pattern.fullmatch("done in 0.7 s, task 1b3e733a, and so on\n")


@pytest.mark.parametrize(
    ("shown", "said", "after"),
    [
        ("…\nPlan: 1 to create.\n…\n", "a\nb\nPlan: 2 to create.\nc\n", "…\nPlan: 2 to create.\n…\n"),
        ("a\n…\nb\n", "a\nx\nb, and why\n", "a\nx\nb, and why\n"),
        ("Plan: 1 to create.\n", "a\nPlan: 1 to create.\n", "a\nPlan: 1 to create.\n"),
        ("error: this is so\n…\n", "error: this is so [R001]\nand more\n", "error: this is so [R001]\n…\n"),
    ],
    ids=["a line that changed", "a line that is not found again", "nothing was cut", "a line that grew"],
)
def test_what_is_rewritten_is_cut_as_it_was(shown: str, said: str, after: str) -> None:
    assert mended(shown, said) == after
