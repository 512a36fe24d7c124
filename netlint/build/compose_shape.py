"""What Compose's schema refuses (that of docker compose 2.40.3): unknown keys, values of the wrong kind.

What the builders of services and networks report themselves is not looked at here, nor are keys that stand in the wrong
place (`Values.misplaced`).
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from netlint.build.compose_values import Values
from netlint.parse.tree import Mapping, Node, Scalar, Sequence

# The kinds of values that each key takes: Mapping, List, String, Number, Boolean and 0 (nothing).
_SERVICE = """annotations:LM attach:BS blkio_config:M build:MS cap_add:L cap_drop:L cgroup:S cgroup_parent:S
    command:LS0 configs:L container_name:S cpu_count:NS cpu_percent:NS cpu_period:NS cpu_quota:NS cpu_rt_period:NS
    cpu_rt_runtime:NS cpu_shares:NS cpus:NS cpuset:S credential_spec:M depends_on:LM deploy:M0 develop:M0
    device_cgroup_rules:L devices:L dns:LS dns_opt:L dns_search:LS domainname:S entrypoint:LS0 env_file:LS
    environment:LM expose:L extends:MS external_links:L extra_hosts:LM gpus:LS group_add:L healthcheck:M hostname:S
    image:S init:BS ipc:S isolation:S label_file:LS labels:LM links:L logging:M mac_address:S mem_limit:NS
    mem_reservation:NS mem_swappiness:NS memswap_limit:NS models:LM network_mode:S networks:LM oom_kill_disable:BS
    oom_score_adj:NS pid:S0 pids_limit:NS platform:S ports:L post_start:L pre_stop:L privileged:BS profiles:L
    provider:M pull_policy:S pull_refresh_after:S read_only:BS restart:S runtime:S scale:NS secrets:L security_opt:L
    shm_size:NS stdin_open:BS stop_grace_period:S stop_signal:S storage_opt:M sysctls:LM tmpfs:LS tty:BS ulimits:M
    use_api_socket:B user:S userns_mode:S uts:S volumes:L volumes_from:L working_dir:S"""
_NETWORK = """attachable:BS driver:S driver_opts:M enable_ipv4:BS enable_ipv6:BS external:BMS internal:BS ipam:M
    labels:LM name:S"""
_ATTACHMENT = """aliases:L driver_opts:M gw_priority:NS interface_name:S ipv4_address:S ipv6_address:S link_local_ips:L
    mac_address:S priority:NS"""
_PORT = "app_protocol:S host_ip:S mode:S name:S protocol:S published:NS target:NS"
_IPAM = "config:L driver:S options:M"
_ENTRY = "aux_addresses:M gateway:S ip_range:S subnet:S"
_TOP = "configs:M include:L models:M name:S networks:M secrets:M services:M version:S volumes:M"


def _table(text: str) -> dict[str, str]:
    return dict(part.split(":") for part in text.split())


SERVICE = _table(_SERVICE)
_TABLES = {"top": _table(_TOP), "network": _table(_NETWORK), "attachment": _table(_ATTACHMENT)}
_TABLES |= {"port": _table(_PORT), "ipam": _table(_IPAM), "entry": _table(_ENTRY)}
# Reported by others: what the builders read as mappings and lists, what the loader follows, what is only misplaced.
_READ_ELSEWHERE = {"services", "networks", "ports", "extends", "include", "ipam", "config", "aux_addresses"}
_MISPLACED = {
    "service": {"ipv4_address", "ipv6_address", "aliases"},
    "network": {"subnet", "gateway", "ip_range", "aux_addresses"},
    "ipam": {"subnet", "gateway", "ip_range", "aux_addresses"},
}
_FLAGS = {"attachable", "enable_ipv4", "enable_ipv6", "internal"}
# Lists and mappings whose entries are single values.
_OF_VALUES = ("environment", "labels", "networks", "links", "expose", "profiles", "extra_hosts", "dns", "depends_on")
_PAIRS = ("environment", "labels")
_CALLED = {"M": "a mapping", "L": "a list", "S": "a text", "N": "a number", "B": "true or false", "0": "empty"}
_TYPES = {"integer": "NS", "text": "S"}


def check_shape(tree: Mapping, services: Mapping, values: Values) -> None:
    """Report what in the merged tree is of a shape that Compose refuses. Not for files of version 1."""
    _check(tree, _TABLES["top"], "", "a Compose file", values)
    for key, body in services.items():
        if isinstance(body, Mapping):
            _check_service(key.text, body, values)
    networks = tree.get("networks")
    for key, body in networks.items() if isinstance(networks, Mapping) else ():
        if isinstance(body, Mapping):
            _check_network(key.text, body, values)


def _check_service(name: str, body: Mapping, values: Values) -> None:
    what = f"service {name}"
    _check(body, SERVICE, what, what, values, _MISPLACED["service"])
    for key in _OF_VALUES:
        node = body.get(key)
        for item in node.items if isinstance(node, Sequence) else ():
            if not isinstance(item, Scalar):
                _report(item, f"an entry of {key} of {what}", "S", values)
        for inner, value in node.items() if isinstance(node, Mapping) and key in _PAIRS else ():
            if not isinstance(value, Scalar):
                _report(value, f"{inner.text} in {key} of {what}", "S", values)
    _check_number(body.get("scale"), f"scale of {what}", values)
    deploy = body.get("deploy")
    if isinstance(deploy, Mapping):
        _check_number(deploy.get("replicas"), f"replicas of {what}", values)
    for key, attachment in _entries(body.get("networks")):
        if isinstance(attachment, Mapping):
            where = f"{what} on network {key.text}"
            _check(attachment, _TABLES["attachment"], where, f"{what} on a network", values)
    ports = body.get("ports")
    for port in ports.items if isinstance(ports, Sequence) else ():
        if isinstance(port, Mapping):
            _check(port, _TABLES["port"], f"a port of {what}", "an entry of ports", values)


def _check_network(name: str, body: Mapping, values: Values) -> None:
    what = f"network {name}"
    _check(body, _TABLES["network"], what, "a network", values, _MISPLACED["network"])
    for key in _FLAGS:
        node = body.get(key)
        expanded = values.known(node)
        if expanded is not None and expanded.exact and values.boolean(node) is None:
            values.problem(expanded.span, f"{key} of {what} is neither true nor false")
    ipam = body.get("ipam")
    if isinstance(ipam, Mapping):
        _check(ipam, _TABLES["ipam"], f"ipam of {what}", "ipam", values, _MISPLACED["ipam"])
        config = ipam.get("config")
        for entry in config.items if isinstance(config, Sequence) else ():
            if isinstance(entry, Mapping):
                _check(entry, _TABLES["entry"], f"the ipam config of {what}", "an entry of the ipam config", values)


def _check(
    body: Mapping, table: dict[str, str], owner: str, kind: str, values: Values, misplaced: Iterable[str] = ()
) -> None:
    """Report the keys of `body` that are not in the table, and values of other kinds than it has for their keys."""
    for key, value in body.items():
        kinds = table.get(key.text)
        if kinds is not None:
            what = f"{key.text} of {owner}" if owner else key.text
            if not _fits(value, kinds) and (key.text not in _READ_ELSEWHERE or _letter(value) == "0"):
                _report(value if _letter(value) != "0" else key, what, kinds, values, empty=_letter(value) == "0")
        elif not key.text.startswith("x-") and key.text not in misplaced:
            near = get_close_matches(key.text, table, n=1)
            cure = f"did you mean {near[0]}?" if near else "Compose refuses it; keys of your own begin with x-"
            values.problem(key.part(0, len(key.text)), f"{kind} has no key {key.text}", cure)


def _entries(node: Node | None) -> Iterable[tuple[Scalar, Node]]:
    return node.items() if isinstance(node, Mapping) else ()


def _check_number(node: Node | None, what: str, values: Values) -> None:
    expanded = values.known(node)
    if expanded is not None and expanded.exact and values.integer(node) is None:
        values.problem(expanded.span, f"{what} is no number")


def _letter(node: Node) -> str:
    match node:
        case Mapping():
            return "M"
        case Sequence():
            return "L"
        case Scalar(value=None):
            return "0"
        case Scalar(value=bool()):
            return "B"
        case Scalar(value=int() | float()):
            return "N"
    return "S"


def _fits(node: Node, kinds: str) -> bool:
    """Whether the node is of one of the kinds; a text is where any single value is, for Compose converts it."""
    letter = _letter(node)
    return letter in kinds or (letter == "S" and any(one in kinds for one in "NB"))


def _report(node: Node, what: str, kinds: str, values: Values, *, empty: bool = False) -> None:
    wanted = [_CALLED[kind] for kind in kinds if kind != "0"]
    if empty and isinstance(node, Scalar):
        values.problem(node.part(0, len(node.text)), f"{what} is empty", "remove the key, or give it a value")
        return
    letter = _letter(node)
    called = "a single value" if letter in "SNB" and not set(kinds) & set("SNB") else _CALLED[letter]
    cure = "write it in quotes" if letter in "NB" and "S" in kinds else ""
    values.problem(node.span, f"{what} is {called}, not {' or '.join(wanted)}", cure)
