"""What a command line means: paths, names and patterns, an account, a region; and where the tree is that they are of."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.conftest import CONFIG, House, Result, function_spec, reconcile
from tests.spec.test_hostile_git import git

TWO = """
aws:
  lambda: {enabled: true}
  accounts:
    - {name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2, eu-west-1]}
    - {name: prod, lambdaEnabled: true, accountId: "210987654321", regions: [eu-west-1]}
"""


def validate(*words: str) -> str:
    """The verdict, or what was told."""
    result = reconcile("validate", *words)
    return result.out.strip() or f"{result.exit_code}: {result.err.strip()}"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """checkout and mailer in test, in two regions and one; checkout in prod."""
    (tmp_path / "specs/shop").mkdir(parents=True)
    everywhere = function_spec().replace("region: us-west-2", "regions: [us-west-2, eu-west-1]")
    in_prod = function_spec().replace("account: test\nregion: us-west-2", "account: prod\nregion: eu-west-1")
    for name, text in {
        "reconcile.yaml": TWO, "shop/checkout.yaml": everywhere, "mailer.yaml": function_spec("mailer"), "prod.yaml": in_prod,
    }.items():  # fmt: skip
        (tmp_path / "specs" / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("", "3 specs valid, 4 targets"),
        ("specs", "3 specs valid, 4 targets"),
        ("checkout", "2 specs valid, 3 targets"),
        ("prod/eu-west-1/checkout", "1 spec valid, 1 target"),
        ("test/*/check* mailer", "2 specs valid, 3 targets"),
        ("*", "3 specs valid, 4 targets"),
        ("--account prod", "1 spec valid, 1 target"),
        ("--region eu-*", "2 specs valid, 2 targets"),
        ("checkout --account test --region us-west-2", "1 spec valid, 1 target"),
        ("specs/shop --region eu-west-1", "1 spec valid, 1 target"),
        ("specs/shop checkout", "1 spec valid, 2 targets"),
        ("specs/mailer.yaml", "1 spec valid, 1 target"),
    ],
)
def test_words_and_places_choose_targets(tree: Path, words: str, verdict: str) -> None:
    assert validate(*words.split()) == f"{verdict}."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("chekout", "2: error: no spec is for chekout; did you mean checkout?"),
        ("prod/mailer", "2: error: no spec is for prod/mailer; did you mean mailer?"),
        ("--account prdo", "2: error: no spec is for --account prdo; did you mean prod?"),
        ("mailer --region eu-west-1", "2: error: no spec is for --region eu-west-1; did you mean us-west-2?"),
        ("one two", "2: error: no spec is for one; there are checkout, mailer\nerror: no spec is for two; there are"),
        ("specs/shop mailer", "2: error: no spec is for mailer; there are checkout"),
        ("gone.yaml", "20: gone.yaml:1:1: does not exist; name a spec file or a folder of specs (R003)"),
        ("./checkout", "20: checkout:1:1: does not exist; name a spec file or a folder of specs (R003)"),
        (
            "specs/shop/chekout",
            "20: specs/shop/chekout:1:1: does not exist; name a spec file or a folder of specs (R003)",
        ),
    ],
)
def test_what_is_meant_by_nobody_is_told_as_the_name_or_the_path_that_it_looks_like(
    tree: Path, words: str, told: str
) -> None:
    assert validate(*words.split()).startswith(told)


def test_a_word_that_is_empty_is_not_the_folder_that_one_stands_in(tree: Path) -> None:
    result = reconcile("plan", "")
    assert (result.exit_code, "one is empty" in result.err) == (2, True)


def test_what_is_there_is_a_path_and_a_dot_or_a_pattern_says_which_is_meant(tree: Path) -> None:
    (tree / "mailer").mkdir()
    (tree / "mailer/other.yaml").write_text(function_spec("other").replace("us-west-2", "eu-west-1"))
    (tree / "mailer/reconcile.yaml").write_text(TWO)
    for word, meant in {"mailer": "eu-west-1", "./mailer": "eu-west-1", "*/mailer": "us-west-2"}.items():
        assert validate(word, "--region", meant) == "1 spec valid, 1 target."


def test_files_that_are_about_others_need_not_be_sound(tree: Path) -> None:
    (tree / "specs/mailer.yaml").write_text(function_spec("mailer", configuration="Timout: 3"))
    (tree / "specs/broken.yaml").write_text("function: [broken\n")
    assert validate("checkout") == "2 specs valid, 3 targets."
    assert "did you mean Timeout?" in validate("mailer")
    told = validate("broken")
    assert told.startswith("20: specs/broken.yaml:")
    assert "Timout" not in told
    (tree / "specs/reconcile.yaml").write_text("aws: 1\n")
    assert validate("checkout").startswith("20: specs/reconcile.yaml:1:")


# --- a part of a tree ------------------------------------------------------------------------------------------------------


def deploy(house: House, *names: str, config: str = "managedBy: shop\n") -> None:
    house.write("reconcile.yaml", CONFIG + config, stock=False)
    for name in names:
        house.write(f"{name}.yaml", function_spec(name))
    house.apply()


def test_of_a_part_nothing_is_pruned_and_no_orphan_told(house: House) -> None:
    deploy(house, "checkout", "mailer", config="managedBy: shop\nprune: true\n")
    house.remove("mailer.yaml")
    for words in (["checkout"], ["*"], ["--account", "test"], ["--region", "us-*"]):
        document = house.plan(*words)
        assert (document["summary"]["delete"], document["orphans"], document["in_sync"]) == (0, [], True)
        refused = house.run("plan", "--prune", *words)
        assert (refused.exit_code, "(R246)" in refused.err) == (21, True)
    assert house.plan("specs")["summary"]["delete"] == 1


def test_a_percentage_of_a_part_is_one_of_the_whole(house: House) -> None:
    deploy(house, "checkout", "mailer", "stock", "till", config="guards: {maxDeletePercent: 25}\n")
    house.write("till.yaml", "function: till\naccount: test\nregion: us-west-2\nstate: absent\n")
    assert house.run("plan", "till").exit_code == 0
    house.write("stock.yaml", "function: stock\naccount: test\nregion: us-west-2\nstate: absent\n")
    assert house.run("plan", "till", "stock").exit_code == 21


def test_a_plan_of_a_part_approves_that_part(house: House) -> None:
    deploy(house, "checkout", "mailer")
    for name in ("checkout", "mailer"):
        house.write(f"{name}.yaml", function_spec(name, configuration="Timeout: 9"))
    assert house.run("plan", "check*", "-o", "plan.json").exit_code == 0
    house.writes()
    whole = house.run("apply", "--yes", "--approved", "plan.json")
    assert whole.exit_code == 23
    assert "test/us-west-2/mailer" in whole.err + whole.out
    assert house.writes() == ["UpdateFunctionConfiguration"]
    assert house.verbs() == {"mailer": "update"}
    house.write("checkout.yaml", function_spec("checkout", configuration="Timeout: 8"))
    assert house.run("plan", "checkout", "-o", "plan.json").exit_code == 0
    assert house.run("apply", "checkout", "--yes", "--approved", "plan.json").exit_code == 0
    assert house.run("apply", "mailer", "--yes", "--approved", "plan.json").exit_code == 23


def test_a_snapshot_of_a_part_asks_no_other_place(house: House) -> None:
    deploy(house, "checkout", config="")
    house.write("reconcile.yaml", TWO, stock=False)
    house.sandbox.requests.clear()
    assert house.run("snapshot", "checkout").exit_code == 0
    assert {request.region for request in house.sandbox.requests} == {"us-west-2"}


def test_functions_of_any_name_that_is_given_are_listed(house: House) -> None:
    deploy(house, "checkout", "mailer", "till")

    def listed(*words: str) -> list[str]:
        return [item["functionName"] for item in house.run("functions", *words).json()]

    assert listed() == listed("specs") == ["checkout", "mailer", "till"]
    assert listed("specs", "test/*/check*", "till") == ["checkout", "till"]
    assert listed("specs", "--function", "mailer", "till") == []
    house.run("snapshot", "-o", "live.json")
    assert listed("m*", "--snapshot", "live.json") == ["mailer"]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("--account tst", "specs/reconcile.yaml has no account tst; did you mean test?"),
        ("--region us-west-1", "specs/reconcile.yaml has no region us-west-1 there; did you mean us-west-2?"),
        (
            "--account bare",
            "no region of bare is known; write `regions` in specs/reconcile.yaml, or give --region with --account",
        ),
    ],
)
def test_where_there_is_no_place_to_be_asked_the_list_is_empty_and_the_reason_told(
    house: House, flags: str, told: str
) -> None:
    is_bare = "bare" in flags
    house.write(
        "reconcile.yaml",
        CONFIG + is_bare * '    - {name: bare, lambdaEnabled: true, accountId: "210987654321"}\n',
        stock=False,
    )
    result = house.run("functions", *flags.split())
    assert (result.exit_code, result.json(), result.err) == (0, [], f"warning: {told}\n")
    assert house.sandbox.requests == []


def test_the_sandbox_is_stocked_for_what_is_chosen(tree: Path) -> None:
    sandbox = ("sandbox", "prod/checkout", "--", "reconcile-is-not-here")
    assert "reconcile-is-not-here" in reconcile(*sandbox).err
    assert "did you mean checkout?" in reconcile("-C", "specs", "sandbox", "chekout", "--", "true").err


# --- where the tree is -----------------------------------------------------------------------------------------------------


def standing(folder: Path, *arguments: str) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(folder):
        return reconcile(*arguments)


@pytest.mark.parametrize("below", [".", "specs", "specs/shop", "src/checkout/deep"])
def test_the_tree_is_found_upwards_and_is_the_same_from_everywhere_in_it(house: House, below: str) -> None:
    git(house.root, "init", "-q", "-b", "main")
    house.write("shop/checkout.yaml", function_spec())
    house.write("mailer.yaml", function_spec("mailer"))
    house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    here = house.root / below
    assert standing(here, "plan", "-o", str(house.root / "plan.json")).exit_code == 0
    assert house.run("apply", "--yes", "--approved", "plan.json", "--prune").exit_code == 0
    assert "2 unchanged" in standing(here, "plan", "checkout", "mailer").out
    done = standing(here, "apply", "--yes")
    assert (done.exit_code, len(list((house.root / "reports").glob("*.json")))) == (0, 2)
    assert list(house.root.rglob("reports")) == [house.root / "reports"]
    assert len(standing(here, "tasks").out.splitlines()) == 2


def test_a_mistake_is_told_from_where_one_stands(tree: Path) -> None:
    (tree / "specs/mailer.yaml").write_text("function: mailer\naccount: nobody\nregion: us-west-2\n")
    assert standing(tree / "src", "validate").err.startswith(
        "../specs/mailer.yaml:2:10: account nobody is not in ../specs/"
    )
    assert standing(tree / "specs/shop", "validate", ".").out == "1 spec valid, 2 targets.\n"


def test_reconcile_yaml_beside_specs_or_without_such_a_folder_rules_as_well(tree: Path) -> None:
    (tree / "specs/reconcile.yaml").rename(tree / "reconcile.yaml")
    for folder in ("src", "specs/shop"):
        assert standing(tree / folder, "validate").out == "3 specs valid, 4 targets.\n"
    (tree / "specs").rename(tree / "functions")
    assert standing(tree / "functions/shop", "validate").out == "3 specs valid, 4 targets.\n"


def test_what_stands_above_the_work_tree_is_not_of_it(tree: Path) -> None:
    (tree / "inner/deep").mkdir(parents=True)
    git(tree / "inner", "init", "-q", "-b", "main")
    result = standing(tree / "inner/deep", "validate")
    assert (result.exit_code, "does not exist" in result.err) == (20, True)


def test_with_c_all_is_as_if_one_stood_there(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree.parent)
    assert reconcile("-C", str(tree), "validate", "specs/shop").out == "1 spec valid, 2 targets.\n"
    monkeypatch.chdir(tree.parent)
    assert reconcile("-C", str(tree / "src"), "validate").exit_code == 2
    (tree / "src").mkdir()
    assert reconcile("-C", str(tree / "src"), "validate", "prod/checkout").out == "1 spec valid, 1 target.\n"
    monkeypatch.setenv("RECONCILE_VALIDATE_FORMAT", "json")
    assert reconcile("-C", str(tree), "validate", "chekout").json()["exit_code"] == 2
