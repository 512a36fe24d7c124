"""What Compose's schema refuses (that of docker compose 2.40.3): unknown keys, values of the wrong kind.

What the builders of services and networks report themselves is not looked at here, nor are keys that stand in the wrong
place (`Values.misplaced`).
"""

from __future__ import annotations

from collections.abc import Iterable

from netlint.build.compose_values import Values
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.pattern import pattern
from netlint.suggest import nearest

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
_ATTACHMENT = """aliases:L driver_opts:M gw_priority:N interface_name:S ipv4_address:S ipv6_address:S link_local_ips:L
    mac_address:S priority:N"""
_PORT = "app_protocol:S host_ip:S mode:S name:S protocol:S published:NS target:NS"
_IPAM = "config:L driver:S options:M"
_ENTRY = "aux_addresses:M gateway:S ip_range:S subnet:S"
_TOP = "configs:M include:L models:M name:S networks:M secrets:M services:M version:S volumes:M"


def _table(text: str) -> dict[str, str]:
    return dict(part.split(":") for part in text.split())


_TABLES = {
    "top": _table(_TOP),
    "service": _table(_SERVICE),
    "attachment": _table(_ATTACHMENT),
    "port": _table(_PORT),
    "network": _table(_NETWORK),
    "ipam": _table(_IPAM),
    "entry": _table(_ENTRY),
}
# What the builders and the loader report of their own accord, unless it is empty.
_READ_ELSEWHERE = {"services", "networks", "ports", "extends", "include", "ipam", "config", "aux_addresses"}
_IPAM_KEYS = {"subnet", "gateway", "ip_range", "aux_addresses"}
_MISPLACED = {"service": {"ipv4_address", "ipv6_address", "aliases"}, "network": _IPAM_KEYS, "ipam": _IPAM_KEYS}
_FLAGS = ("attachable", "enable_ipv4", "enable_ipv6", "internal")
# Lists in which nothing may stand twice.
_UNIQUE = ("depends_on", "external_links", "networks")
_SERVICE_NAME = pattern(r"[a-zA-Z0-9._-]+")
# Kinds of the items of lists, and of the values of mappings.
_ITEMS = _table("""aliases:S cap_add:S cap_drop:S command:S depends_on:S dns:S dns_search:S entrypoint:S environment:S
    expose:NS external_links:S extra_hosts:S labels:S links:S networks:S profiles:S""")
_PAIRS = _table("depends_on:M driver_opts:NS environment:BNS0 labels:BNS0")
_CALLED = {"M": "a mapping", "L": "a list", "S": "a text", "N": "a number", "B": "true or false", "0": "nothing"}


def check_shape(tree: Mapping, services: Mapping, values: Values) -> None:
    """Report what in the merged tree is of a shape that Compose refuses. Not for files of version 1."""
    _check(tree, "top", "the file", values)
    for key, body in services.items():
        if _SERVICE_NAME.fullmatch(key.text) is None:
            wanted = "it takes letters, digits, dots, dashes and underscores"
            values.problem(key.part(0, len(key.text)), f"{key.text!r} is no name for a service: {wanted}")
        if isinstance(body, Mapping):
            _check_service(key.text, body, values)
        elif _letter(body) == "0":
            values.problem(key.part(0, len(key.text)), f"service {key.text} is empty")
    for key, body in _entries(tree.get("networks")):
        if isinstance(body, Mapping):
            _check_network(key.text, body, values)


def _check_service(name: str, body: Mapping, values: Values) -> None:
    what = f"service {name}"
    _check(body, "service", what, values)
    _check_number(body.get("scale"), f"scale of {what}", values)
    deploy = body.get("deploy")
    if isinstance(deploy, Mapping):
        _check_number(deploy.get("replicas"), f"replicas of {what}", values)
    for key, attachment in _entries(body.get("networks")):
        if isinstance(attachment, Mapping):
            _check(attachment, "attachment", f"{what} on network {key.text}", values)
    ports = body.get("ports")
    for port in ports.items if isinstance(ports, Sequence) else ():
        if isinstance(port, Mapping):
            _check(port, "port", f"a port of {what}", values)


def _check_network(name: str, body: Mapping, values: Values) -> None:
    what = f"network {name}"
    _check(body, "network", what, values)
    for key in _FLAGS:
        node = body.get(key)
        expanded = values.known(node)
        if expanded is not None and expanded.exact and _letter(expanded.scalar) == "S" and values.boolean(node) is None:
            values.problem(expanded.span, f"{key} of {what} is neither true nor false")
    ipam = body.get("ipam")
    if isinstance(ipam, Mapping):
        _check(ipam, "ipam", f"ipam of {what}", values)
        config = ipam.get("config")
        for entry in config.items if isinstance(config, Sequence) else ():
            if isinstance(entry, Mapping):
                _check(entry, "entry", f"an ipam config of {what}", values)


def _check(body: Mapping, table: str, owner: str, values: Values) -> None:
    """Report the keys of `body` that the table lacks, and values of other kinds than it has for their keys."""
    for key, value in body.items():
        kinds = _TABLES[table].get(key.text)
        if kinds is None:
            if not key.text.startswith("x-") and key.text not in _MISPLACED.get(table, ()):
                _report_unknown(key, table, owner, values)
            continue
        what = f"{key.text} of {owner}" if table != "top" else key.text
        if _letter(value) == "0" and "0" not in kinds:
            if key.text not in ("extends", "include"):
                cure = "Compose refuses a key without a value: remove it, or give it one"
                values.problem(key.part(0, len(key.text)), f"{what} is empty", cure)
        elif key.text not in _READ_ELSEWHERE:
            _check_kind(value, kinds, what, values)
        if isinstance(value, Sequence) and key.text in _ITEMS:
            for item in value.items:
                _check_kind(item, _ITEMS[key.text], f"an entry of {what}", values)
            if key.text in _UNIQUE and table == "service":
                _check_unique(value, what, values)
        elif isinstance(value, Mapping) and key.text in _PAIRS:
            for inner, item in value.items():
                _check_kind(item, _PAIRS[key.text], f"{inner.text} in {what}", values)


def _check_unique(sequence: Sequence, what: str, values: Values) -> None:
    seen: set[str] = set()
    for item in sequence.items:
        if isinstance(item, Scalar) and item.text in seen:
            values.problem(item.part(0, len(item.text)), f"{item.text} stands twice in {what}")
        elif isinstance(item, Scalar):
            seen.add(item.text)


def _report_unknown(key: Scalar, table: str, owner: str, values: Values) -> None:
    """An unknown key is wrong at the top level and where it is nearly a known one. Compose refuses others too, but they
    may be of a later Compose, or of a program that reads such files in its place."""
    span, what = key.part(0, len(key.text)), f"{owner} has a key {key.text}, which Compose 2.40 does not know"
    plain = _plain(key.text)
    near = next((known for known in _TABLES[table] if _plain(known) == plain), None)
    near = near or nearest(key.text, _TABLES[table], cutoff=0.9)
    if near is not None:
        values.problem(span, what, f"did you mean {near}?")
    elif table == "top":
        values.problem(span, what, "keys for other programs begin with x-")
    else:
        values.unsupported(span, what)


def _plain(key: str) -> str:
    return key.lower().replace("-", "").replace("_", "").removesuffix("s")


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


def _check_kind(node: Node, kinds: str, what: str, values: Values) -> None:
    letter = _letter(node)
    if letter in kinds or (isinstance(node, Scalar) and "$" in node.text):
        return
    single = set("SNB")
    called = "a single value" if letter in single and not single & set(kinds) else _CALLED[letter]
    wanted = " or ".join(_CALLED[kind] for kind in kinds if kind != "0")
    cure = "write it in quotes" if letter in "NB" and "S" in kinds else ""
    values.problem(node.span, f"{what} is {called}, not {wanted}", cure)
