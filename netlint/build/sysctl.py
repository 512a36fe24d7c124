"""Kernel settings, from sysctl.conf, sysctl.d and `sysctl -a`."""

from __future__ import annotations

from pathlib import PurePosixPath

from netlint.build.facts import HostFacts, Parsed
from netlint.model.located import Located


def build_sysctls(files: list[Parsed], facts: HostFacts) -> None:
    """Add the settings in the order in which they take effect, so that the last of a key holds.

    sysctl.d first, by the name of the file alone whatever its folder (sysctl.d(5)), then sysctl.conf, then listings of
    the running kernel, which is what the files came to.
    """
    settings = facts.sysctls if facts.sysctls is not None else []
    for file in sorted(files, key=_order):
        for item in file.tree.unsupported:
            facts.unsupported(item)
        settings += [(setting.key, Located(setting.value.text, setting.value.span)) for setting in file.tree.settings]
    if files:
        facts.sysctls = settings


def _order(file: Parsed) -> tuple[int, str]:
    path = PurePosixPath(file.source.path)
    if path.suffix != ".conf":
        return 2, path.name
    return (1 if path.name == "sysctl.conf" else 0), path.name
