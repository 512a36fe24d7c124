"""Patterns of paths; git's own answer is asked for where git is there."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.globs import ConfigPaths, matches, wrong

CASES = [
    ("examples/**", "examples/a.yaml", True),
    ("examples/**", "examples/deep/a.yaml", True),
    ("examples/**", "other/examples/a.yaml", False),
    ("examples/", "examples/deep/a.yaml", True),
    ("examples", "examples/a.yaml", True),
    ("examples", "x/examples/a.yaml", True),
    ("/examples", "x/examples/a.yaml", False),
    ("/examples", "examples/a.yaml", True),
    ("*.yaml", "a.yaml", True),
    ("*.yaml", "x/y/a.yaml", True),
    ("x/*.yaml", "x/a.yaml", True),
    ("x/*.yaml", "x/y/a.yaml", False),
    ("x/*", "x/y/a.yaml", True),
    ("**/compose.yaml", "compose.yaml", True),
    ("**/compose.yaml", "a/b/compose.yaml", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**/b", "a/xb", False),
    ("compose.yaml", "compose.yaml.bak", False),
    ("c?mpose.yaml", "compose.yaml", True),
    ("[a-c].yaml", "b.yaml", True),
    ("[!a-c].yaml", "b.yaml", False),
    ("[!a-c].yaml", "d.yaml", True),
    ("a.yaml", "axyaml", False),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), CASES)
def test_matches(pattern: str, path: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_git_means_the_same(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for pattern, path, expected in CASES:
        (tmp_path / ".gitignore").write_text(pattern + "\n")
        done = subprocess.run(["git", "-C", str(tmp_path), "check-ignore", "-q", path], check=False)
        assert (done.returncode == 0) is expected, (pattern, path)


@pytest.mark.parametrize("pattern", ["", "/", "//"])
def test_nothing_matches_nothing(pattern: str) -> None:
    assert not matches("a", pattern)


@given(st.text("ab/*?[]!^\\-.(&~|"), st.text("ab/.", min_size=1))
def test_any_pattern_is_good_or_named_wrong(pattern: str, path: str) -> None:
    if not wrong(pattern):
        matches(path, pattern)


def test_wrong_patterns() -> None:
    assert wrong("[b-a]") == "pattern '[b-a]': bad character range b-a"
    assert wrong("/") == "pattern '/' names nothing"


def test_paths_are_written_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "deploy" / "shop").mkdir(parents=True)
    config = str(tmp_path / "netlint.toml")
    assert ConfigPaths(str(tmp_path), config).of("deploy/x") == "deploy/x"
    assert ConfigPaths(str(tmp_path / "deploy"), config).of("shop/x") == "deploy/shop/x"
    assert ConfigPaths(str(tmp_path / "deploy" / "shop"), config).of("../y") == "deploy/y"
    assert ConfigPaths(str(tmp_path), str(tmp_path / "deploy" / "netlint.toml")).of("other/x") == "other/x"
    assert ConfigPaths(str(tmp_path / "dump.zip"), config).of("edge/x") == "edge/x", "inside an archive"
    assert ConfigPaths(str(tmp_path), None).of("x") == "x"
