"""Arguments and exit statuses. With output.py the only module that prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from netlint import __version__

OK, FINDINGS, USAGE, GAP = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is as CLI.md defines it: 0 fine, 1 findings, 2 usage, 3 coverage gap."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:  # before any import that it does not need
        print(f"netlint {__version__}")
        return OK
    if "msgspec" not in sys.modules:
        _import_msgspec()
    from netlint import commands  # noqa: PLC0415 - the imports of a command are not the price of --version

    return commands.run(words)


def _import_msgspec() -> None:
    """msgspec looks for typing_extensions, and does as well with typing: a tenth of the time that a check takes."""
    blocked = "typing_extensions" not in sys.modules
    if blocked:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401, PLC0415 - the same
    finally:
        if blocked:
            del sys.modules["typing_extensions"]
