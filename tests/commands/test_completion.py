"""What a shell completes on the command line: commands, flags, and names of functions, which are read without AWS and quickly."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from reconciler.commands.completing import words
from tests.conftest import CONFIG, function_spec

# Each tells what it would complete the last word to, a line each. What zsh's own functions do, they tell instead: they run only while
# somebody types.
SHELLS = {
    "bash": """
        eval "$(_RECONCILE_COMPLETE=bash_source reconcile)"
        COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        compopt() {{ echo "files"; }}
        _reconcile_completion reconcile
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compdef() {{ : }}
        compadd() {{ print -l -- $completions }}
        _describe() {{ print -l -- ${{completions_with_descriptions%%:*}} }}
        _path_files() {{ print files }}
        eval "$(_RECONCILE_COMPLETE=zsh_source reconcile)"
        words=({line}); CURRENT=$#words
        _reconcile_completion
    """,
    "fish": """
        function __fish_complete_path; echo $argv[1]files; end
        _RECONCILE_COMPLETE=fish_source reconcile | source
        complete -C {quoted}
    """,
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/reconcile"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m reconciler "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "house/specs/shop").mkdir(parents=True)
    (tmp_path / "house/specs/reconcile.yaml").write_text(CONFIG)
    (tmp_path / "house/specs/shop/checkout.yaml").write_text(function_spec())
    (tmp_path / "house/specs/mailer.yml").write_text(
        "# ours\nfunction: 'mailer'  # sends\naccount: prod\nregions: [us-west-2, eu-west-1]\n: broken [\n"
        "aliases:  # two\n\n  # the one\n  live:\n    FunctionVersion: published\n  beta: {}\nother: 1\n"
    )
    (tmp_path / "house/specs/shared.yaml").write_text("layer: shared\naccount: prod\nregion: us-west-2\n")
    monkeypatch.chdir(tmp_path / "house")
    return tmp_path


def completed(shell: str, line: str) -> set[str]:
    """What a shell offers for the last word of a line."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    words = " ".join(f"'{word}'" for word in line.split(" "))
    script = SHELLS[shell].format(line=words, quoted=shlex.quote(line))
    flags = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    ran = subprocess.run([program, *flags, "-c", script], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    offered = {word.partition("\t")[0] for word in ran.stdout.split("\n") if word}
    return {"files" if word.endswith("files") else word for word in offered}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("reconcile val", {"validate"}),
        ("reconcile ci va", {"validate"}),
        ("reconcile plan --detailed", {"--detailed-exitcode"}),
        ("reconcile plan --format j", {"json"}),
        ("reconcile plan ", {"checkout", "layer/shared", "mailer"}),
        ("reconcile plan lay", {"layer/shared"}),
        ("reconcile status prod/us-w", {"prod/us-west-2/mailer", "prod/us-west-2/layer/shared"}),
        ("reconcile logs tes", {"test/us-west-2/checkout"}),
        ("reconcile rollback mailer/", {"mailer/live", "mailer/beta"}),
        ("reconcile rollback prod/eu-west-1/mailer/l", {"prod/eu-west-1/mailer/live"}),
        ("reconcile tasks --function ma", {"mailer"}),
        ("reconcile logs ch", {"checkout"}),
        ("reconcile plan mailer ch", {"checkout"}),
        ("reconcile plan ./spe", {"files"}),
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_commands_flags_values_and_names(
    tree: Path, shell: str, line: str, offered: set[str]
) -> None:
    assert completed(shell, line) == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_names_are_those_of_the_tree_that_the_line_is_about(
    tree: Path, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree / "house/specs/shop")
    assert completed(shell, "reconcile status ma") == {"mailer"}
    monkeypatch.chdir(tree)
    assert completed(shell, "reconcile -C house plan ch") == {"checkout"}
    assert completed(shell, "reconcile plan ch") == {"files"}


def named(folder: Path, texts: Iterable[bytes]) -> list[str]:
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_bytes(text)
    return words(folder, "")


def test_only_what_can_be_a_name_is_offered(tmp_path: Path) -> None:
    hostile = ["$(touch x)", "a;b", "a b", "`x`", "../x", "x\x1b[31m", "x,y", "*", "é", "x" * 141]
    assert named(tmp_path, [f"function: {name}\n".encode() for name in hostile]) == []


def test_what_cannot_be_read_offers_nothing_and_stops_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/spec.yaml").write_text("function: hidden\n")
    texts = [
        "",
        "function: late\r\n",
        '---\nfunction:   "quoted"\n',
        "#" * 5000 + "\nfunction: far\n",
        "  function: inner\n",
    ]
    assert named(tmp_path, [b"\xff\xfe", *map(str.encode, texts)]) == ["late", "quoted"]
    assert words(tmp_path / "nowhere", "") == []


@pytest.mark.parametrize(
    "section",
    [
        'aliases: {live: {FunctionVersion: "1"}, beta: {FunctionVersion: published, RoutingConfig: {}}}',
        "aliases:\n    live:\n        FunctionVersion: published\n    beta: {}\n",
        "aliases:\r\n  live: {}\r\n  'beta': {}\r\nurls: {other: {}}",
    ],
)
def test_aliases_are_those_of_the_section_however_it_is_written(tmp_path: Path, section: str) -> None:
    (tmp_path / "a.yaml").write_bytes(f"function: a\nurls:\n  none: {{}}\n{section}\ntags:\n  x: y\n".encode())
    assert words(tmp_path, "a/", has_alias=True) == ["a/beta", "a/live"]
    assert words(tmp_path, "a/") == []


def test_completing_a_name_loads_no_reader_of_yaml(tree: Path) -> None:
    script = (
        "import sys; from reconciler.cli import main\n"
        "try: main()\nfinally: print([name for name in ('yaml', 'jsonschema', 'botocore', 'git') if name in sys.modules], file=sys.stderr)"
    )
    variables = {"_RECONCILE_COMPLETE": "bash_complete", "COMP_WORDS": "reconcile\nplan\nch", "COMP_CWORD": "2"}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr.strip(), ran.returncode) == ("plain,checkout\n", "[]", 0)
