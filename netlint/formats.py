"""The formats netlint knows: which module parses each, and which builder takes its trees.

A format without a parser is recognised, so that a file of it is never taken for another, and reported as not read.
"""

from __future__ import annotations

from typing import NamedTuple


class Format(NamedTuple):
    """`parser` is a module of netlint.parse, `builder` a `module:function` of netlint.build, `title` for readers.

    `also` is a second builder, which gets the files after every first builder has had its own.
    """

    title: str
    parser: str = ""
    builder: str = ""
    also: str = ""


FORMATS: dict[str, Format] = {
    "compose": Format("Compose file", "yaml", "compose:build_projects", "weave:build_weave_services"),
    "env-file": Format("environment file of Compose", "dotenv", "compose:build_projects"),
    "daemon-json": Format("daemon.json", "json", "daemon:build_daemon"),
    "systemd-unit": Format("systemd unit", "systemd", "daemon:build_daemon", "actions_units:build_unit_actions"),
    "docker-defaults": Format(
        "docker defaults (/etc/default/docker)",
        "environment",
        "daemon:build_daemon",
        "actions_units:build_unit_actions",
    ),
    "dockerd-command": Format("dockerd command line", "command_line", "daemon:build_daemon"),
    "iptables-save": Format("iptables-save", "iptables_save", "netfilter:build_rulesets"),
    "iptables-S": Format("iptables -S", "iptables_save", "netfilter:build_rulesets"),
    "iptables-L": Format("iptables -L", "iptables_list", "netfilter:build_rulesets"),
    "nft": Format("nft list ruleset", "nft", "netfilter:build_rulesets"),
    "nft-json": Format("nft -j list ruleset", "nft_json", "netfilter:build_rulesets"),
    "ipset": Format("ipset save", "ipset", "netfilter:build_rulesets"),
    "ip-route": Format("ip route", "ip_route", "routes:build_routes"),
    "ip-route-json": Format("ip -j route", "json", "routes:build_routes"),
    "ip-rule": Format("ip rule", "ip_rule", "routing_rules:build_routing_rules"),
    "route-n": Format("route -n", "route_n", "routes:build_routes"),
    "ip-addr": Format("ip address, ip link", "ip_addr", "interfaces:build_interfaces"),
    "ip-addr-json": Format("ip -j address, ip -j link", "json", "interfaces:build_interfaces"),
    "ip-addr-brief": Format("ip -br address", "ip_addr_brief", "interfaces:build_interfaces"),
    "ifconfig": Format("ifconfig", "ifconfig", "interfaces:build_interfaces"),
    "resolv-conf": Format("resolv.conf", "resolv_conf", "resolver:build_resolver"),
    "listeners": Format("ss or netstat listeners", "listeners", "listeners:build_listeners"),
    "sysctl": Format("sysctl settings", "sysctl", "sysctl:build_sysctls"),
    "docker-network-inspect": Format("docker network inspect", "json", "networks:build_networks"),
    "docker-network-ls": Format("docker network ls", "docker_network_ls", "networks:build_networks"),
    "docker-info": Format("docker info", "docker_info", "engine:build_engine"),
    "docker-info-json": Format("docker info as JSON", "json", "engine:build_engine"),
    "docker-version": Format("docker version", "docker_info", "engine:build_engine"),
    "docker-version-json": Format("docker version as JSON", "json", "engine:build_engine"),
    "shell-script": Format("shell script", "shell", "actions:build_actions"),
    # recognised, not read
    "ip-neigh": Format("ip neigh"),
    "arp": Format("arp -n"),
    "brctl": Format("brctl show"),
    "bridge": Format("bridge link, fdb or vlan"),
    "ethtool": Format("ethtool"),
    "docker-ps": Format("docker ps"),
    "docker-inspect": Format("docker inspect"),
    "docker-port": Format("docker port"),
    "docker-service": Format("docker service or node listing"),
    "kubernetes": Format("Kubernetes manifest", "yaml", "weave:build_kubernetes_weave"),
    "cni": Format("CNI configuration"),
    "flannel": Format("flannel configuration"),
    "firewalld": Format("firewalld zone"),
    "fail2ban": Format("fail2ban jail"),
    "network-config": Format("networkd, netplan or ifupdown configuration"),
    "vpn-config": Format("WireGuard or OpenVPN configuration"),
    "docker-json-lines": Format("docker listing with --format json"),
    "template": Format("template"),
}
