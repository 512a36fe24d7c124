"""Arguments and exit statuses. With output.py the only module that prints."""

from __future__ import annotations

import gc
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
    gc.disable()  # the process is short, and a dump makes millions of objects without a cycle
    try:
        if "msgspec" not in sys.modules:
            _import_libraries()
        from netlint import commands  # noqa: PLC0415 - the imports of a command are not the price of --version

        return commands.run(words)
    finally:
        gc.freeze()  # the interpreter would look through them all once more at its end
        gc.enable()


def _import_libraries() -> None:
    """argparse and msgspec without what a check has no use for: a fourth of the time that one takes."""
    import typing  # noqa: PLC0415 - as in main

    from netlint.pattern import modules_later, patterns_later  # noqa: PLC0415 - as in main

    blocked = "typing_extensions" not in sys.modules
    if blocked:  # it looks for them, and does as well with typing
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    # it tries which arguments the real one takes, and so sets up all that Python compiles texts with
    reference, typing.ForwardRef = typing.ForwardRef, lambda *_, **__: None  # type: ignore[assignment, misc]
    try:
        with patterns_later():
            import argparse  # noqa: PLC0415 - as in main
            import uuid  # noqa: F401, PLC0415 - which msgspec loads, and which loads a table of platforms
        modules_later("msgspec.inspect", "msgspec.json", "msgspec.msgpack", "msgspec.toml", "msgspec.yaml")
        import msgspec  # noqa: F401, PLC0415

        argparse._ = str  # type: ignore[attr-defined]  # it has no translations, and to look for some loads `locale`
    finally:
        typing.ForwardRef = reference  # type: ignore[misc]
        if blocked:
            del sys.modules["typing_extensions"]
