"""From paths to specs: which files are read, where they apply, what they say, and what is worth a warning."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import SpecError
from reconciler.core.model import Desired, Key, Origin, Target
from reconciler.kinds.base import PUBLISHED_VERSION
from reconciler.spec import load
from tests.spec.reading import CONFIG, HEAD, alone, faults, folder, read, refusal, warnings

TARGET = Target("test", "us-west-2", "checkout")
ROLE = "arn:aws:iam::123456789012:role/r"


def described(desired: Desired) -> tuple[str, str, Any]:
    return desired.key.kind, desired.key.name, desired.properties


def test_every_section_becomes_what_is_desired(tmp_path: Path) -> None:
    body = (
        f"configuration: {{Timeout: 3, Role: '{ROLE}'}}\npublish: true\ntags: {{team: a}}\nallow_replace: true\nadopt: true\n"
        "versions: {'3': {state: absent}}\naliases: {live: {FunctionVersion: published}}\nignore: [/tags/x]\n"
        "event_source_mappings: {orders: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', alias: live}}\n"
    )
    (found,) = read(tmp_path, a=HEAD + body).specs
    assert found.target == TARGET
    assert [described(item) for item in found.desired] == [
        ("function", "", {"configuration": {"Timeout": 3, "Role": ROLE}, "tags": {"team": "a"}}),
        ("version", "3", {"state": "absent"}),
        ("alias", "live", {"FunctionVersion": PUBLISHED_VERSION}),
        ("event_source_mapping", "orders", {"EventSourceArn": "arn:aws:sqs:us-west-2:123456789012:q", "alias": "live"}),
    ]
    assert found.sections == {"configuration", "tags", "versions", "aliases", "event_source_mappings"}
    assert (found.publish, found.allow_replace, found.adopt, found.is_absent) == (True, True, True, False)
    assert found.ignore == ("/tags/x",)


def test_places_are_kept_for_the_whole_and_for_each_resource(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path, a=HEAD + "configuration: {Timeout: 3}\naliases:\n  live:\n    FunctionVersion: $LATEST\n"
    ).specs
    function, alias = found.desired
    assert found.origins["/aliases/live/FunctionVersion"] == Origin("specs/a.yaml", 7, 5)
    assert alias.origins["/FunctionVersion"] == Origin("specs/a.yaml", 7, 5)
    assert alias.origins[""] == Origin("specs/a.yaml", 6, 3)
    assert function.origins["/configuration/Timeout"] == Origin("specs/a.yaml", 4, 17)


def test_a_section_that_is_left_out_is_not_there(tmp_path: Path) -> None:
    (found,) = read(tmp_path, a=HEAD + "aliases: {}\n").specs
    assert (found.desired, found.sections) == ((), frozenset({"aliases"}))


def test_deletion_needs_no_more_than_a_name(tmp_path: Path) -> None:
    (found,) = read(tmp_path, a=HEAD + "state: absent\n").specs
    assert found.is_absent


def test_regions_give_one_spec_each(tmp_path: Path) -> None:
    found = read(tmp_path, a="function: f\naccount: test\nregions: [us-west-2, eu-west-1]\ntags: {}\n").specs
    assert [str(one.target) for one in found] == ["test/eu-west-1/f", "test/us-west-2/f"]
    assert [one.desired[0].key for one in found] == [Key(one.target, "function") for one in found]


ONE_OF_EACH = "aws: {accounts: [{name: only, regions: [eu-west-1]}]}\n"


def test_an_account_and_a_region_may_be_left_out_when_there_is_one(tmp_path: Path) -> None:
    (found,) = read(tmp_path, reconcile=ONE_OF_EACH, a="function: f\n").specs
    assert found.target == Target("only", "eu-west-1", "f")


TWO_ACCOUNTS = "aws: {accounts: [{name: test, regions: [us-west-2]}, {name: prod}]}\n"
UNPLACED: dict[str, tuple[str, str, str]] = {
    "no account": (TWO_ACCOUNTS, "function: f\n", "1:1: a spec needs account, for specs/reconcile.yaml has prod, test"),
    "no region": (CONFIG, "function: f\n", "1:1: a spec needs region; account test has us-west-2, eu-west-1"),
    "no region anywhere": (TWO_ACCOUNTS, "function: f\naccount: prod\n", "1:1: a spec needs region"),
    "an unknown account": (TWO_ACCOUNTS, "function: f\naccount: tset\n", "2:10: account tset is not in specs/reconcile.yaml; did you mean test?"),
    "a region of another account": (TWO_ACCOUNTS, "function: f\naccount: test\nregion: eu-west-1\n", "3:9: region eu-west-1 is not one of account test's in reconcile.yaml: us-west-2"),
    "one region of two": (TWO_ACCOUNTS, "function: f\naccount: test\nregions: [us-west-2, eu-west-1]\n", "3:22: region eu-west-1 is not one of account test's in reconcile.yaml: us-west-2"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNPLACED)
def test_a_place_that_is_not_known_is_refused(case: str, tmp_path: Path) -> None:
    config, text, message = UNPLACED[case]
    assert refusal(tmp_path, reconcile=config, a=text) == [f"specs/a.yaml:{message}"]


PASTED = f"""\
configuration:
  FunctionName: checkout
  FunctionArn: arn:aws:lambda:us-west-2:123456789012:function:checkout
  Runtime: python3.13
  Role: {ROLE}
  CodeSize: 300
  LastModified: '2026-01-01T00:00:00.000+0000'
  State: Active
  VpcConfig: {{SubnetIds: [], SecurityGroupIds: [], VpcId: ''}}
  Layers: [{{Arn: 'arn:aws:lambda:us-west-2:123456789012:layer:x:1', CodeSize: 3}}]
  SnapStart: {{ApplyOn: None, OptimizationStatus: 'Off'}}
  ImageConfigResponse: {{ImageConfig: {{Command: [x]}}}}
"""


def test_aws_own_answer_can_be_pasted(tmp_path: Path) -> None:
    (found,) = alone(tmp_path, HEAD + PASTED).specs
    assert found.desired[0].properties["configuration"] == {
        "Runtime": "python3.13",
        "Role": ROLE,
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
        "Layers": ["arn:aws:lambda:us-west-2:123456789012:layer:x:1"],
        "SnapStart": {"ApplyOn": "None"},
        "ImageConfig": {"Command": ["x"]},
    }


WARNED: dict[str, tuple[str, list[str]]] = {
    "an answer that was pasted": (
        "configuration: {State: Active, VpcConfig: {SubnetIds: [], SecurityGroupIds: [], VpcId: ''}}\n",
        [
            "4:17: configuration.State is AWS's answer, not a setting; it is ignored",
            "4:81: configuration.VpcConfig.VpcId is AWS's answer, not a setting; it is ignored",
        ],
    ),
    "published, and nothing publishes": (
        "aliases: {live: {FunctionVersion: published}}\n",
        ["4:11: alias live follows `published`, and this spec publishes nothing; write `publish: true`"],
    ),
    "published as a weight": (
        "aliases: {live: {FunctionVersion: '1', RoutingConfig: {AdditionalVersionWeights: {published: 0.1}}}}\n",
        ["4:11: alias live follows `published`, and this spec publishes nothing; write `publish: true`"],
    ),
    "a role of another account": (
        "configuration: {Role: 'arn:aws:iam::210987654321:role/r'}\n",
        ["4:23: the role is in account 210987654321, the function in 123456789012; Lambda needs one of its own account"],
    ),
    "nothing odd": (f"configuration: {{Runtime: python3.13, Role: '{ROLE}'}}\n", []),
}  # fmt: skip


@pytest.mark.parametrize("case", WARNED)
def test_what_is_legal_and_looks_like_a_mistake_is_warned_of(case: str, tmp_path: Path) -> None:
    body, messages = WARNED[case]
    assert warnings(tmp_path, body) == messages


def test_files_are_found_at_any_depth_and_hidden_ones_are_not(tmp_path: Path) -> None:
    specs = folder(tmp_path, b="", deep__er__a="")
    for name in (".hidden.yaml", ".git/x.yaml", "notes.txt", "c.yml"):
        (specs / name).parent.mkdir(exist_ok=True)
        (specs / name).write_text("")
    assert [str(path.relative_to(specs)) for path in load.spec_files([specs])] == ["b.yaml", "c.yml", "deep/er/a.yaml"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    folder(tmp_path, a=HEAD)
    with contextlib.chdir(tmp_path):
        found = load.spec_files([Path("specs"), Path("specs/a.yaml"), tmp_path / "specs" / "a.yaml"])
        assert found == [Path("specs/a.yaml")]


def linked_file(specs: Path) -> None:
    (specs / "x.yaml").symlink_to("/etc/hostname")


def linked_folder(specs: Path) -> None:
    (specs / "x").symlink_to("/etc")


def broken_link(specs: Path) -> None:
    (specs / "x.yaml").symlink_to("gone.yaml")


def pipe(specs: Path) -> None:
    os.mkfifo(specs / "x.yaml")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (linked_file, "x.yaml:1:1: is a link that leads out of"),
        (linked_folder, "x:1:1: is a link that leads out of"),
        (broken_link, "x.yaml:1:1: cannot be read: No such file"),
        (pipe, "x.yaml:1:1: is not a regular file"),
    ],
)
def test_what_cannot_be_read_truthfully_is_refused_not_passed_over(spoil: Any, message: str, tmp_path: Path) -> None:
    specs = folder(tmp_path, a=HEAD)
    spoil(specs)
    with pytest.raises(SpecError, match=message):
        load.load([specs], None)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("gone", "gone:1:1: does not exist; name a spec file or a folder of specs"),
        ("empty", "empty:1:1: has no spec; write one as a .yaml file with `function`, `account` and `region`"),
        (
            "specs/reconcile.yaml",
            "specs/reconcile.yaml:1:1: is the configuration; name a spec file or a folder of specs",
        ),
        ("/dev/null", "/dev/null:1:1: is neither a file nor a folder; name a spec file or a folder of specs"),
    ],
)
def test_a_path_without_a_spec_is_told_so(path: str, message: str, tmp_path: Path) -> None:
    folder(tmp_path, a=HEAD)
    (tmp_path / "empty").mkdir()
    with contextlib.chdir(tmp_path), pytest.raises(SpecError) as caught:
        load.load([Path(path)], None)
    assert str(caught.value) == f"{message} (R003)"


def test_a_code_path_is_relative_to_its_spec(tmp_path: Path) -> None:
    (tmp_path / "src" / "checkout").mkdir(parents=True)
    found = read(tmp_path, shop__a=HEAD + "code: {path: ../../src/checkout}\n").specs
    assert found[0].desired[0].properties["code"] == {"path": "src/checkout"}


def test_a_code_path_stays_in_the_tree(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    assert faults(tmp_path, "code: {path: ../../elsewhere}\n") == [
        f"4:14: code.path ../../elsewhere leads out of {tmp_path}; keep the code in the same tree"
    ]
    assert faults(tmp_path, "code: {path: ../link}\n") == [
        f"4:14: code.path ../link leads out of {tmp_path}; keep the code in the same tree"
    ]


def test_the_tree_is_the_git_work_tree_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "src").mkdir()
    folder(tmp_path / "repository", a=HEAD + "code: {path: ../src}\n", b=HEAD + "code: {path: ../../src}\n")
    with contextlib.chdir(tmp_path):
        assert [line.split("; ")[0] for line in refusal_in(Path("repository/specs"))] == [
            f"repository/specs/b.yaml:4:14: code.path ../../src leads out of {tmp_path}/repository"
        ]


def refusal_in(specs: Path) -> list[str]:
    from reconciler.commands import workspaces

    with pytest.raises(SpecError) as caught:
        workspaces.read([specs])
    return [line for line in str(caught.value).splitlines() if "is described here and at" not in line]


OFFLINE = """
import sys
from pathlib import Path
from reconciler.commands import workspaces
import reconciler.kinds.registry
workspaces.read([Path(sys.argv[1])])
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "git", "moto", "jinja2", "rich"})
print(*heavy)
"""


def test_checking_specs_imports_neither_boto3_nor_botocore(tmp_path: Path) -> None:
    specs = folder(tmp_path, a=HEAD + f"configuration: {{Role: '{ROLE}'}}\n")
    ran = subprocess.run([sys.executable, "-c", OFFLINE, str(specs)], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
