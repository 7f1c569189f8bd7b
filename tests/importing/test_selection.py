"""Which functions are meant: by name, by glob, or by what an old tool tells of them."""

from __future__ import annotations

from tests.conftest import REGION, House, function_spec
from tests.importing.moving_in import (
    imports,
    living,
)


def test_which_functions_are_meant_is_said_or_asked_for(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    assert "say which functions: NAME…, --function GLOB, --from FILE, or --all-unmanaged" in imports(house, code=2).err
    assert (
        "no function chekout in the places that are asked; did you mean checkout?"
        in imports(house, "chekout", code=2).err
    )
    assert "region eu-west-9 is none of an account" in imports(house, "checkout", "--region", "eu-west-9", code=2).err
    assert "account tset is not in" in imports(house, "checkout", "--account", "tset", code=2).err
    imports(house, f"test/{REGION}/check*", "--function", "*out")
    assert sorted(path.name for path in (house.root / "specs").iterdir()) == ["checkout.yaml", "reconcile.yaml"]
