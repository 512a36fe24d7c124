"""The formats netlint knows: which module parses each, and which builder takes its trees.

A format without a parser is recognised, so that a file of it is never taken for another, and reported as not read.
"""

from __future__ import annotations

from msgspec import Struct


class Format(Struct, frozen=True):
    """`parser` is a module of netlint.parse, `builder` a `module:function` of netlint.build, `title` for readers.

    `also` is a second builder, which gets the files after every first builder has had its own.
    """

    title: str
    parser: str = ""
    builder: str = ""
    also: str = ""


FORMATS: dict[str, Format] = {
    "compose": Format("Compose file", "yaml", "compose:build_projects", "compose:build_weave"),
    "env-file": Format("environment file of Compose", "dotenv", "compose:build_projects"),
    "daemon-json": Format("daemon.json", "daemon_json", "daemon:build_daemon"),
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
    "nmcli": Format("nmcli device show", "nmcli", "interfaces:build_interfaces", "configured:build_nmcli_routes"),
    "ifconfig": Format("ifconfig", "ifconfig", "interfaces:build_interfaces"),
    "resolv-conf": Format("resolv.conf", "resolv_conf", "resolver:build_resolver"),
    "resolvectl": Format("resolvectl status", "resolvectl", "resolver:build_resolver"),
    "listeners": Format("ss or netstat listeners", "listeners", "listeners:build_listeners"),
    "sysctl": Format("sysctl settings", "sysctl", "sysctl:build_sysctls"),
    "docker-network-inspect": Format("docker network inspect", "json", "networks:build_networks"),
    "podman-network": Format("podman network inspect", "json", "configured:build_podman_networks"),
    "docker-network-ls": Format("docker network ls", "docker_network_ls", "networks:build_networks"),
    "docker-info": Format("docker info", "docker_info", "engine:build_engine"),
    "docker-info-json": Format("docker info as JSON", "json", "engine:build_engine"),
    "docker-version": Format("docker version", "docker_info", "engine:build_engine"),
    "docker-version-json": Format("docker version as JSON", "json", "engine:build_engine"),
    "docker-service": Format("docker service or node listing", "docker_swarm", "swarm:build_swarm"),
    "shell-script": Format("shell script", "shell", "actions:build_actions"),
    "cloud-config": Format("user data of cloud-init", "user_data", "actions:build_provisions"),
    "ansible": Format("playbook or tasks of Ansible", "ansible", "actions:build_provisions"),
    "kubernetes": Format("Kubernetes manifest", "yaml", "kubernetes:build_kubernetes"),
    "cni": Format("CNI configuration", "json", "cni:build_cni"),
    "flannel": Format("flannel network configuration", "json", "flannel:build_flannel"),
    "flannel-env": Format(
        "flannel environment file", "environment", "flannel:build_flannel_env", "daemon:build_daemon"
    ),
    "ip-neigh": Format("ip neigh", "neighbours", "neighbours:build_neighbours"),
    "arp": Format("arp -n", "neighbours", "neighbours:build_neighbours"),
    "brctl": Format("brctl show", "brctl", "neighbours:build_bridge_ports"),
    "bridge": Format("bridge link, fdb or vlan", "bridge", "neighbours:build_bridge_ports"),
    "ethtool": Format("ethtool", "ethtool", "neighbours:build_peers"),
    "docker-ps": Format("docker ps", "docker_ps", "containers:build_containers"),
    "docker-inspect": Format("docker inspect", "json", "containers:build_containers"),
    "docker-port": Format("docker port", "docker_ps", "containers:build_containers"),
    "firewalld": Format("firewalld zone", "xml_tree", "frontends:build_firewalld"),
    "firewalld-list": Format("firewall-cmd --list-all", "firewalld_list", "frontends:build_firewalld"),
    "firewalld-conf": Format("firewalld.conf", "ini", "frontends:build_firewalld"),
    "ufw": Format("ufw status, rules or settings", "ufw", "frontends:build_ufw"),
    "fail2ban": Format("fail2ban jail", "ini", "frontends:build_fail2ban"),
    "netplan": Format("netplan configuration, network-config of cloud-init", "yaml", "configured:build_netplan"),
    "ifupdown": Format("interfaces (ifupdown)", "ifupdown", "configured:build_ifupdown"),
    "network-config": Format("networkd, NetworkManager or ifcfg file", "ini", "configured:build_network_files"),
    "suse-routes": Format("routes or ifroute file of SUSE", "suse_routes", "configured:build_suse_routes"),
    "route-file": Format("route-… of network-scripts", "ip_route", "configured:build_route_files"),
    "wireguard": Format("WireGuard configuration", "ini", "configured:build_wireguard"),
    "openvpn": Format("OpenVPN configuration", "openvpn", "configured:build_openvpn"),
    "sos-manifest": Format("manifest of sosreport", "json", "manifests:build_sos_manifest"),
    "collect-manifest": Format("manifest of netlint collect", "collect_manifest", "manifests:build_collect_manifest"),
    # recognised, not read
    "template": Format("template"),
}

# How the names of archives end that can be read.
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".zip")


def is_archive(path: str) -> bool:
    """True where the name ends as those of archives that can be read."""
    return path.lower().endswith(_ARCHIVES)


def strip_suffix(name: str) -> str:
    """`hostA` for `hostA.tar.gz`; a name of no archive as it is."""
    suffix = max((one for one in _ARCHIVES if name.lower().endswith(one)), key=len, default="")
    return name[: len(name) - len(suffix)] or name
