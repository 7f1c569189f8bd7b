"""Whose a function is: what bears our mark, what is adopted, and what is left alone."""

from __future__ import annotations

from tests.apply.houses import foreign, house_of
from tests.conftest import House, function_spec


def test_what_we_create_bears_our_mark_and_tags_may_still_be_owned_whole(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra="tags: {}\n"))
    house.apply()
    assert house.lambda_.get_function(FunctionName="one")["Tags"] == {"reconcile:managed-by": "shop"}
    assert house.verbs() == {}


def test_an_unmarked_function_is_refused_until_it_is_adopted(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    foreign(house, "one")
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "bears no mark of ours" in result.out
    assert house.writes() == []
    assert house.verbs("--adopt") == {"one": "adopt"}
    assert house.apply("--adopt")["outcome"]["exit_code"] == 0
    assert house.writes() == ["TagResource", "UpdateFunctionConfiguration"]
    assert house.verbs() == {}


def test_a_spec_may_adopt_and_nothing_but_the_mark_is_one_call(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", configuration="Timeout: 99", extra="adopt: true\n"))
    foreign(house, "one")
    house.apply()
    assert house.writes() == ["TagResource"]
    assert house.verbs() == {}
