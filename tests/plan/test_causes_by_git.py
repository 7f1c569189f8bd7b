"""Edit, drift or both, by what git tells: commits, shallow clones, bases that are not there."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.apply.houses import commit, house_of
from tests.conftest import House, function_spec


def test_each_field_is_an_edit_a_drift_or_both_and_an_edit_names_commit_and_author(house: House) -> None:
    house_of(house)
    subprocess.run(["git", "init", "-q"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports\n")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 5\nMemorySize: 256\nDescription: a"))
    base = commit(house.root, "first")
    house.apply()
    house.write("one.yaml", function_spec("one", configuration="Timeout: 6\nMemorySize: 256\nDescription: b"))
    edited = commit(house.root, "second")
    house.lambda_.update_function_configuration(FunctionName="one", MemorySize=300, Description="c")
    (fields,) = [target["actions"][0]["fields"] for target in house.plan("--base", base)["targets"]]
    causes = {field["path"].rpartition("/")[2]: (field["cause"], field["author"]) for field in fields}
    assert causes == {
        "Timeout": ("edit", f"{edited[:10]} Ada"),
        "MemorySize": ("drift", ""),
        "Description": ("both", f"{edited[:10]} Ada"),
    }
    drift = house.plan("--drift", "--base", base)
    assert [field["path"] for field in drift["targets"][0]["actions"][0]["fields"]] == [
        "/configuration/Description",
        "/configuration/MemorySize",
    ]
    house.apply()
    house.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    assert [field["cause"] for field in house.plan("--drift")["targets"][0]["actions"][0]["fields"]] == ["drift"]


def test_a_shallow_clone_says_that_it_cannot_name_a_commit(house: House, tmp_path: Path) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    subprocess.run(["git", "init", "-q"], cwd=house.root, check=True)
    commit(house.root, "first")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 6"))
    commit(house.root, "second")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{house.root}", str(clone)], check=True)
    shallow = House(clone, house.sandbox)
    plan = shallow.plan("--base", "HEAD")
    assert any("shallow" in note["message"] for note in plan["diagnostics"])
    assert {field["author"] for field in plan["targets"][0]["actions"][0]["fields"]} == {""}


def test_an_unknown_base_is_told(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    result = house.run("plan", "--base", "nowhere")
    assert result.exit_code == 2
    assert "Traceback" not in result.err
