"""What refuses a whole run, or one target in the middle of it, cites its rule as well."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from reconciler.apply.expected import changed
from reconciler.commands import wiring
from reconciler.commands.asking import confirm
from reconciler.core.diff import Difference
from reconciler.core.errors import NotOwned, StalePlan, UnsafePlan
from reconciler.core.model import Key, Target
from reconciler.kinds.tags import MARK
from reconciler.spec.config import config_of
from tests.conftest import reconcile
from tests.spec.reading import HEAD, folder

FUNCTION = Key(Target("test", "us-west-2", "checkout"), "function")
OFF = "aws: {lambda: {enabled: false}, accounts: [{name: test, lambdaEnabled: true}]}\n"
NOT_ENABLED = "aws: {accounts: [{name: test}]}\n"


@pytest.mark.parametrize("text", [OFF, NOT_ENABLED], ids=["altogether", "of an account"])
def test_where_lambda_is_not_enabled_nothing_is_read(text: str) -> None:
    with pytest.raises(UnsafePlan, match=r"so nothing is read or changed \(R243\)$"):
        config_of(text.encode(), "reconcile.yaml").require_enabled(["test"])


def test_one_account_by_two_names_is_refused() -> None:
    wiring.require_one_name_an_account({"a": "123456789012", "b": "210987654321"})
    with pytest.raises(UnsafePlan, match=r"accounts a and b are both 123456789012, .* \(R244\)$"):
        wiring.require_one_name_an_account({"a": "123456789012", "b": "123456789012"})


def test_without_a_terminal_nobody_can_say_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UnsafePlan, match=r"pass --yes to apply without being asked \(R249\)$"):
        confirm({"targets": []})


def test_where_there_is_no_lock_none_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, a=HEAD)
    monkeypatch.chdir(tmp_path)
    result = reconcile("unlock", "a1b2c3")
    assert (result.exit_code, result.err) == (21, "error: specs/reconcile.yaml names no lock (R250)\n")


def test_what_somebody_changed_meanwhile_is_told_with_its_rule() -> None:
    stale = changed(FUNCTION, [Difference(("configuration", "Timeout"), 3, 5)])
    assert isinstance(stale, StalePlan)
    assert str(stale).startswith("changed since the plan was made: ")
    assert str(stale).endswith("; plan again (R260)")


def test_what_somebody_made_theirs_meanwhile_is_told_with_its_rule() -> None:
    theirs = changed(FUNCTION, [Difference(("tags", MARK), "us", "them")])
    assert isinstance(theirs, NotOwned)
    assert str(theirs).endswith("is managed by them since the plan was made; nothing more was done to it (R261)")
