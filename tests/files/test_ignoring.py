"""What .lambdaignore leaves out: git's own meaning, in time that no pattern can stretch, and never `.git` itself."""

from __future__ import annotations

import io
import subprocess
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from reconciler.files import ignoring
from reconciler.files.archive import credentials
from tests.files.packed import HERE, names, pack, refusal, tree


def is_ignored(pattern: str, path: str) -> bool:
    return ignoring.ignored([], [pattern], []).match_file(path)


PIECES = st.sampled_from(["*", "**", "?", "a", "b", "ab", "*a", "a*", "*a*b", "a*b*", "[ab]", "[!a]*b", "*.b", "a.*.b"])
PATTERNS = st.builds(
    lambda start, steps, end: start + "/".join(steps) + end,
    st.sampled_from(["", "/", "!", "!/"]), st.lists(PIECES, min_size=1, max_size=5), st.sampled_from(["", "/"]),
)  # fmt: skip
PATHS = st.lists(st.text(alphabet="ab.", min_size=1, max_size=6), min_size=1, max_size=6).map("/".join)


@given(st.lists(PATTERNS, min_size=1, max_size=3), PATHS)
def test_a_pattern_without_backtracking_matches_what_it_matched_with_it(lines: list[str], path: str) -> None:
    assert ignoring.ignored([], lines, []).match_file(path) == GitIgnoreSpec.from_lines(lines).match_file(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 255),
        ("*a*?*" * 30 + "b", "a" * 255),
        ("[ab]*" * 40 + "c", "ab" * 127),
        ("**/a/" * 40 + "b", "a/" * 1000 + "c"),
        ("x/" + "**/*a*a/" * 20 + "b", "x/" + "aaa/" * 500 + "c"),
        ("*" * 900 + "b", "a" * 255),
    ],
    ids=["stars", "stars and marks", "sets", "folders", "folders of stars", "a run of stars"],
)
def test_no_pattern_takes_longer_than_its_name_is_long(pattern: str, path: str) -> None:
    begun = time.process_time()
    assert not is_ignored(pattern, path)
    assert time.process_time() - begun < 10, "backtracking would take hours; this bound only tells it from that"
    assert is_ignored(pattern.removesuffix("b").removesuffix("c") + "*", path)


def test_too_many_or_too_long_patterns_are_told_with_their_line(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / ".lambdaignore").write_text("\n".join(f"name{number}" for number in range(1001)))
    assert refusal(root) == ".lambdaignore cannot be read: 1,001 patterns; the most is 1,000: name whole folders"
    (root / ".lambdaignore").write_text("fine\n" + "*a" * 501 + "\n")
    assert refusal(root) == ".lambdaignore cannot be read: line 2 has 1,002 characters; the most is 1,000"
    (root / ".lambdaignore").write_text("fine\n\n!\n")
    assert refusal(root).startswith(".lambdaignore cannot be read: line 3 is not a pattern")
    for unreadable in ("[[:alpha:]]x", "[z-a]", "a[b&&c]"):
        (root / ".lambdaignore").write_text(f"\n{unreadable}\n")
        assert refusal(root).startswith(".lambdaignore cannot be read: line 2 ")
    with (root / ".lambdaignore").open("wb") as file:
        file.truncate(1 << 30)
    assert refusal(root) == ".lambdaignore cannot be read: has more than 1,048,576 bytes"


@pytest.mark.parametrize("line", ["!.git", "!.git/", "!/.git/**", "!**/.git/config", "!*", "!.GIT"])
def test_git_itself_is_never_packed_whatever_the_ignore_file_takes_back(line: str, tmp_path: Path) -> None:
    inside = {".git/config": "x", "lib/.git/HEAD": "x", "module/.git": "gitdir: ../.git/modules/module", "c/.Git/x": ""}
    root = tree(tmp_path, **inside, **{".lambdaignore": f"{line}\n!.gitignore\n", ".gitignore": "x"})
    assert names(root) == [".gitignore", "app.py"]


def test_what_looks_like_a_credential_is_named(tmp_path: Path) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n"
    secrets = {
        ".env": "A=b", "config/.env.production": "A=b", ".aws/credentials": "[default]", "keys/id_rsa": key,
        "server.pem": key, "home/.netrc": "machine",
    }  # fmt: skip
    harmless = {
        ".env.example": "A=",
        "certifi/cacert.pem": "-----BEGIN CERTIFICATE-----",
        "environment.py": "",
        "a.key": "",
    }
    root = tree(tmp_path, **secrets, **harmless)
    assert credentials(io.BytesIO(pack(str(root), HERE))) == tuple(sorted(secrets))


def test_a_ready_archive_is_looked_through_as_well(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.JAR", "w") as archive:
        for name in ("app.class", ".git/config", "conf/.env"):
            archive.writestr(name, "x")
    assert credentials(io.BytesIO(pack(str(tmp_path / "code.JAR"), HERE))) == (".git/config", "conf/.env")


def test_git_agrees(tmp_path: Path) -> None:
    lines = ["*.log", "!keep.log", "/top", "build/", "a/**/b", "**/c/d", "x*y*z", "[!k]eep", "lib/*/t?st", "e\\*f"]
    paths = [
        "a.log", "keep.log", "deep/b.log", "top/x", "deep/top/y", "build/z", "a/b", "a/q/r/b", "z/a/b", "c/d", "q/c/d", "xyz",
        "x1y2z", "xyzq", "keep", "leep", "lib/u/test", "lib/u/v/test", "e*f", "eef",
    ]  # fmt: skip
    for path in paths:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(exist_ok=True) if not file.is_dir() else None
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("\n".join(lines))
    told = subprocess.run(
        ["git", "check-ignore", "--no-index", *paths], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    spec = ignoring.ignored([], lines, [])
    assert [path for path in paths if spec.match_file(path)] == told.stdout.splitlines()
