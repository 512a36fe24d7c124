"""The git checkout that a run lies in: where it begins, and which revision of which repository it is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]{2,}):(?!//)(?P<path>[^\s]+)")
_TIMEOUT = 10  # seconds; git answers in milliseconds, but a folder may lie on a network disk that is gone


class Provenance(Struct, frozen=True):
    """What was checked: `uri` of the repository, `revision` (40 or 64 hex digits), `branch` unless none is checked out,
    and `root`, the absolute path of the checkout."""

    uri: str
    revision: str
    branch: str | None
    root: str


def checkout_root(folder: str) -> str | None:
    """The nearest directory at or above `folder` that is a git checkout. git itself is not run."""
    path = Path(os.path.realpath(folder))
    return next((str(place) for place in (path, *path.parents) if (place / ".git").exists()), None)


def provenance(root: str) -> Provenance | None:
    """What git says of the checkout at `root`; None without git, without a commit or without a remote."""
    revision = _git(root, "rev-parse", "--verify", "HEAD")
    remote = _git(root, "config", "--get", "remote.origin.url")
    uri = repository_uri(remote, root) if remote else None
    if not revision or uri is None:
        return None
    return Provenance(uri, revision, _git(root, "symbolic-ref", "--short", "HEAD") or None, root)


def repository_uri(remote: str, root: str = "/") -> str | None:
    """A git remote as an absolute URI without name and password; None for a text that is no remote."""
    if "::" in remote:  # a transport helper and what is to be told it
        return None
    scp = _SCP.fullmatch(remote)
    if "://" not in remote and scp is not None:
        return f"ssh://{scp['host']}/{quote(scp['path'].lstrip('/'), safe='/~')}"
    if "://" not in remote:
        path = os.path.normpath(os.path.join(root, remote))
        return Path(path).as_uri() if os.path.isabs(path) else None
    try:
        parts = urlsplit(remote)
    except ValueError:
        return None
    if not parts.scheme or not (parts.netloc or parts.scheme == "file"):
        return None
    host = parts.netloc.rpartition("@")[2]  # a token may stand before the @
    return urlunsplit((parts.scheme, host, quote(parts.path, safe="/~%"), "", ""))


def _git(root: str, *words: str) -> str:
    """What a git command that only reads prints; empty where it fails."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", root, *words], capture_output=True, timeout=_TIMEOUT, check=False, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
