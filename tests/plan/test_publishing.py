"""When a version is published: not for what is put back, nor for what others change."""

from __future__ import annotations

from tests.conftest import House, function_spec


def test_a_description_put_back_publishes_nothing(house: House) -> None:
    house.write(
        "one.yaml", function_spec("one", extra="publish: true\naliases: {live: {FunctionVersion: published}}\n")
    )
    house.apply()
    house.lambda_.update_function_configuration(FunctionName="one", Description="by hand")
    house.writes()
    house.apply()
    assert house.writes() == ["UpdateFunctionConfiguration"]


def test_what_others_change_on_ignored_paths_is_theirs_to_publish(house: House) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\nignore: [/configuration/Environment]\n"))
    house.apply()
    house.lambda_.update_function_configuration(FunctionName="one", Environment={"Variables": {"FLAG": "on"}})
    assert house.verbs() == {}
