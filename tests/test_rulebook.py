"""Every rule has an id that is its own and never another's, a reason, and a page that `reconcile help` prints."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.core.finding import Rule, continued
from tests.conftest import reconcile
from tests.manual.rulebook import PAGE, page, rules

SOURCES = sorted(Path(reconciler.__path__[0]).rglob("*.py"))
REFUSING = ("UnsafePlan", "StalePlan", "NotOwned", "ReplacementRequired")


def test_an_id_is_one_rules_alone() -> None:
    assert [name for name, count in Counter(rule.id for rule in rules()).items() if count > 1] == []
    assert [rule.id for rule in rules() if not re.fullmatch(r"[RW][0-9]{3}", rule.id)] == []


def test_a_reason_is_one_sentence_and_a_page_is_on_the_web() -> None:
    assert [rule.id for rule in rules() if not re.fullmatch(r"[^\n]{20,180}\.", rule.reason)] == []
    assert [rule.id for rule in rules() if rule.page and not rule.page.startswith("https://docs.aws.amazon.com/")] == []


def test_the_page_of_rules_is_what_the_rules_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.manual` and read the difference"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_is_explained(rule: Rule) -> None:
    result = reconcile("help", rule.id)
    assert (result.exit_code, result.err) == (0, "")
    assert result.out.startswith(f"# {rule.id}\n\n{rule.reason}\n")
    assert rule.page in result.out


def test_a_rule_is_found_in_small_letters_and_one_that_is_none_is_told() -> None:
    assert reconcile("help", "r041").out == reconcile("help", "R041").out
    result = reconcile("help", "R999")
    assert (result.exit_code, result.out) == (2, "")
    assert "there is no rule R999; `reconcile help rules` lists them all." in result.err


def test_the_id_stays_at_the_end_of_what_is_said_on() -> None:
    assert continued("too much; stop (R242)", "nothing was changed") == "too much; stop; nothing was changed (R242)"
    assert continued("too much", "nothing was changed") == "too much; nothing was changed"


# --- no refusal without a rule ---------------------------------------------------------------------------------------


def calls(tree: ast.AST, inside: tuple[ast.AST, ...] = ()) -> Iterator[tuple[ast.Call, tuple[ast.AST, ...]]]:
    """Every call below, with all that it stands in."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield node, inside
        yield from calls(node, (*inside, node))


def name_of(call: ast.AST) -> str:
    function = call.func if isinstance(call, ast.Call) else None
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def is_refusal(call: ast.Call) -> bool:
    """A Diagnostic that refuses."""
    first = call.args[0] if call.args else None
    return name_of(call) == "Diagnostic" and isinstance(first, ast.Constant) and first.value == "refusal"


def is_cited(inside: tuple[ast.AST, ...]) -> bool:
    """Whether it is given to a rule, or found by a check: `refusal` makes what only checks yield."""
    return any(
        name_of(node) == "cited" or (isinstance(node, ast.FunctionDef) and node.name == "refusal") for node in inside
    )


def test_every_refusal_in_a_plan_cites_a_rule() -> None:
    found = [
        (f"{path.name}:{call.lineno}", is_cited(inside))
        for path in SOURCES
        for call, inside in calls(ast.parse(path.read_text(encoding="utf-8")))
        if is_refusal(call)
    ]
    assert len(found) >= 5
    assert [place for place, cited in found if not cited] == []


def test_what_makes_refusals_is_called_by_checks_alone() -> None:
    """`refusal(...)` stands in functions that a rule decorates."""
    bare = [
        f"{path.name}:{call.lineno}"
        for path in SOURCES
        if path.parent.name == "plan"
        for call, inside in calls(ast.parse(path.read_text(encoding="utf-8")))
        if name_of(call) == "refusal"
        and not any(
            isinstance(node, ast.FunctionDef) and any(name_of(item) == "Rule" for item in node.decorator_list)
            for node in inside
        )
    ]
    assert bare == []


def test_every_error_that_refuses_cites_a_rule() -> None:
    """Its message is made by a rule right there, or was: `continued` goes on with one, and a variable holds one."""
    found = [
        (f"{path.name}:{call.lineno}: {ast.unparse(call)}", ast.unparse(call.args[0]))
        for path in SOURCES
        for call, _ in calls(ast.parse(path.read_text(encoding="utf-8")))
        if name_of(call) in REFUSING and call.args
    ]
    assert len(found) > 12
    ended = re.compile(r"\.ends\(|^continued\(|changed_since\(|\[\*lines, problem\]")
    assert [place for place, message in found if not ended.search(message)] == []


def test_every_rule_is_broken_by_a_test() -> None:
    """Its id stands in what a test expects: of plans in a scenario's folder, of the rest in a module."""
    here = Path(__file__)
    texts = [
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "expected.txt")
        for path in here.parent.rglob(pattern)
        if path != here
    ]
    expected = {found for text in texts for found in re.findall(r"\b[RW][0-9]{3}\b", text)}
    assert [rule.id for rule in rules() if rule.id not in expected] == []
    planned = {rule.id for rule in rules() if rule.id[1] == "2"}
    shown = {
        found
        for path in here.parent.rglob("expected.txt")
        for found in re.findall(r"\((\w+)\)$", path.read_text(), re.MULTILINE)
    }
    assert len(planned & shown) > 30
