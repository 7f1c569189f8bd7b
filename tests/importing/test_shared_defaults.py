"""What most of the imported functions say alike: offered, and with a flag written once, in defaults that their specs extend."""

from __future__ import annotations

import textwrap

from tests.conftest import ACCOUNT, REGION, House, function_spec
from tests.importing.account import stocked
from tests.importing.moving_in import (
    imports,
    is_taken_over,
    living,
    text,
    undated,
)
from tests.importing.test_law_of_import import emptied


def test_what_most_functions_say_alike_is_offered_and_with_a_flag_written_once(house: House) -> None:
    stocked(house)
    house.lambda_.update_function_configuration(FunctionName="shop-stock", Timeout=3, Handler="other.handler")
    house.lambda_.untag_resource(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-stock", TagKeys=["team"])
    house.sandbox.requests.clear()
    offered = imports(house, "--all-unmanaged").out
    assert "note: 4 values the same in most of the functions; --defaults FILE writes them once" in offered
    emptied(house)
    (house.root / "specs/reconcile.yaml").unlink()
    imports(house, "--all-unmanaged", "--defaults", "specs/defaults/python.yaml")
    assert undated(text(house, "defaults/python.yaml")) == textwrap.dedent(
        """\
        # What most of 30 functions have in common, as AWS held it on 
        defaults: python

        configuration:
          Handler: lambda_function.lambda_handler
          Role: "arn:{{ partition }}:iam::{{ account.id }}:role/lambda"
          Runtime: python3.13
          Timeout: 30

        # Another place for all of them is one entry, with what is another there:
        # variants: {elsewhere: {account: main, region: REGION}}
        """  # noqa: W291  where the day stood
    )
    ours, theirs = text(house, "shop-orders.yaml"), text(house, "shop-stock.yaml")
    assert "\nextends: defaults/python.yaml\n" in ours
    assert '\nconfiguration: {Description: "shop orders: \\"live\\""}\n' in ours
    assert "  Handler: other.handler\n" in theirs
    assert "  Timeout: null\n" in theirs or "Timeout: null" in theirs
    assert is_taken_over(house)
    refused = imports(house, "--all-unmanaged", "--defaults", "specs/defaults/python.yaml", code=2)
    assert "is there, and no file is changed" in refused.err


def test_defaults_stand_where_specs_may_extend_them_and_are_there_for_another_place_at_least(house: House) -> None:
    living(house, *map(function_spec, ("a1", "b1", "c1")))
    for place in ("outside.yaml", "specs/reconcile.yaml", "specs/defaults", "specs/../../x.yaml"):
        assert f"--defaults {place} is " in imports(house, "--all-unmanaged", "--defaults", place, code=2).err
    imports(house, "a1", "--defaults", "specs/few.yaml")
    assert text(house, "few.yaml").splitlines()[1:3] == ["defaults: few", ""]
    assert "\nextends: few.yaml\n" in text(house, "a1.yaml")
    assert sorted(path.name for path in (house.root / "specs").iterdir()) == ["a1.yaml", "few.yaml", "reconcile.yaml"]
    assert is_taken_over(house)
