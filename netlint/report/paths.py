"""Names of files as the consumer of a report knows them: paths in the checkout, whatever part of it was checked."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

from netlint.run import Run


class Paths:
    """`root` is the absolute directory that paths are relative to: the checkout, where the run lies in it."""

    def __init__(self, run: Run, checkout: str | None = None) -> None:
        self.given = os.path.realpath(run.root)
        top = os.path.realpath(checkout) if checkout is not None else self.given
        self.root = top if PurePath(self.given).is_relative_to(top) and os.path.isdir(self.given) else self.given

    def of(self, path: str) -> str:
        """The path of a file of the run below the root, in POSIX form; the absolute one of a file elsewhere."""
        absolute = os.path.normpath(os.path.join(self.given, path))
        if not PurePath(absolute).is_relative_to(self.root):
            return absolute
        return PurePath(absolute).relative_to(self.root).as_posix()


def blob_links() -> str:
    """Where GitHub shows the files of the checked revision; empty outside a job. A name that GitHub would not give
    makes no link."""
    server, repository, revision = (
        os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    )
    valid = (
        re.fullmatch(r"https?://[\w.:-]+", server)
        and re.fullmatch(r"[\w.-]+/[\w.-]+", repository)
        and re.fullmatch(r"[0-9a-f]{7,64}", revision)
    )
    return f"{server}/{repository}/blob/{revision}" if valid else ""
