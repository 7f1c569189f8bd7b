"""reconcile.yaml: the seed's fragment as it is, everything else optional, and every mistake with its place."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from reconciler.core.accounts import Account, Guards
from reconciler.core.errors import SpecError, UnsafePlan
from reconciler.spec.config import Config, find_config, load_config
from tests.citing import uncited

SEED = """\
aws:
  lambda:
    enabled: true
  accounts:
    - name: test
      lambdaEnabled: true
"""

FULL = """\
aws:
  lambda: {enabled: true}
  accounts:
    - name: test
      lambdaEnabled: true
      accountId: "012345678901"
      regions: [us-west-2, eu-west-1]
      assumeRole: role/reconcile
      sessionName: reconcile
      externalId: "42"
      sessionDuration: 3600
      profile: work
    - name: off
managedBy: payments/lambdas
guards: {maxDeletes: 3, maxDeletePercent: 30}
lock: s3://bucket/lock
reports: s3://bucket/reports
"""


def config(root: Path, text: str) -> Config:
    path = root / "reconcile.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def faults(root: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        config(root, text)
    return [uncited(str(fault)).removeprefix(f"{root}/reconcile.yaml:") for fault in caught.value.faults]


def test_the_seeds_fragment_is_valid_as_it_stands(tmp_path: Path) -> None:
    found = config(tmp_path, SEED)
    assert found.is_enabled
    assert dict(found.accounts) == {"test": Account("test", is_enabled=True)}
    found.require_enabled(["test"])


def test_every_key_has_its_place(tmp_path: Path) -> None:
    found = config(tmp_path, FULL)
    assert found.accounts["test"] == Account(
        name="test",
        is_enabled=True,
        account_id="012345678901",
        regions=("us-west-2", "eu-west-1"),
        assume_role="role/reconcile",
        session_name="reconcile",
        external_id="42",
        session_duration_seconds=3600,
        profile="work",
    )
    assert found.guards == Guards(3, 30)
    assert (found.managed_by, found.lock, found.reports) == (
        "payments/lambdas",
        "s3://bucket/lock",
        "s3://bucket/reports",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SEED.replace("enabled: true", "enabled: false"), "aws.lambda.enabled is false"),
        (
            SEED.replace("lambdaEnabled: true", "lambdaEnabled: false"),
            "account test does not say `lambdaEnabled: true`",
        ),
        (SEED.replace("      lambdaEnabled: true\n", ""), "account test does not say `lambdaEnabled: true`"),
    ],
    ids=["the whole of Lambda", "the account, by false", "the account, by saying nothing"],
)
def test_what_is_not_enabled_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafePlan, match=message):
        config(tmp_path, text).require_enabled(["test"])


def test_lambda_is_enabled_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    assert config(tmp_path, "aws: {accounts: [{name: test}]}\n").is_enabled


ACCOUNTS = "aws:\n  accounts:\n"
REFUSED: dict[str, tuple[str, list[str]]] = {
    "an unquoted account id": (f"{ACCOUNTS}    - {{name: t, accountId: 123456789012}}\n", ['3:28: aws.accounts[0].accountId must be a string: write "123456789012"']),
    "an account id that would lose its nought": (f"{ACCOUNTS}    - {{name: t, accountId: 012345678901}}\n", ['3:28: 012345678901 begins with 0, so its digits could change; write "012345678901"']),
    "eleven digits": (f"{ACCOUNTS}    - {{name: t, accountId: '12345678901'}}\n", ['3:28: aws.accounts[0].accountId is "12345678901"; it must be twelve digits in quotes']),
    "a slip of the pen": (f"{ACCOUNTS}    - {{name: t, lambdaEnable: true}}\n", ["3:17: aws.accounts[0].lambdaEnable is not known; did you mean lambdaEnabled?"]),
    "no region": (f"{ACCOUNTS}    - {{name: t, regions: [uswest2]}}\n", ['3:27: aws.accounts[0].regions[0] is "uswest2"; it must be a region as in us-west-2']),
    "no accounts": ("aws: {accounts: []}\n", ["1:17: aws.accounts has 0 items; the least is 1"]),
    "nothing of AWS": ("managedBy: me\n", ["1:1: reconcile.yaml needs aws"]),
    "an account twice": (f"{ACCOUNTS}    - {{name: t}}\n    - {{name: t}}\n", ["4:14: account t stands here again; it is already at {}:3:14"]),
    "a bare role in no account": (f"{ACCOUNTS}    - {{name: t, assumeRole: reconcile}}\n", ["3:29: assumeRole without an account needs accountId, or write the role's whole ARN"]),
    "a user for a role": (f"{ACCOUNTS}    - {{name: t, assumeRole: 'arn:aws:iam::123456789012:user/me'}}\n", ['3:29: aws.accounts[0].assumeRole is "arn:aws:iam::123456789012:user/me"; it must be role/NAME, or arn:aws:iam::ACCOUNT:role/NAME']),
    "a role of another account": (f"{ACCOUNTS}    - {{name: t, accountId: '111111111111', assumeRole: 'arn:aws:iam::222222222222:role/r'}}\n", ["3:56: this role is not in accountId 111111111111"]),
    "too long a session": (f"{ACCOUNTS}    - {{name: t, sessionDuration: 90000}}\n", ["3:34: aws.accounts[0].sessionDuration is 90000; the most is 43200"]),
    "a mark that no tag can hold": (f"managedBy: a;b\n{ACCOUNTS}    - {{name: t}}\n", ['1:12: managedBy is "a;b"; it must be what a tag may hold: letters, digits, spaces and _.:/=+@-']),
    "more than all": (f"guards: {{maxDeletePercent: 101}}\n{ACCOUNTS}    - {{name: t}}\n", ["1:28: guards.maxDeletePercent is 101; the most is 100"]),
    "a lock that is no address": (f"lock: bucket/key\n{ACCOUNTS}    - {{name: t}}\n", ['1:7: lock is "bucket/key"; it must be s3://BUCKET/KEY']),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_told_with_its_place(case: str, tmp_path: Path) -> None:
    text, messages = REFUSED[case]
    assert faults(tmp_path, text) == [message.format(tmp_path / "reconcile.yaml") for message in messages]


@pytest.mark.parametrize(
    ("role", "region", "arn"),
    [
        ("role/r", "us-west-2", "arn:aws:iam::123456789012:role/r"),
        ("r", "us-west-2", "arn:aws:iam::123456789012:role/r"),
        ("role/path/r", "cn-north-1", "arn:aws-cn:iam::123456789012:role/path/r"),
        ("r", "us-gov-west-1", "arn:aws-us-gov:iam::123456789012:role/r"),
        ("r", "us-iso-east-1", "arn:aws-iso:iam::123456789012:role/r"),
        ("arn:aws:iam::210987654321:role/r", "us-west-2", "arn:aws:iam::210987654321:role/r"),
        ("", "us-west-2", ""),
    ],
)
def test_a_bare_role_becomes_an_arn_of_the_regions_partition(role: str, region: str, arn: str) -> None:
    assert Account("test", account_id="123456789012", regions=(region,), assume_role=role).role_arn == arn


def test_the_file_is_found_beside_the_specs_or_above(tmp_path: Path) -> None:
    spec = tmp_path / "specs" / "shop" / "a.yaml"
    spec.parent.mkdir(parents=True)
    spec.write_text("function: a\n")
    (tmp_path / "specs" / "reconcile.yaml").write_text(SEED)
    with contextlib.chdir(tmp_path):
        for path in (Path("specs"), Path("specs/shop"), Path("specs/shop/a.yaml")):
            assert find_config([path]) == Path("specs/reconcile.yaml"), path


def test_the_file_is_not_looked_for_above_the_work_tree(tmp_path: Path) -> None:
    (tmp_path / "reconcile.yaml").write_text(SEED)
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    with pytest.raises(
        SpecError,
        match=r"repository/reconcile.yaml:1:1: is missing; write at least `aws: .*`, or .* by `reconcile init`",
    ):
        find_config([tmp_path / "repository"])


def test_what_is_said_to_be_written_can_be_written(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(SpecError) as caught:
        find_config([tmp_path])
    assert config(tmp_path, str(caught.value).split("`")[1] + "\n").accounts["test"].account_id == "123456789012"


def test_paths_of_two_houses_are_not_mixed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "reconcile.yaml").write_text(SEED)
    with pytest.raises(SpecError, match="is not the only one"):
        find_config([tmp_path / "one", tmp_path / "two"])
