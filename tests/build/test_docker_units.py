"""The commands of docker.service and its drop-ins."""

from __future__ import annotations

from netlint.build.daemon import build_daemon
from netlint.build.facts import HostFacts, Parsed
from netlint.parse.systemd import parse
from netlint.source import Source


def starts(**texts: str) -> list[tuple[str, bool, bool, bool, bool]]:
    """Of each start: its unit, and whether it stands in a drop-in, after a reset, in a cut-out, and holds."""
    facts = HostFacts("h")
    paths = {"unit": "docker.service", "drop_in": "docker.service.d/x.conf", "other": "own.service", "cut": "unit.txt"}
    sources = [Source(paths[name], text) for name, text in texts.items()]
    build_daemon([Parsed(source, "systemd-unit", parse(source)[0]) for source in sources], facts)
    return [(one.unit, one.drop_in, one.after_reset, one.excerpt, one.effective) for one in facts.exec_starts]


def test_a_reset_takes_back_what_was_there() -> None:
    found = starts(unit="[Service]\nExecStart=dockerd\n", drop_in="[Service]\nExecStart=\nExecStart=dockerd -D\n")
    assert found == [("docker.service", False, False, False, False), ("docker.service", True, True, False, True)]


def test_a_drop_in_adds() -> None:
    found = starts(unit="[Service]\nExecStart=dockerd\n", drop_in="[Service]\nExecStart=dockerd -D\n")
    assert found == [("docker.service", False, False, False, True), ("docker.service", True, False, False, True)]


def test_units_are_told_apart() -> None:
    found = starts(unit="[Service]\nExecStart=dockerd\n", other="[Service]\nExecStart=dockerd -H unix:///x\n")
    assert [unit for unit, *_ in found] == ["docker.service", "own.service"]


def test_a_cut_out_is_known_as_such() -> None:
    assert starts(cut="ExecStart=dockerd\nExecStart=dockerd -D\n") == [("unit.txt", False, False, True, True)] * 2
