"""Functions that live in two accounts and two regions are imported whole, each file where its account and region say."""

from __future__ import annotations

from pathlib import Path

import pytest

import reconciler
from tests.apply.test_many_places import CONFIG, OTHER, write_all
from tests.conftest import ACCOUNT, REGION, House, function_spec
from tests.importing.moving_in import imports, is_taken_over
from tests.importing.test_law_of_import import emptied, put_parameters

ANYWHERE = f"variants: {{prod: {{account: prod, region: {REGION}}}}}\n"


def test_two_accounts_are_two_folders(house: House) -> None:
    house.write("reconcile.yaml", CONFIG, stock=False)
    spec = function_spec().replace("account: test", "account: staging").replace("123456789012", "{{ account.id }}")
    house.write("a.yaml", spec.replace("Role: arn", 'Role: "arn').replace("role/lambda", 'role/lambda"') + ANYWHERE)
    house.apply()
    emptied(house)
    house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    house.sandbox.requests.clear()
    imports(house, "--all-unmanaged")
    files = sorted(str(path.relative_to(house.root)) for path in (house.root / "specs").rglob("*.yaml"))
    assert files == ["specs/prod/checkout.yaml", "specs/reconcile.yaml", "specs/staging/checkout.yaml"]
    assert OTHER in (house.root / files[0]).read_text().partition("\n")[0]
    assert is_taken_over(house)


@pytest.mark.parametrize("more", [(), ("--defaults", "specs/defaults.yaml")])
def test_one_account_after_the_other_is_one_file_a_function_with_a_variant(house: House, more: tuple[str, ...]) -> None:
    house.write("reconcile.yaml", CONFIG, stock=False)
    for name in ("a", "b", "c"):
        spec = (
            function_spec(name).replace("account: test", "account: staging").replace("123456789012", "{{ account.id }}")
        )
        spec = spec.replace("Role: arn", 'Role: "arn').replace("role/lambda", 'role/lambda"')
        house.write(f"{name}.yaml", spec + ANYWHERE.replace("region", "tags: {team: prod}, region"))
    house.apply()
    emptied(house)
    house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    house.sandbox.requests.clear()
    imports(house, "--all-unmanaged", "--account", "staging", *more)
    added = imports(house, "--all-unmanaged").out
    assert [f"added  specs/{name}.yaml: variant prod" in added for name in "abc"] == [True, True, True]
    assert "Imported: 3 functions in 3 files; 3 passed over.\nNext:\nreconcile plan specs  " in added
    variant = f"variants: {{prod: {{account: prod, region: {REGION}, tags: {{team: prod}}}}}}\n"
    assert variant in (house.root / "specs" / "a.yaml").read_text()
    assert variant in (Path(reconciler.__file__).parent / "manual" / "moving-in.md").read_text()
    assert is_taken_over(house)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "more", [(), ("--defaults", "specs/defaults.yaml"), ("--env", "ssm:/shop"), ("--download", "code")]
)
def test_functions_as_people_deploy_them_are_taken_over_everywhere(house: House, more: tuple[str, ...]) -> None:
    write_all(house)
    assert house.apply()["outcome"]["status"] == "succeeded"
    emptied(house)
    house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    house.sandbox.requests.clear()
    document = imports(house, "--all-unmanaged", "--format", "json", *more).json()
    put_parameters(house, document["parameters"], {"staging": ACCOUNT, "prod": OTHER})
    validated = house.run("validate")
    assert validated.exit_code == 0, validated.err
    assert is_taken_over(house)
