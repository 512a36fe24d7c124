"""Files that scripts write from here-documents are read as if they lay at their paths, at their places there."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.model.host import Site
from netlint.source import Source

RESTART = "systemctl restart docker\n"
UNIT = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --bip=10.9.9.1/24\n"
TABS = "".join(f"\t{line}\n" for line in UNIT.splitlines())
NETPLAN = "network:\n  version: 2\n  ethernets:\n    eth1:\n      addresses: [10.9.8.1/24]\n"
DROP_IN = "/etc/systemd/system/docker.service.d/10.conf"


def site(folder: Path, text: str, name: str = "setup.sh") -> Site:
    (folder / name).write_text(text, encoding="utf-8")
    return build(discover([str(folder)]), Config())[0]


def bip(whole: Site) -> str | None:
    (host,) = whole.hosts
    found = host.daemon.text("bip") if host.daemon is not None else None
    return found.value if found is not None else None


@pytest.mark.parametrize(
    "text",
    [
        f"cat > {DROP_IN} <<EOF\n{UNIT}EOF\n",
        f"cat <<'EOF' | sudo tee {DROP_IN} >/dev/null\n{UNIT}EOF\n",
        f"D=/etc/systemd/system/docker.service.d\ncat > $D/10.conf <<-EOF\n{TABS}\tEOF\n",
        f"sudo bash -c 'cat > {DROP_IN} <<EOF\n{UNIT}EOF\n'\n",
    ],
)
def test_units(tmp_path: Path, text: str) -> None:
    whole = site(tmp_path, text + RESTART)
    assert bip(whole) == "10.9.9.1/24"
    (host,) = whole.hosts
    assert host.daemon is not None
    found = host.daemon.text("bip")
    assert found is not None
    assert Source("setup.sh", text).slice(found.span) == "10.9.9.1/24"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"if a; then\ncat > {DROP_IN} <<EOF\n{UNIT}EOF\nfi\n", f"{DROP_IN}, which only may be written"),
        (f"cat > {DROP_IN} <<EOF\n{UNIT}Environment=A=$A\nEOF\n", f"{DROP_IN}, completed by variables"),
        (f"cat >> {DROP_IN} <<EOF\n{UNIT}EOF\n", f"what is appended to {DROP_IN}"),
        (f"cat > docker.service <<EOF\n{UNIT}EOF\n", None),  # nothing tells where that is
        (f"cat > $D/docker.service <<EOF\n{UNIT}EOF\n", None),
        (f"cat <<EOF\n{UNIT}EOF\n", None),
    ],
)
def test_what_is_not_read(tmp_path: Path, text: str, message: str | None) -> None:
    whole = site(tmp_path, text + RESTART)
    assert bip(whole) is None
    assert [one.message for one in whole.not_understood] == ([message] if message else [])


def test_dollars_in_quoted_documents_stay(tmp_path: Path) -> None:
    assert bip(site(tmp_path, f"cat > {DROP_IN} <<'EOF'\n{UNIT}ExecReload=/bin/kill -HUP $MAINPID\nEOF\n{RESTART}"))


def test_a_script_that_may_be_a_containers_writes_nothing_for_the_host(tmp_path: Path) -> None:
    text = f"#!/bin/sh\nip route add 10.0.0.0/8 dev eth0\ncat > /etc/netplan/1.yaml <<EOF\n{NETPLAN}EOF\n"
    assert site(tmp_path, text).hosts[0].configured == ()
    (found,) = site(tmp_path, text + RESTART).hosts[0].configured
    assert str(found.prefix) == "10.9.8.0/24"


def test_in_user_data(tmp_path: Path) -> None:
    """A here-document inside a text that is itself inside another: places are those of the whole."""
    block = "".join(f"    {line}\n" for line in f"cat > /etc/netplan/1.yaml <<EOF\n{NETPLAN}EOF".split("\n"))
    text = f"#cloud-config\n# docker\nruncmd:\n  - |\n{block}"
    (found,) = site(tmp_path, text, "user-data").hosts[0].configured
    assert (found.span.source, Source("user-data", text).slice(found.span)) == ("user-data", "10.9.8.1/24")


def test_what_lies_there_was_given(tmp_path: Path) -> None:
    (tmp_path / "etc/netplan").mkdir(parents=True)
    (tmp_path / "etc/netplan/1.yaml").write_text(NETPLAN.replace("10.9.8", "10.9.7"), encoding="utf-8")
    whole = site(tmp_path, f"cat > /etc/netplan/1.yaml <<EOF\n{NETPLAN}EOF\n{RESTART}")
    assert [str(one.prefix) for host in whole.hosts for one in host.configured] == ["10.9.7.0/24"]
