"""Where, and with whose rights, is part of what is approved: a plan that was reviewed holds for its reconcile.yaml."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import SpecError
from reconciler.core.model import Key, Live, Snapshot, Spec, Target
from reconciler.files.validation import load_schema
from reconciler.plan.case import Policy
from reconciler.plan.plan import plan
from reconciler.spec.config import load_config
from reconciler.spec.settings import configuration
from tests.conftest import CONFIG, House, function_spec

OTHER = "210987654321"
ABSENT = "function: one\naccount: test\nregion: us-west-2\nstate: absent\n"
ENTRY = '{name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2]}'
ROLE = ENTRY.replace("regions", "assumeRole: role/a, externalId: sentinel-id, sessionName: ci, regions")
HOUSE = "managedBy: shop\nguards: {maxDeletes: 3}\n"


def written(house: House, config: str) -> None:
    house.write("reconcile.yaml", config, stock=False)


def rewritten(house: House, old: str, new: str) -> None:
    path = house.root / "specs" / "reconcile.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def names_in(house: House, account: str) -> list[str]:
    found = house.sandbox.clients.get("lambda", account, "us-west-2").list_functions()["Functions"]
    return [item["FunctionName"] for item in found]


def approved_change(house: House, config: str) -> None:
    """A function that lives, and an approved plan of a change of it."""
    written(house, config)
    house.write("one.yaml", function_spec("one"))
    house.apply()
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    assert house.run("plan", "-o", "plan.json").exit_code == 0
    house.writes()


def refused(house: House) -> str:
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 23, result.out + result.err
    assert house.writes() == []
    return result.out + result.err


def test_an_approved_deletion_is_not_carried_out_in_another_account(house: House) -> None:
    written(house, CONFIG)
    house.write("one.yaml", function_spec("one"))
    house.apply()
    elsewhere = CONFIG.replace(ENTRY, ENTRY.replace('"123456789012"', f'"{OTHER}", assumeRole: role/r'))
    written(house, elsewhere)
    house.write("one.yaml", function_spec("one").replace("123456789012", OTHER))
    house.apply()
    assert names_in(house, OTHER) == ["one"]
    written(house, CONFIG)
    house.write("one.yaml", ABSENT)
    house.run("plan", "-o", "plan.json")
    written(house, elsewhere)
    house.writes()
    told = refused(house)
    assert "-/aws/accounts/test/accountId: 123456789012" in told
    assert f"+/aws/accounts/test/accountId: {OTHER}" in told
    assert f"+/aws/accounts/test/assumeRole: arn:aws:iam::{OTHER}:role/r" in told
    assert names_in(house, OTHER) == ["one"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("role/a", "role/b", "+/aws/accounts/test/assumeRole: arn:aws:iam::123456789012:role/b"),
        ("sentinel-id", "sentinel-other", "a sensitive value differs"),
    ],
    ids=["role", "external id"],
)
def test_an_account_reached_by_other_rights_refuses_its_targets(house: House, old: str, new: str, told: str) -> None:
    approved_change(house, CONFIG.replace(ENTRY, ROLE))
    rewritten(house, old, new)
    text = refused(house)
    assert told in text
    assert "sentinel" not in text + (house.root / "plan.json").read_text()


def test_an_account_of_which_no_target_is_approved_may_change(house: House) -> None:
    other = f'\n    - {{name: prod, lambdaEnabled: true, accountId: "{OTHER}", assumeRole: role/x}}\n'
    approved_change(house, CONFIG.rstrip() + other)
    rewritten(house, "role/x", "role/y")
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0


def test_a_role_written_as_its_whole_arn_is_the_same_role(house: House) -> None:
    approved_change(house, CONFIG.replace(ENTRY, ROLE))
    rewritten(house, "role/a", '"arn:aws:iam::123456789012:role/a"')
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0


def test_the_account_that_was_asked_is_approved_where_none_is_written(house: House) -> None:
    """Nothing but the credentials says which account it is."""
    approved_change(house, CONFIG.replace('accountId: "123456789012", ', ""))
    document = json.loads((house.root / "plan.json").read_text())
    (account,) = document["configuration"]["accounts"]
    assert account["values"]["/aws/accounts/test/accountId"] == "123456789012"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("maxDeletes: 3", "maxDeletes: 9", "-/guards/maxDeletes: 3; +/guards/maxDeletes: 9"),
        ("managedBy", "reports: s3://strangers/r\nmanagedBy", "+/reports: s3://strangers/r"),
    ],
    ids=["guard raised", "a stranger's bucket"],
)
def test_another_configuration_refuses_the_run_before_anything_is_asked(
    house: House, old: str, new: str, told: str
) -> None:
    approved_change(house, CONFIG + HOUSE)
    rewritten(house, old, new)
    house.sandbox.requests.clear()
    text = refused(house)
    assert told in text
    assert "specs/reconcile.yaml is not what was approved" in text
    assert house.sandbox.requests == []


def test_comments_and_order_are_no_other_configuration(house: House) -> None:
    approved_change(house, CONFIG + HOUSE)
    written(house, "# ours\nguards: {maxDeletes: 3}\nmanagedBy: shop\n" + CONFIG)
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0


def test_a_plan_file_without_its_configuration_approves_nothing(house: House) -> None:
    from reconciler.core.sealing import checksum

    approved_change(house, CONFIG)
    path = house.root / "plan.json"
    document = {name: value for name, value in json.loads(path.read_text()).items() if name != "configuration"}
    path.write_text(json.dumps(document | {"checksum": checksum(document)}))
    assert "plan again" in refused(house)


def test_a_snapshot_of_another_account_is_not_compared_with(house: House) -> None:
    written(house, CONFIG)
    house.write("one.yaml", function_spec("one"))
    house.run("snapshot", "-o", "live.json")
    rewritten(house, "123456789012", OTHER)
    result = house.run("plan", "--snapshot", "live.json")
    assert result.exit_code == 21
    assert (
        f"account test is {OTHER} in reconcile.yaml, but live.json was taken of 123456789012; take it anew (R245)"
        in result.err
    )


def test_two_names_whose_credentials_are_of_one_account_are_refused(house: House) -> None:
    written(house, "aws: {accounts: [{name: a, lambdaEnabled: true}, {name: b, lambdaEnabled: true}]}\n")
    for name in "ab":
        house.write(f"{name}.yaml", function_spec("one").replace("account: test", f"account: {name}"))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "accounts a and b are both 123456789012" in result.err


# --- everything enters: driven by the schema, so that a key which is added later is held, too ----------------------


SAMPLES: Mapping[str, tuple[Any, Any]] = {  # by pattern, for texts that have one
    "^[0-9]{12}$": ("123456789012", OTHER),
    "^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+$": ("s3://one/key", "s3://two/key"),
    r"^s3://([a-z0-9.-]|\{\{[^{}/]+\}\})+/.*[^/]$": ("s3://one/key", "s3://two/key"),
    "^[a-z]{2,4}(-[a-z]+)+-[0-9]$": ("us-west-2", "eu-west-1"),
}


NAMED: Mapping[str, tuple[Any, Any]] = {
    "from": ("2026-01-01T00:00", "2026-01-01T00:01"), "to": ("2026-01-02T00:00", "2026-01-02T00:01"), "timezone": ("UTC", "Europe/Berlin"),
}  # fmt: skip


def form() -> dict[str, Any]:
    """The schema of reconcile.yaml without what stands there instead of something else."""
    schema = copy.deepcopy(load_schema("config"))
    del schema["properties"]["freezes"]["items"]["properties"]["weekly"]
    return schema


def two_values(schema: Mapping[str, Any]) -> tuple[Any, Any]:
    """Two values that a schema allows."""
    if "enum" in schema:
        return schema["enum"][0], schema["enum"][1]
    match schema["type"]:
        case "boolean":
            return True, False
        case "integer" | "number":
            least = schema.get("minimum", 0)
            return least, least + 1
        case "array":
            one, two = two_values(schema["items"])
            return [one], [two]
        case "object":
            one, two = (
                {name: (NAMED.get(name) or two_values(inner))[side] for name, inner in schema["properties"].items()}
                for side in (0, 1)
            )
            return one, two
    return SAMPLES.get(schema.get("pattern", ""), ("one", "two"))


def every_leaf(schema: Mapping[str, Any], steps: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if schema.get("type") == "array" and "properties" in schema["items"]:
        return every_leaf(schema["items"], (*steps, "0"))
    if "properties" in schema:
        return [leaf for name, inner in schema["properties"].items() for leaf in every_leaf(inner, (*steps, name))]
    return [steps]


def with_leaf(value: Any, steps: tuple[str, ...], new: Any) -> Any:
    if not steps:
        return new
    if isinstance(value, list):
        return [with_leaf(value[0], steps[1:], new), *value[1:]]
    return {**value, steps[0]: with_leaf(value[steps[0]], steps[1:], new)}


def leaf_of(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        value = value[0] if isinstance(value, list) else value[step]
    return value


def digests(folder: Path, value: Any) -> tuple[str, list[str]]:
    """The configuration's digest, and those of a target that is to be deleted."""
    path = folder / "reconcile.yaml"
    path.write_text(json.dumps(value))
    config = load_config(path)
    name = next(iter(config.accounts))
    under = configuration(config, {name: ""}, by=config)
    target = Target(name, "us-west-2", "one")
    held = Snapshot((Live(Key(target, "function"), {"configuration": {}, "code": {}, "tags": {}}),), "")
    access = {account: settings.digest for account, settings in under.accounts.items()}
    made = plan([Spec(target, "", (), frozenset(), is_absent=True)], held, Policy(access=access))
    return str(under.digest), [str(one.digest) for one in made.targets]


@pytest.mark.parametrize("steps", every_leaf(form()), ids="/".join)
def test_no_key_of_the_file_can_change_unnoticed(steps: tuple[str, ...], tmp_path: Path) -> None:
    one, two = two_values(form())
    now, then = digests(tmp_path, one), digests(tmp_path, with_leaf(one, steps, leaf_of(two, steps)))
    assert now[0] != then[0]
    reaches = steps[:2] == ("aws", "accounts") and steps[-1] not in ("regions", "lambdaEnabled")
    assert (now[1] != then[1]) == reaches


# --- two names for one account --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "second",
    [
        '{name: b, accountId: "123456789012"}',
        "{name: b, assumeRole: 'arn:aws:iam::123456789012:role/x'}",
    ],
    ids=["by its number", "by its role"],
)
def test_two_names_for_one_account_are_told_at_both_places(second: str, tmp_path: Path) -> None:
    path = tmp_path / "reconcile.yaml"
    path.write_text(f'aws:\n  accounts:\n    - {{name: a, accountId: "123456789012"}}\n    - {second}\n')
    with pytest.raises(SpecError) as caught:
        load_config(path)
    (fault,) = caught.value.faults
    assert str(fault).startswith(f"{path}:4:")
    assert f"123456789012 is one account and has one name; it is already at {path}:3:" in str(fault)
