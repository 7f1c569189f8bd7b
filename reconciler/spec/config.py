"""reconcile.yaml to accounts, owner mark and guards. Reads one file; asks AWS nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.core.accounts import Account, Guards
from reconciler.core.errors import Fault, SpecError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.freezes import Freeze
from reconciler.core.model import Origin, Target
from reconciler.files import strict_yaml, validation
from reconciler.files.reading import UnreadableFile, contents
from reconciler.files.repository import is_work_tree
from reconciler.files.strict_yaml import Document
from reconciler.spec import freezes
from reconciler.spec.root import FILE_NAME as FILE_NAME
from reconciler.spec.root import upwards

EXAMPLE = 'aws: {lambda: {enabled: true}, accounts: [{name: test, lambdaEnabled: true, accountId: "123456789012"}]}'

IS_A_FILE_OF_THE_TREE = Rule(
    "R003", "What is read is a file or folder of the tree that can be read, and a spec where one is named."
)
HAS_ONE_CONFIGURATION = Rule("R004", "The paths stand under one reconcile.yaml, in their folder or above it.")
NAMES_AN_ACCOUNT_ONCE = Rule("R025", "An account of AWS has one name, and a name one account.")
IS_ENABLED = Rule("R243", "Lambda is enabled in reconcile.yaml, altogether and in each account that is asked.")
PRUNES_WHAT_IS_MARKED = Rule("R027", "What is pruned bears the owner mark of reconcile.yaml.")
NAMES_A_BUCKET = Rule("R291", "`artifacts` names a bucket in each region, by what account and region tell.")
NAMES_A_LOCK = Rule("R314", "`lock` names an object in S3, behind its bucket by what account and region tell.")
HAS_A_ROLE_OF_ITS_OWN = Rule("R026", "The role of an account is a role in that account.")


@dataclass(frozen=True, slots=True)
class Config:
    """What reconcile.yaml says. `managed_by` is empty when the house marks nothing; `prunes`: a spec that is dropped asks for its
    function's deletion; `needs_approval`: what a merge carries out was shown by a pull request; `document` is the file as written."""

    path: str
    accounts: Mapping[str, Account]
    is_enabled: bool = True
    managed_by: str = ""
    prunes: bool = False
    needs_approval: bool = True
    guards: Guards = field(default_factory=Guards)
    lock: str = ""
    reports: str = ""
    artifacts: str = ""
    freezes: tuple[Freeze, ...] = ()
    document: Document = field(default_factory=lambda: Document("", {}))

    def stores(self, targets: Iterable[Target]) -> dict[Target, str]:
        """Where each target's packages are put that are too large for a request; nothing where reconcile.yaml does not say."""
        if not self.artifacts:
            return {}
        from reconciler.spec.references import filled  # Jinja2 is needed only where there is a reference

        return {target: filled(self.artifacts, target, self.accounts[target.account].account_id) for target in targets}

    def locks(self, places: Iterable[str]) -> list[str]:
        """The locks that are held for some account/regions; none where reconcile.yaml names none."""
        if "{{" not in self.lock:
            return [self.lock] if self.lock else []
        from reconciler.spec.references import filled

        targets = [Target(account, region, "") for account, _, region in (place.partition("/") for place in places)]
        return sorted({filled(self.lock, target, self.accounts[target.account].account_id) for target in targets})

    def tree(self, path: str) -> Path:
        """The tree that a file of specs belongs to, which without git may be what holds the folder of reconcile.yaml."""
        return tree_of(Path(os.path.realpath(path)), Path(os.path.realpath(self.path)).parent.parent)

    def require_enabled(self, accounts: Iterable[str]) -> None:
        """Raises UnsafePlan unless Lambda is enabled, altogether and in each of these accounts."""
        if not self.is_enabled:
            message = f"{self.path}: aws.lambda.enabled is false, so nothing is read or changed"
            raise UnsafePlan(IS_ENABLED.ends(message))
        for name in sorted(set(accounts)):
            if not self.accounts[name].is_enabled:
                message = f"account {name} does not say `lambdaEnabled: true`, so nothing is read or changed"
                raise UnsafePlan(IS_ENABLED.ends(f"{self.path}: {message}"))


def find_config(paths: Iterable[Path]) -> Path:
    """reconcile.yaml in the paths' folder or the nearest one above it, not above the git work tree. Raises SpecError
    when there is none, or when the paths do not share it."""
    folders = dict.fromkeys(path if path.is_dir() else path.parent for path in paths) or {Path(): None}
    configs = {os.path.realpath(config): config for config in map(_config_above, folders)}
    if len(configs) > 1:
        first, second = list(configs.values())[:2]
        message = f"is not the only one: other paths are under {second}; name paths of one {FILE_NAME} at a time"
        raise SpecError([Fault(Origin(str(first)), HAS_ONE_CONFIGURATION.ends(message))])
    return next(iter(configs.values()))


def _config_above(folder: Path) -> Path:
    found = nearest(folder)
    if found is None:
        message = HAS_ONE_CONFIGURATION.ends(
            f"is missing; write at least `{EXAMPLE}`, or all that a house begins with by `reconcile init`"
        )
        raise SpecError([Fault(Origin(str(folder / FILE_NAME)), message)])
    return found


def nearest(folder: Path) -> Path | None:
    """reconcile.yaml of a folder or the nearest one above it, not above the git work tree; None without one."""
    here = Path.cwd()
    for candidate in upwards(folder):
        if os.path.lexists(
            candidate / FILE_NAME
        ):  # a broken one is told where it stands: the next one above is another
            return (candidate.relative_to(here) if candidate.is_relative_to(here) else candidate) / FILE_NAME
    return None


def load_config(path: Path) -> Config:
    """The configuration in a file. Raises SpecError with every fault."""
    return config_of(text_of(path), str(path))


def text_of(path: Path) -> bytes:
    """What a file of the tree holds, cut where no reader of YAML goes on. Raises SpecError for what is no file of it."""
    left = tree_left(path)
    if left:
        message = IS_A_FILE_OF_THE_TREE.ends(f"is a link that leads out of {left}; put the thing itself there")
        raise SpecError([Fault(Origin(str(path)), message)])
    try:
        return contents(path, strict_yaml.MAX_BYTES)
    except UnreadableFile as error:
        raise SpecError([Fault(Origin(str(path)), IS_A_FILE_OF_THE_TREE.ends(str(error)))]) from error


def tree_left(path: Path) -> Path | None:
    """The tree that a link leads out of; None for what is none, or stays inside."""
    if not path.is_symlink():
        return None
    folder = Path(os.path.realpath(path.parent))
    tree = tree_of(folder / path.name, folder.parent)
    return None if Path(os.path.realpath(path)).is_relative_to(tree) else tree


def tree_of(path: Path, otherwise: Path) -> Path:
    """The tree that a file belongs to: the git work tree, or without git the folder that is worked in, or else this one."""
    here = Path.cwd()
    git = next((folder for folder in path.parents if is_work_tree(folder)), None)
    return git or (here if path.is_relative_to(here) else otherwise)


def config_of(text: bytes, path: str, *, is_judging: bool = False) -> Config:
    """The configuration in a text. Raises SpecError with every fault; of one that only judges, because it is of a revision
    that stands, with those of its form and of what it freezes: no rule that came later may keep it from judging."""
    document = strict_yaml.parse(text, path)
    faults = validation.faults(document, "config") or [
        *freezes.freeze_faults(document),
        *(() if is_judging else _cross_faults(document)),
    ]
    if faults:
        raise SpecError(faults)
    return _config(document)


def _config(document: Document) -> Config:
    value = document.value
    guards = value.get("guards", {})
    return Config(
        path=document.path,
        accounts={account["name"]: _account(account) for account in value["aws"]["accounts"]},
        is_enabled=value["aws"].get("lambda", {}).get("enabled", True),
        managed_by=value.get("managedBy", ""),
        prunes=value.get("prune", False),
        needs_approval=value.get("approval") != "none",
        guards=Guards(guards.get("maxDeletes"), guards.get("maxDeletePercent")),
        lock=value.get("lock", ""),
        reports=value.get("reports", ""),
        artifacts=value.get("artifacts", ""),
        freezes=freezes.freezes(document),
        document=document,
    )


def _account(value: Mapping[str, Any]) -> Account:
    return Account(
        name=value["name"],
        is_enabled=value.get("lambdaEnabled", False),
        account_id=value.get("accountId", ""),
        regions=tuple(value.get("regions", ())),
        assume_role=value.get("assumeRole", ""),
        session_name=value.get("sessionName", ""),
        external_id=value.get("externalId", ""),
        session_duration_seconds=value.get("sessionDuration", 0),
        profile=value.get("profile", ""),
    )


def _cross_faults(document: Document) -> Iterable[Fault]:
    if document.value.get("prune") and "managedBy" not in document.value:
        message = "prune deletes what bears our mark, and there is none; write managedBy as well"
        yield Fault(document.at("/prune"), PRUNES_WHAT_IS_MARKED.ends(message))
    yield from _artifact_faults(document)
    yield from _lock_faults(document)
    accounts = list(enumerate(document.value["aws"]["accounts"]))
    names = ((account["name"], f"/aws/accounts/{index}/name") for index, account in accounts)
    yield from validation.named_again(document, "account", names, NAMES_AN_ACCOUNT_ONCE)
    numbers: dict[str, Origin] = {}
    for index, account in accounts:
        at = f"/aws/accounts/{index}"
        role = account.get("assumeRole", "")
        if role and not role.startswith("arn:") and "accountId" not in account:
            yield Fault(
                document.at(f"{at}/assumeRole"),
                HAS_A_ROLE_OF_ITS_OWN.ends(
                    "assumeRole without an account needs accountId, or write the role's whole ARN"
                ),
            )
        if role.startswith("arn:") and role.split(":")[4] != account.get("accountId", role.split(":")[4]):
            message = HAS_A_ROLE_OF_ITS_OWN.ends(f"this role is not in accountId {account['accountId']}")
            yield Fault(document.at(f"{at}/assumeRole"), message)
        member = "accountId" if "accountId" in account else "assumeRole"
        number = account.get("accountId") or (role.split(":")[4] if role.startswith("arn:") else "")
        if number in numbers:  # or two targets would be one function, with two owners
            message = f"{number} is one account and has one name; it is already at {numbers[number]}"
            yield Fault(document.at(f"{at}/{member}"), NAMES_AN_ACCOUNT_ONCE.ends(message))
        if number:
            numbers.setdefault(number, document.at(f"{at}/{member}"))


def _artifact_faults(document: Document) -> Iterator[Fault]:
    """References that cannot be filled in for an account, or that need not give a name that a bucket can have."""
    text = document.value.get("artifacts", "")
    if not text:
        return
    from reconciler.spec.references import Fact, parsed  # Jinja2 is needed only where there is a reference

    bucket = text.removeprefix("s3://").partition("/")[0]
    reasons = _unfilled(document, text)
    if not reasons and {Fact("account.name"), Fact("function")} & {*parsed(bucket)}:
        reasons = {"a bucket's name is told by account.id, region and partition only; write the others behind it"}
    for reason in sorted(reasons):
        yield Fault(document.at("/artifacts"), NAMES_A_BUCKET.ends(f"artifacts: {reason}"))


def _lock_faults(document: Document) -> Iterator[Fault]:
    """References that cannot be filled in, or that no account and region tells."""
    text = document.value.get("lock", "")
    if "{{" not in text:
        return
    from reconciler.spec.references import Fact, parsed

    reasons = _unfilled(document, text)
    if not reasons and Fact("function") in parsed(text):
        reasons = {"a lock is held for an account and region, and not for a function"}
    for reason in sorted(reasons):
        yield Fault(document.at("/lock"), NAMES_A_LOCK.ends(f"lock: {reason}"))


def _unfilled(document: Document, text: str) -> set[str]:
    """Why references cannot be filled in for an account."""
    from reconciler.spec.references import problem

    return {problem(text, account.get("accountId", "")) for account in document.value["aws"]["accounts"]} - {""}
