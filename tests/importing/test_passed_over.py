"""Functions that are not imported, files that are not changed, and what fails: each is said."""

from __future__ import annotations

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import OURS
from tests.apply.strangers import zip_of
from tests.conftest import ACCOUNT, REGION, ROLE, House, function_spec
from tests.importing.moving_in import (
    WHOLE,
    imports,
    is_taken_over,
    living,
    text,
)
from tests.importing.test_law_of_import import emptied
from tests.plan.test_unreadable import answering, no_tags


def test_what_has_a_spec_is_passed_over_and_a_spec_that_is_broken_is_mended_first(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    house.write("old.yaml", function_spec(), stock=False)
    result = imports(house, "--all-unmanaged")
    assert f"passed test/{REGION}/checkout: specs/old.yaml:1:11 describes it" in result.out
    assert "Imported: 1 function in 1 file; 1 passed over." in result.out
    house.write("old.yaml", "function: checkout\nfunction: checkout\n", stock=False)
    assert "stands here again" in imports(house, "--all-unmanaged", code=20).err


def test_a_function_of_another_house_is_passed_over_and_one_of_a_stack_is_named(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    region, _ = house.sandbox.gate.region(ACCOUNT, REGION)
    region.functions["checkout"].tags["reconcile:managed-by"] = "bakery"
    region.functions["mailer"].tags["aws:cloudformation:stack-name"] = "post"
    result = imports(house, "--all-unmanaged")
    assert f"passed test/{REGION}/checkout: it is managed by bakery" in result.out
    assert (
        f"note: test/{REGION}/mailer belongs to the CloudFormation stack post, which will change it as well"
        in result.out
    )
    assert is_taken_over(house)


def test_no_file_that_is_there_is_changed_and_none_is_written_through_a_link(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    house.write("checkout.yaml", "mine: 1\n", stock=False)
    result = imports(house, "--all-unmanaged", code=25)
    assert "checkout.yaml is there, and no file is changed; move it, or name another folder with -o" in result.out
    assert text(house) == "mine: 1\n"
    (house.root / "specs" / "link").symlink_to(house.root)
    assert (
        "is a link, and nothing is written through links"
        in imports(house, "checkout", "-o", "specs/link/a", code=2).err
    )


def test_a_function_whose_creation_failed_is_not_imported(house: House) -> None:
    living(house, function_spec("other"))
    house.sandbox.gate.script = Script([Fault("CreateFunction", nth=1, fails="InvalidSubnet")])
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="a.b", Role=ROLE, Code={"ZipFile": zip_of("")}
    )
    house.sandbox.requests.clear()
    result = imports(house, "checkout", code=21)
    assert f"failed test/{REGION}/checkout: its creation failed (InvalidSubnet)" in result.out


def test_of_whom_a_function_is_must_be_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    living(house, WHOLE)
    answering(monkeypatch, "GetFunction", no_tags)
    assert "nobody can tell whose it is" in imports(house, "checkout", code=21).out


def test_accounts_and_regions_that_are_not_asked_are_told(house: House) -> None:
    living(house, function_spec())
    more = "    - {name: off, accountId: '210987654321', regions: [us-west-2]}\n    - {name: bare, lambdaEnabled: true, accountId: '310987654321'}\n"
    config = OURS.replace("managedBy: shop\n", "").rstrip() + "\n" + more + "managedBy: shop\n"
    house.write("reconcile.yaml", config, stock=False)
    out = imports(house, "--all-unmanaged").out
    assert "note: account off was not asked, for in specs/reconcile.yaml it is not enabled\n" in out
    assert (
        "note: account bare was not asked, for in specs/reconcile.yaml it has no regions; write them, or pass --region\n"
        in out
    )
    assert f"note: test/{REGION} alone was asked; other regions are asked once specs/reconcile.yaml names them\n" in out
    emptied(house)
    assert "asked" not in imports(house, "--all-unmanaged", "--account", "test", "--region", REGION).out
