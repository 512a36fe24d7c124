"""The checkout that a run lies in."""

import subprocess
from pathlib import Path

import pytest

from netlint.checkout import Provenance, checkout_root, provenance, repository_uri


@pytest.mark.parametrize(
    ("remote", "uri"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git"),
        ("https://x-access-token:ghs_secret@example.com/a/b", "https://example.com/a/b"),
        ("https://user@example.com:8443/a/b", "https://example.com:8443/a/b"),
        ("https://example.com/a b?token=secret#x", "https://example.com/a%20b"),
        ("git@example.com:a/b.git", "ssh://example.com/a/b.git"),
        ("example.com:a/b.git", "ssh://example.com/a/b.git"),
        ("ssh://git@example.com:2222/a/b.git", "ssh://example.com:2222/a/b.git"),
        ("git://example.com/a", "git://example.com/a"),
        ("/srv/git/a.git", "file:///srv/git/a.git"),
        ("file:///srv/git/a.git", "file:///srv/git/a.git"),
        ("../a.git", "file:///srv/a.git"),
        ("http://[bad", None),
        ("ext::sh -c whatever", None),
    ],
)
def test_repository_uri(remote: str, uri: str | None) -> None:
    assert repository_uri(remote, "/srv/site") == uri


def test_provenance_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def git(*words: str) -> str:
        names = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        done = subprocess.run(["git", "-C", str(tmp_path), *names, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    assert checkout_root(str(tmp_path)) is None
    git("init", "-q", "-b", "trunk")
    inner = tmp_path / "deploy" / "shop"
    inner.mkdir(parents=True)
    assert checkout_root(str(inner)) == str(tmp_path)
    assert provenance(str(tmp_path)) is None, "nothing is committed yet"
    git("commit", "-q", "--allow-empty", "-m", "x")
    assert provenance(str(tmp_path)) is None, "no remote"
    git("remote", "add", "origin", "git@example.com:a/b.git")
    head = git("rev-parse", "HEAD")
    assert provenance(str(tmp_path)) == Provenance("ssh://example.com/a/b.git", head, "trunk", str(tmp_path))
    git("checkout", "-q", "--detach")
    assert provenance(str(tmp_path)) == Provenance("ssh://example.com/a/b.git", head, None, str(tmp_path))


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance(str(tmp_path)) is None
