"""The lab runs as root with an engine installed; otherwise its tests skip and say why."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from engine import programs
from net import remove_leftovers

TOOLS = ("ip", "nsenter", "unshare", "dockerd", "docker", "iptables-save", "busybox")


def missing() -> str | None:
    """Why the lab cannot run here."""
    if os.geteuid() != 0:
        return "the lab needs root for network namespaces"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"the lab needs {', '.join(absent)}" if absent else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def clean_lab() -> Iterator[None]:
    if missing() is None:
        remove_leftovers()
    yield
    if missing() is None:
        remove_leftovers()


@pytest.fixture(params=["20.10", "28.5"])
def version(request: pytest.FixtureRequest) -> str:
    """Each engine version that a proof runs on."""
    wanted = str(request.param)
    if programs(wanted) is None:
        pytest.skip(f"engine {wanted} is not unpacked; run tests/lab/fetch-engines.sh")
    return wanted
