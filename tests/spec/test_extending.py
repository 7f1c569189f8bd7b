"""A spec extends defaults and has variants: what each of its targets gets, in which order, and what is told where it is written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands import workspaces
from reconciler.core.errors import SpecError
from reconciler.core.model import Spec
from reconciler.files import strict_yaml
from reconciler.files.strict_yaml import Document
from tests.citing import uncited
from tests.spec.reading import HEAD, folder, read, refusal, warnings

CONFIG = """
aws:
  accounts:
    - {name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2, eu-west-1]}
    - {name: prod, lambdaEnabled: true, accountId: "210987654321", regions: [us-west-2, eu-west-1]}
"""
PYTHON = """defaults: python
configuration:
  Runtime: python3.13
  MemorySize: 256
  VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
tags: {team: shop}
"""
EXTENDING = "function: checkout\nextends: defaults/python.yaml\naccount: test\nregion: us-west-2\n"


def by_address(root: Path, **texts: str) -> dict[str, Spec]:
    return {str(spec.target): spec for spec in read(root, reconcile=CONFIG, **texts).specs}


def configuration(spec: Spec) -> dict[str, Any]:
    return dict(spec.desired[0].properties["configuration"])


# --- order ---------------------------------------------------------------------------------------------------------


def test_the_nearest_word_counts_from_the_farthest_defaults_to_the_region(tmp_path: Path) -> None:
    said = by_address(
        tmp_path,
        defaults__house="defaults: house\nconfiguration: {Description: house, Timeout: 1, MemorySize: 128, Handler: h.h, Role: r}\n".replace(
            "Role: r", "Runtime: python3.12"
        ),
        defaults__python="defaults: python\nextends: house.yaml\nconfiguration: {Runtime: python3.13, Timeout: 2, MemorySize: 256, Handler: h.i}\n",
        a="function: checkout\nextends: defaults/python.yaml\naccount: test\nregion: us-west-2\n"
        "configuration: {Timeout: 3, MemorySize: 512}\n"
        "variants:\n  prod:\n    account: prod\n    regions: [us-west-2, eu-west-1]\n    configuration: {MemorySize: 1024}\n"
        "by_region:\n  eu-west-1: {configuration: {Timeout: 9}}\n",
    )
    house = {"Description": "house", "Runtime": "python3.13", "Handler": "h.i"}
    assert {at: configuration(spec) for at, spec in said.items()} == {
        "test/us-west-2/checkout": {**house, "Timeout": 3, "MemorySize": 512},
        "prod/us-west-2/checkout": {**house, "Timeout": 3, "MemorySize": 1024},
        "prod/eu-west-1/checkout": {**house, "Timeout": 9, "MemorySize": 1024},
    }
    there = said["prod/eu-west-1/checkout"]
    places = {
        name: there.origins[f"/configuration/{name}"] for name in ("Description", "Handler", "MemorySize", "Timeout")
    }
    assert {name: (Path(place.path).stem, place.line) for name, place in places.items()} == {
        "Description": ("house", 2), "Handler": ("python", 3), "MemorySize": ("a", 10), "Timeout": ("a", 12)
    }  # fmt: skip
    assert [Path(path).stem for path in there.files] == ["a", "python", "house"]


def test_null_leaves_a_section_of_the_defaults_to_others_and_a_member_to_its_default(tmp_path: Path) -> None:
    (spec,) = by_address(
        tmp_path, defaults__python=PYTHON, a=EXTENDING + "tags: null\nconfiguration: {VpcConfig: null}\n"
    ).values()
    assert spec.sections == {"configuration"}
    assert configuration(spec) == {"Runtime": "python3.13", "MemorySize": 256}


def test_what_a_region_lacks_it_lacks_whoever_says_so(tmp_path: Path) -> None:
    spec = EXTENDING.replace("region: us-west-2", "regions: [us-west-2, eu-west-1]")
    defaults = PYTHON + "by_region: {eu-west-1: {tags: {team: eu}, configuration: {MemorySize: null}}}\n"
    said = by_address(
        tmp_path,
        defaults__python=defaults,
        a=spec + "by_region: {eu-west-1: {tags: null, configuration: {Runtime: null}}}\n",
    )
    assert said["test/eu-west-1/checkout"].sections == {"configuration"}
    assert configuration(said["test/eu-west-1/checkout"]).keys() == {"VpcConfig"}
    assert configuration(said["test/us-west-2/checkout"]).keys() == {"Runtime", "MemorySize", "VpcConfig"}
    taken = by_address(tmp_path, defaults__python=defaults, a=spec + "by_region: null\n")
    assert taken["test/eu-west-1/checkout"].sections == taken["test/us-west-2/checkout"].sections


def test_a_list_is_replaced_whole(tmp_path: Path) -> None:
    defaults = "defaults: d\ntags: {a: b}\nconfiguration: {}\nignore: [/tags/x, /tags/y]\n"
    (spec,) = by_address(tmp_path, defaults__python=defaults, a=EXTENDING + "ignore: [/tags/z]\n").values()
    assert spec.ignore == ("/tags/z",)


# --- places --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("top", "prod", "expected"),
    [
        ("account: test\nregion: us-west-2\n", "{account: prod}", ["prod/us-west-2", "test/us-west-2"]),
        ("account: test\nregion: us-west-2\n", "{account: prod, regions: [us-west-2, eu-west-1]}",
         ["prod/eu-west-1", "prod/us-west-2", "test/us-west-2"]),
        ("account: test\nregions: [us-west-2, eu-west-1]\n", "{account: prod, region: eu-west-1}",
         ["prod/eu-west-1", "test/eu-west-1", "test/us-west-2"]),
        ("region: us-west-2\n", "{account: prod}", "a spec needs account"),
        ("", "{account: prod, region: us-west-2}", ["prod/us-west-2"]),
    ],
    ids=["another account", "more regions", "one region", "the top says half of where", "the top says nothing of where"],
)  # fmt: skip
def test_the_top_is_a_place_of_its_own_where_it_says_where(
    top: str, prod: str, expected: list[str] | str, tmp_path: Path
) -> None:
    text = f"function: checkout\n{top}tags: {{a: b}}\nvariants:\n  prod: {prod}\n"
    if isinstance(expected, str):
        (line,) = refusal(tmp_path, reconcile=CONFIG, a=text)
        assert expected in line
    else:
        assert sorted(spec.target.place for spec in by_address(tmp_path, a=text).values()) == expected


def test_what_the_top_says_of_a_region_is_for_a_variant_that_is_there(tmp_path: Path) -> None:
    text = (
        HEAD
        + "tags: {a: b}\nby_region: {eu-west-1: {tags: {a: c}}}\nvariants: {prod: {account: prod, region: eu-west-1}}\n"
    )
    said = by_address(tmp_path, a=text)
    assert said["prod/eu-west-1/checkout"].desired[0].properties == {"tags": {"a": "c"}}
    (line,) = refusal(tmp_path, reconcile=CONFIG, a=text.replace("region: eu-west-1}", "region: us-west-2}"))
    assert "this spec is not for eu-west-1" in line


def test_defaults_may_speak_of_regions_that_a_spec_is_not_for(tmp_path: Path) -> None:
    defaults = PYTHON + "by_region: {eu-west-1: {tags: {team: eu}}}\n"
    (spec,) = by_address(tmp_path, defaults__python=defaults, a=EXTENDING).values()
    assert spec.desired[0].properties["tags"] == {"team": "shop"}


def test_two_variants_for_one_place_are_told_at_both(tmp_path: Path) -> None:
    text = HEAD + "variants:\n  blue: {account: prod}\n  green: {account: prod}\n  red: {tags: {a: b}}\n"
    assert refusal(tmp_path, reconcile=CONFIG, a=text) == [
        "specs/a.yaml:6:3: prod/us-west-2/checkout is described here and at specs/a.yaml:5:3; keep one of them",
        "specs/a.yaml:7:3: test/us-west-2/checkout is described here and at specs/a.yaml:1:11; keep one of them",
    ]


HOUSE = """defaults: where our functions are
variants:
  staging: {account: test, region: us-west-2, tags: null}
  prod:
    account: prod
    regions: [us-west-2, eu-west-1]
    configuration: {MemorySize: 1024}
    by_region: {eu-west-1: {configuration: {Runtime: null}}}
"""


def test_variants_of_defaults_are_one_file_for_a_place_of_all_that_extend_them(tmp_path: Path) -> None:
    specs = {f"s{number}": f"function: f{number}\nextends: defaults/python.yaml\n" for number in range(2)}
    specs["s1"] += "variants: {prod: {region: eu-west-1, configuration: {MemorySize: 2048}}, staging: null}\n"
    specs["s2"] = "function: f2\nextends: defaults/house.yaml\n"  # has no tags that staging could take away
    said = by_address(
        tmp_path,
        defaults__house=HOUSE,
        defaults__python=PYTHON.replace("configuration", "extends: house.yaml\nconfiguration"),
        **specs,
    )
    assert {at: (configuration(spec).get("MemorySize"), "tags" in spec.sections) for at, spec in said.items() if spec.desired} == {
        "test/us-west-2/f0": (256, False), "prod/us-west-2/f0": (1024, True), "prod/eu-west-1/f0": (1024, True),
        "prod/eu-west-1/f1": (2048, True), "prod/us-west-2/f2": (1024, False), "prod/eu-west-1/f2": (1024, False),
    }  # fmt: skip
    assert sorted(said) == sorted(
        {*(at for at in said if at[-2:] != "f2"), "test/us-west-2/f2", "prod/us-west-2/f2", "prod/eu-west-1/f2"}
    )
    assert "Runtime" not in configuration(said["prod/eu-west-1/f0"])
    assert said["prod/us-west-2/f0"].origins["/configuration/MemorySize"].path == "specs/defaults/house.yaml"


def test_a_place_that_defaults_give_is_told_where_they_give_it(tmp_path: Path) -> None:
    own = "function: f\nextends: defaults/house.yaml\naccount: prod\nregion: us-west-2\n"
    assert refusal(tmp_path, reconcile=CONFIG, defaults__house=HOUSE, a=own) == [
        "specs/defaults/house.yaml:4:3: prod/us-west-2/f is described here and at specs/a.yaml:1:11; keep one of them"
    ]
    nowhere = "defaults: d\nvariants: {blue: {account: prod}, red: {function: x, tgas: null}}\n"
    assert refusal(
        tmp_path, reconcile=CONFIG, defaults__house=nowhere, a="function: f\nextends: defaults/house.yaml\n"
    ) == [
        "specs/defaults/house.yaml:2:12: a spec needs region; account prod has us-west-2, eu-west-1; in 1 spec: specs/a.yaml",
        "specs/defaults/house.yaml:2:35: a spec needs account, for specs/reconcile.yaml has prod, test; in 1 spec: specs/a.yaml",
        "specs/defaults/house.yaml:2:41: variants.red.function is not written here: a variant is the same function elsewhere; one of another name has a file of its own; in 1 spec: specs/a.yaml",
        "specs/defaults/house.yaml:2:54: variants.red.tgas is not known; did you mean tags?; in 1 spec: specs/a.yaml",
    ]


def test_a_variant_can_be_taken_down_alone(tmp_path: Path) -> None:
    said = by_address(tmp_path, a=HEAD + "tags: {a: b}\nvariants: {prod: {account: prod, state: absent}}\n")
    assert [spec.is_absent for _, spec in sorted(said.items())] == [True, False]


def test_code_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "specs" / "defaults" / "src").mkdir(parents=True)
    defaults = "defaults: d\ncode: {path: src}\n"
    (spec,) = by_address(
        tmp_path, defaults__python=defaults, shop__a=EXTENDING.replace("defaults/", "../defaults/")
    ).values()
    assert spec.code["path"] == "specs/defaults/src"


def test_defaults_are_no_specs_and_defaults_of_something_else_are_passed_over(tmp_path: Path) -> None:
    found = read(tmp_path, a=EXTENDING, defaults__python=PYTHON, ci="defaults: &x {run: {shell: bash}}\njobs: {}\n")
    assert [str(spec.target) for spec in found.specs] == ["test/us-west-2/checkout"]
    assert [str(note.origin) for note in found.warnings] == ["specs/ci.yaml:1:1"]


def test_defaults_that_nothing_extends_are_told_where_all_specs_are_read(tmp_path: Path) -> None:
    folder(tmp_path, a=HEAD, defaults__python=PYTHON)
    with contextlib.chdir(tmp_path):
        (note,) = workspaces.read([Path("specs")]).specs.warnings
        assert str(note.origin) == "specs/defaults/python.yaml:1:1"
        assert "no spec extends these defaults" in note.message
        assert not workspaces.read([Path("specs/a.yaml"), Path("specs/defaults")]).specs.warnings


# --- mistakes ------------------------------------------------------------------------------------------------------


def test_a_mistake_in_defaults_is_told_once_with_the_specs_that_it_is_in(tmp_path: Path) -> None:
    specs = {f"s{number}": EXTENDING.replace("checkout", f"f{number}") for number in range(5)}
    wrong = PYTHON.replace("MemorySize: 256", 'Timout: 5\n  MemorySize: "256"')
    of_them = "; in 5 specs: specs/s0.yaml, specs/s1.yaml, specs/s2.yaml and 2 more"
    assert refusal(tmp_path, defaults__python=wrong, **specs) == [
        f"specs/defaults/python.yaml:4:3: configuration.Timout is not a Lambda setting; did you mean Timeout?{of_them}",
        f"specs/defaults/python.yaml:5:15: configuration.MemorySize must be a whole number or null: write 256 without quotes{of_them}",
    ]


def test_a_mistake_in_defaults_that_nothing_extends_is_told_all_the_same(tmp_path: Path) -> None:
    wrong = "defaults: d\nregion: us-west-2\nconfiguration: {Timout: 5, Role: '{{ account.id }}'}\n"
    assert refusal(tmp_path, a=HEAD, defaults__python=wrong) == [
        "specs/defaults/python.yaml:2:1: region is not written here: where a function is stands in its spec, or in variants",
        "specs/defaults/python.yaml:3:17: configuration.Timout is not a Lambda setting; did you mean Timeout?",
    ]


def test_what_only_both_together_make_wrong_is_told_at_the_later_place_and_names_the_other(tmp_path: Path) -> None:
    defaults = "defaults: d\ncode: {S3Bucket: bucket, S3Key: k}\n"
    (line,) = refusal(tmp_path, defaults__python=defaults, a=EXTENDING + "code: {path: ../specs}\n")
    assert line.startswith("specs/a.yaml:5:1: code must have exactly one source")
    assert "S3Bucket + S3Key at specs/defaults/python.yaml:2:8 and path at specs/a.yaml:5:8" in line


def test_a_warning_about_defaults_comes_once(tmp_path: Path) -> None:
    specs = {f"s{number}": EXTENDING.replace("checkout", f"f{number}") for number in range(2)}
    found = read(tmp_path, defaults__python=PYTHON + "policy: pasted\n", **specs)
    (note,) = found.warnings
    assert str(note.origin) == "specs/defaults/python.yaml:7:1"
    assert uncited(note.message).endswith("in 2 specs: specs/s0.yaml, specs/s1.yaml")


NULLS = {
    "a section that nobody says": "evnt_invoke: null\n",
    "a member that nobody says": "configuration: {Timeout: null}\n",
    "within what is new": "event_invoke: {$LATEST: {MaximumRetryAttempts: null}}\n",
}


@pytest.mark.parametrize("body", NULLS.values(), ids=NULLS)
def test_a_null_that_takes_nothing_away_is_a_mistake(body: str, tmp_path: Path) -> None:
    lines = refusal(tmp_path, defaults__python=PYTHON, a=EXTENDING + body)
    assert any(
        line.startswith("specs/a.yaml:5:") and "and nothing below says it; take this out" in line for line in lines
    )


FORMS = {
    "variants that are a list": ("variants: [prod]\n", "4:11: variants must be a map of labels to parts of a spec"),
    "no variant": ("variants: {}\n", "4:11: variants must be a map of labels to parts of a spec"),
    "a variant that is a text": ("variants: {prod: prod}\n", "4:18: variants.prod must be a map, part of a spec"),
    "too many": (f"variants: {{{', '.join(f'v{n}: {{}}' for n in range(101))}}}\n", "4:11: there are 101 variants; 100 are the most"),
    "another function": ("variants: {prod: {function: other}}\n", "4:19: variants.prod.function is not written here"),
    "a variant that extends": ("variants: {prod: {extends: d.yaml}}\n", "4:19: variants.prod.extends is not written here"),
    "a label like no name": ("variants: {'a b': {account: prod}}\n", "4:12: the label of a variant must be letters"),
    "an unknown key": ("variants: {prod: {account: prod, tgas: {}}}\n", "4:34: tgas is not a key of a spec; did you mean tags?"),
    "extends that is a list": ("extends: [d.yaml]\n", "4:10: extends must be a string"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "told"), FORMS.values(), ids=FORMS)
def test_a_mistake_of_form_is_told_at_its_place(body: str, told: str, tmp_path: Path) -> None:
    lines = refusal(tmp_path, reconcile=CONFIG, a=HEAD + body)
    assert any(line.startswith(f"specs/a.yaml:{told}") for line in lines), lines


def links(*names: str) -> dict[str, str]:
    """Defaults that each extend the next."""
    pairs = zip(names, (*names[1:], ""), strict=True)
    return {name: f"defaults: d\n{f'extends: {following}.yaml' if following else ''}\n" for name, following in pairs}


def pipe(root: Path) -> None:
    os.mkfifo(root / "specs" / "d.yaml")


def link_out(root: Path) -> None:
    (root / "outside.yaml").write_text(PYTHON)
    (root / "specs" / "d.yaml").symlink_to("../outside.yaml")


def large(root: Path) -> None:
    (root / "specs" / "d.yaml").write_text(PYTHON + "#" * 1_000_000)


def nothing(_: Path) -> None:
    pass


# What is extended, other files, what is prepared, and what is told.
HOSTILE: dict[str, tuple[str, dict[str, str], Callable[[Path], None], str]] = {
    "a file of the machine": ("/etc/passwd", {}, nothing, "a.yaml:4:10: extends /etc/passwd is absolute"),
    "a way out": ("../../../../../../../../etc/passwd", {}, nothing, "a.yaml:4:10: extends ../../../../../../../../etc/passwd, which leads out of specs"),
    "a folder": ("../specs", {}, nothing, "a.yaml:4:10: extends ../specs, which "),
    "nothing there": ("d.yaml", {}, nothing, "a.yaml:4:10: extends d.yaml, which cannot be read: No such file"),
    "a pipe": ("d.yaml", {}, pipe, "a.yaml:4:10: extends d.yaml, which is not a regular file"),
    "a link that leads out": ("d.yaml", {}, link_out, "a.yaml:4:10: extends d.yaml, which leads out of specs"),
    "too much": ("d.yaml", {}, large, "a.yaml:4:10: extends d.yaml, which is larger than 262,144 bytes"),
    "a spec": ("b.yaml", {"b": HEAD.replace("checkout", "b")}, nothing, "a.yaml:4:10: extends b.yaml, which is no file of defaults"),
    "itself": ("a.yaml", {}, nothing, "a.yaml:4:10: extends a.yaml, which is no file of defaults"),
    "both": ("b.yaml", {"b": "defaults: d\n" + HEAD.replace("checkout", "b")}, nothing, "a.yaml:4:10: extends b.yaml, which is no file of defaults"),
    "the configuration": ("reconcile.yaml", {}, nothing, "a.yaml:4:10: extends reconcile.yaml, which is no file of defaults"),
    "a circle": ("x.yaml", {**links("x", "y"), "y": "defaults: d\nextends: x.yaml\n"}, nothing, "y.yaml:2:10: extends x.yaml, and so itself: specs/x.yaml → specs/y.yaml → specs/x.yaml"),
    "a chain of four": ("w.yaml", links("w", "x", "y", "z"), nothing, "y.yaml:2:10: extends z.yaml, the fourth of a chain; 3 are the most"),
    "no YAML": ("x.yaml", {"x": "defaults: [\n"}, nothing, "x.yaml:2:1: is not YAML"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "others", "prepare", "told"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_extended_is_told_and_nothing_else_is_read(
    path: str, others: dict[str, str], prepare: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    folder(tmp_path, a=f"{HEAD}extends: {path}\n", **others)
    prepare(tmp_path)
    with contextlib.chdir(tmp_path), pytest.raises(SpecError) as caught:
        workspaces.read([Path("specs/a.yaml")])
    lines = [uncited(str(fault)) for fault in caught.value.faults]
    assert [line for line in lines if line.startswith(f"specs/{told}")], lines
    assert "root:" not in str(caught.value)


def test_a_mistake_that_is_found_again_where_it_is_extended_is_told_once(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, a=f"{HEAD}extends: x.yaml\n", x="defaults: [\n")
    assert line.startswith("specs/x.yaml:2:1: is not YAML")
    assert line.endswith("; in 1 spec: specs/a.yaml")


def test_defaults_outside_of_the_given_paths_are_read(tmp_path: Path) -> None:
    folder(tmp_path, defaults__python=PYTHON, a=EXTENDING)
    with contextlib.chdir(tmp_path):
        (spec,) = workspaces.read([Path("specs/a.yaml")]).specs.specs
    assert configuration(spec)["Runtime"] == "python3.13"


def test_each_file_of_defaults_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, parsed = strict_yaml.parse, list[str]()

    def counted(text: bytes | str, path: str) -> Document:
        parsed.append(path)
        return parse(text, path)

    monkeypatch.setattr(strict_yaml, "parse", counted)
    specs = {f"s{number}": EXTENDING.replace("checkout", f"f{number}") for number in range(9)}
    folder(tmp_path, defaults__python=PYTHON, **specs)
    with contextlib.chdir(tmp_path):
        workspaces.read(sorted(Path("specs").glob("s*.yaml")))
    assert parsed.count("specs/defaults/python.yaml") == 1


def test_layers_extend_nothing(tmp_path: Path) -> None:
    layer = "layer: shared\naccount: test\nregion: us-west-2\ncode: {S3Bucket: bucket, S3Key: k}\nextends: d.yaml\n"
    (line,) = refusal(tmp_path, a=layer)
    assert line.startswith("specs/a.yaml:5:1: extends is not a key of a spec")


def test_defaults_alone_are_nothing_to_plan(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, d=PYTHON)
    assert (
        line == "specs/d.yaml:1:1: has defaults, and no spec is read that extends them; name the specs, or their folder"
    )


def test_a_spec_without_parts_keeps_its_warnings(tmp_path: Path) -> None:
    assert warnings(tmp_path, "policy: x\n") == ["4:1: policy is AWS's answer, not a setting; it is ignored"]
