"""Dumps as tools lay them out: sosreport of several versions, supportconfig, libnetwork's support script."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.finding import Confidence, Severity
from netlint.rule import load_rules, rules_folder
from netlint.run import Run

RULES = load_rules([rules_folder()])
ADDR = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.44.0.9/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
"""
ADDR_O = "2: eth0    inet 10.44.0.9/24 scope global eth0\\       valid_lft forever preferred_lft forever\n"
ROUTE = """\
default via 10.44.0.1 dev eth0
10.44.0.0/24 dev eth0 proto kernel scope link src 10.44.0.9
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
172.17.128.0/17 via 10.44.0.2 dev eth0
local 10.44.0.9 dev eth0 table local proto kernel scope host src 10.44.0.9
"""
INSIDE = "8: eth0@if9: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 172.17.0.2/16 scope global eth0\n"
SYSCTL = "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 2\n"
IPTABLES = """\
Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination
    0     0 DOCKER     all  --  *      *       0.0.0.0/0 0.0.0.0/0     ADDRTYPE match dst-type LOCAL

Chain POSTROUTING (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination
    0     0 MASQUERADE  all  --  *      !docker0  172.17.0.0/16        0.0.0.0/0

Chain DOCKER (1 references)
 pkts bytes target     prot opt in     out     source               destination
    0     0 RETURN     all  --  docker0 *       0.0.0.0/0            0.0.0.0/0
"""
INSPECT = """\
[
    {
        "Name": "ov1",
        "Id": "klxlcz8xuuh2d4cfpc9jgd8df",
        "Scope": "swarm",
        "Driver": "overlay",
        "IPAM": {"Config": [{"Subnet": "10.0.1.0/24", "Gateway": "10.0.1.1"}]},
        "Containers": {}
    }
]
"""
NEITHER = {
    "proc/version": "Linux version 6.1\n",
    "sos_commands/kernel/dmesg": "[    0.0] docker0: port 1(veth1) entered blocking state\n",
    "sos_reports/manifest.json": '{"version": "4.5", "components": {"report": {"plugins": {}}}}\n',
    "usr/lib/bridge-utils/ifupdown.sh": "#!/bin/sh\nbrctl addbr br0\nip link set br0 up\n",
    "etc/nftables.conf": "#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n\tchain input {\n\t\ttype filter "
    "hook input priority filter;\n\t}\n}\n",
}
SOS_40 = {
    "sos_commands/networking/ip_-o_addr": ADDR_O,
    "sos_commands/networking/ip_-d_address": ADDR,
    "sos_commands/networking/ip_route_show_table_all": ROUTE,
    "sos_commands/networking/ip_netns_exec_web_ip_address_show": INSIDE,
    "sos_commands/networking/iptables_-t_nat_-nvL": IPTABLES,
    "sos_commands/kernel/sysctl_-a": SYSCTL,
    "etc/docker/daemon.json": "{}\n",
}
SOS_MAIN = {
    "sos_commands/networking/ip_-d_address": ADDR,
    "sos_commands/networking/ip_route_show_table_all": ROUTE,
    "sos_commands/networking/ip_-4_rule_list": "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n",
    "sos_commands/networking/namespaces/web/ip_netns_exec_web_ip_-d_address_show": INSIDE,
    "sos_commands/firewall_tables/iptables_-t_nat_-nvL": IPTABLES,
    "sos_commands/docker/docker_network_inspect_ov1": INSPECT,
    "sos_commands/kernel/sysctl_-a": SYSCTL,
    "etc/docker/daemon.json": "{}\n",
}
SUPPORTCONFIG = {
    "network.txt": f"""\
=============================================================================
                     Support Utilities - Supportconfig
=============================================================================

#==[ Command ]======================================#
# /sbin/ip addr
{ADDR}
#==[ Command ]======================================#
# /sbin/ip route show table all
{ROUTE}
#==[ Command ]======================================#
# /usr/sbin/iptables -t nat -nvL
{IPTABLES}
#==[ Configuration File ]===========================#
# /etc/resolv.conf
nameserver 10.44.0.53

#==[ Note ]=========================================#
Information gathered from ip addr
""",
    "env.txt": f"#==[ Command ]=====#\n# /sbin/sysctl -a\n{SYSCTL}\n#==[ Command ]=====#\n# /bin/date\nSun\n",
    "docker.txt": f"#==[ Command ]=====#\n# /usr/bin/docker network inspect ov1\n{INSPECT}\n#==[ Configuration File ]"
    "===#\n# /etc/docker/daemon.json\n{}\n",
}


def audited(folder: Path, files: dict[str, str], *, packed: bool) -> Run:
    top = folder / "scc_web1_221129"
    if packed:
        archive = folder / "web1.tar.gz"
        with tarfile.open(archive, "w:gz") as opened:
            for name, text in files.items():
                info = tarfile.TarInfo(f"{top.name}/{name}")
                info.size = len(text.encode())
                opened.addfile(info, io.BytesIO(text.encode()))
        return check(discover([str(archive)]), RULES, Config())
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")
    return check(discover([str(top)]), RULES, Config())


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "files", [SOS_40 | NEITHER, SOS_MAIN | NEITHER, SUPPORTCONFIG], ids=["sos 4.0", "sos main", "supportconfig"]
)
def test_one_host_with_one_defect(tmp_path: Path, files: dict[str, str], packed: bool) -> None:
    run = audited(tmp_path, files, packed=packed)
    (host,) = run.site.hosts
    assert host.interfaces is not None
    assert host.routes is not None
    assert [link.name for link in host.interfaces] == ["lo", "eth0", "docker0"]
    assert host.sysctl("net.ipv4.ip_forward") is not None
    ruleset = host.ruleset(4)
    assert ruleset is not None
    assert ruleset.chain("nat", "DOCKER") is not None
    found = {
        finding.rule
        for finding in run.findings
        if finding.severity is not None and finding.severity > Severity.NOTE and finding.confidence != Confidence.LOW
    }
    assert found == {"subnet-overlaps-route"}
    assert not run.site.unreadable
    assert not run.site.not_understood
    assert {file.status for file in run.coverage.files} <= {"read"}


def test_namespaces_of_a_sosreport(tmp_path: Path) -> None:
    for number, files in enumerate((SOS_40, SOS_MAIN)):
        (host,) = audited(tmp_path / str(number), files, packed=False).site.hosts
        (space,) = host.namespaces
        assert space.name == "web"
        assert space.interfaces is not None
        assert [link.name for link in space.interfaces] == ["eth0"]


@pytest.mark.parametrize(
    "text",
    [
        # old: outputs alone; new: each below its command
        f"{IPTABLES}{INSPECT}",
        f"# iptables -n -v -L -t nat\n{IPTABLES}# docker network inspect -v ov1\n{INSPECT}",
    ],
)
def test_support_script_of_libnetwork(tmp_path: Path, text: str) -> None:
    (tmp_path / "support.log").write_text(text, encoding="utf-8")
    run = check(discover([str(tmp_path)]), RULES, Config())
    (host,) = run.site.hosts
    assert "ov1" in [network.name for network in host.networks]
    ruleset = host.ruleset(4)
    assert ruleset is not None
    assert ruleset.chain("nat", "DOCKER") is not None
    assert not run.site.unreadable
