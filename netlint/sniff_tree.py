"""Recognises what JSON and YAML files hold by their top-level keys, without parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netlint.pattern import pattern

# Options of daemon.json (ENGINE.md): those that hardly another program has, those of the network that others may
# have too, and those that say nothing on their own.
_DOCKERD = frozenset(
    """allow-direct-routing allow-nondistributable-artifacts api-cors-header authorization-plugins bip bip6
    bridge-accept-fwmark cgroup-parent cluster-advertise cluster-store cluster-store-opts containerd-namespace
    containerd-plugins-namespace cpu-rt-period cpu-rt-runtime data-root default-address-pools
    default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-network-opts default-runtime
    default-shm-size default-ulimits disable-legacy-registry dns-opts dns-search exec-opts exec-root
    firewall-backend fixed-cidr fixed-cidr-v6 graph host-gateway-ip host-gateway-ips http-proxy https-proxy icc
    insecure-registries ip-forward ip-forward-no-drop ip-masq ip6tables iptables live-restore log-driver log-opts
    max-concurrent-downloads max-concurrent-uploads max-download-attempts metrics-addr network-control-plane-mtu
    no-new-privileges no-proxy node-generic-resources oom-score-adjust registry-mirrors rootless seccomp-profile
    selinux-enabled shutdown-timeout storage-driver storage-opts swarm-default-advertise-addr tlscacert tlsverify
    userland-proxy userland-proxy-path userns-remap""".split()
)
_OWN_NETWORK = frozenset(("bridge", "dns", "ipv6", "mtu"))
_SHARED = frozenset(
    """builder containerd debug experimental features group hosts init init-path ip labels log-format log-level
    pidfile proxies raw-logs runtimes tls tlscert tlskey validate""".split()
)
_NETWORK_KEYS = frozenset(
    """Name Id Created Scope Driver EnableIPv4 EnableIPv6 IPAM Internal Attachable Ingress ConfigFrom ConfigOnly
    Containers Options Labels Peers Services Status""".split()
)
# Keys of netplan below `network:`, also in braces.
_NETPLAN = pattern(
    r"(?:^\s+|[{,]\s*)(?:ethernets|bridges|bonds|vlans|renderer|wifis|tunnels|vrfs|dummy-devices|virtual-ethernets)\s*:",
    re.MULTILINE,
)
_TASK = frozenset(("ID", "DesiredState", "CurrentState"))
_ROUTE_KEYS = frozenset(("dev", "gateway", "type", "nexthops", "via"))
_SERVICE_KEYS = (
    "image|build|extends|container_name|ports|expose|networks|network_mode|depends_on|environment|env_file|volumes"
    "|command|entrypoint|deploy|restart|labels|hostname|privileged|cap_add|cap_drop|healthcheck|provider|scale"
    "|dns|extra_hosts|logging|profiles|pull_policy|security_opt|shm_size|stdin_open|stop_grace_period|sysctls|tty|ulimits"
)
_COMPOSE_TOP = frozenset(
    ("version", "name", "services", "networks", "volumes", "secrets", "configs", "include", "models")
)
# Top-level keys of other programs that have `services` too: CI systems, Lando.
_FOREIGN = frozenset(("jobs", "pipeline", "steps", "stages", "apiVersion", "kind", "recipe", "box", "workflow", "on"))
_K3S = frozenset(("cluster-cidr", "service-cidr", "flannel-backend", "flannel-iface", "cluster-dns", "node-ip"))
_COMPOSE_NAME = pattern(r"(?:.*[-_.])?compose(?:[-_.].*)?\.ya?ml(?:\.\w+)?|(?:.*[-_.])?stack\.ya?ml")
_TEMPLATE = pattern(r"^[ \t]*(?:\{%|\{\{-? ?(?:if|range|with|end|include|define|template|else)\b)", re.MULTILINE)
_LIST = pattern(r"\A(?:\s*(?:#[^\n]*|---[^\n]*)?\n)*[ ]*-[ ]")
# Of cloud-init's network-config, with or without `network` around it.
_NETWORK_VERSION = pattern(r"^[ \t]*version[ \t]*:[ \t]*[12]\b", re.MULTILINE)
_TOKEN = pattern(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]:,]|//[^\n]*|/\*.*?\*/|#[^\n]*|[^\s"{}\[\]:,/#]+|/', re.DOTALL)
_TOP_KEY = pattern(r"""^(?P<quote>["']?)(?P<key>[A-Za-z_][\w.\-]*)(?P=quote)[ \t]*:(?=[ \t\r]|$)""", re.MULTILINE)


# What `docker compose` reads without being told: such a file is a Compose file however broken it is.
_DEFAULT_NAMES = frozenset(
    f"{name}{suffix}"
    for name in ("compose", "compose.override", "docker-compose", "docker-compose.override")
    for suffix in (".yaml", ".yml")
)


def is_compose_name(path: str) -> bool:
    """True for `compose.yaml`, `docker-compose.prod.yml`, `base-compose.yml`, `stack.yml` and their like."""
    name = path.rpartition("/")[2].lower()
    return name in _DEFAULT_NAMES or _COMPOSE_NAME.fullmatch(name) is not None


def json_keys(text: str) -> tuple[str, list[str], list[str]]:
    """The first bracket of a JSON text, the keys of its first object (in an array: of the first element), and the
    keys one level below; comments and template marks are passed over."""
    opening, keys, below = "", [], []
    stack: list[str] = []
    last = ""
    base = 0
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token.startswith(("//", "/*", "#")):
            continue
        if token in ("{", "["):
            opening = opening or token
            stack.append(token)
            if token == "{" and not base:
                base = len(stack)
        elif token in ("}", "]"):
            if len(stack) == base:
                break
            if stack:
                stack.pop()
        elif token == ":" and last.startswith('"') and stack and stack[-1] == "{":
            if len(stack) == base:
                keys.append(last[1:-1])
            elif len(stack) == base + 1:
                below.append(last[1:-1])
        last = token
    return opening, keys, below


def json_format(text: str, path: str) -> str | None:
    """The format of a text that starts as JSON does, or is an excerpt of an object; None for JSON of others."""
    if re.match(r"\s*\[\s*[^\s{\]\"\[]", text):  # `[notice] …`, `[20] {…}`: a log
        return None
    opening, listed, below = json_keys(text[:65536])
    if not listed and opening != "{":  # an excerpt, without its outer braces
        listed = re.findall(r'^\s*"([\w-]+)"\s*:', text, re.MULTILINE)
    keys = set(listed)
    if opening == "[":
        return _json_listing(keys)
    if {"cmdline", "policy", "components"} <= keys:
        return "sos-manifest"
    if "nftables" in keys:
        return "nft-json"
    if "cniVersion" in keys or ({"name", "plugins"} <= keys and "scripts" not in keys):
        return "cni"
    if {"Network", "Backend"} <= keys or ({"Network"} <= keys and keys & {"SubnetLen", "SubnetMin", "SubnetMax"}):
        return "flannel"
    if {"apiVersion", "kind"} <= keys:
        return "kubernetes"
    if "ServerVersion" in keys or {"ContainersRunning", "Images"} <= keys:
        return "docker-info-json"
    if ({"Client", "Server"} & keys and "ApiVersion" in below) or {"ApiVersion", "GitCommit"} <= keys:
        return "docker-version-json"
    if "services" in keys and not keys & _FOREIGN and re.search(rf'"(?:{_SERVICE_KEYS})"\s*:', text):
        return "compose"
    listing = _json_listing(keys)
    if listing is not None and listing not in ("ip-rule", "ip-neigh"):
        return listing
    if keys == {"hosts"} and re.search(r'"hosts"\s*:\s*\[\s*"(?:tcp|unix|fd|npipe)://', text):
        return "daemon-json"
    return "daemon-json" if _is_daemon(keys, path) else None


def _json_listing(keys: set[str]) -> str | None:
    if "Name" in keys and ("IPAM" in keys or ("Driver" in keys and keys <= _NETWORK_KEYS)):
        return "docker-network-inspect"
    if {"name", "driver", "network_interface", "subnets"} <= keys:
        return "podman-network"
    if keys & {"HostConfig", "NetworkSettings"} or {"Id", "Names", "Image"} <= keys:
        return "docker-inspect"
    if {"ID", "Spec"} <= keys and keys & {"Version", "CreatedAt"}:
        return "docker-service"
    if {"ID", "Name", "Mode", "Replicas"} <= keys or {"ID", "Hostname", "ManagerStatus"} <= keys or keys >= _TASK:
        return "docker-service"
    if {"ID", "Driver", "Scope"} <= keys:
        return "docker-network-ls"
    if {"ID", "Image", "Names"} <= keys and keys & {"Ports", "Publishers"}:
        return "docker-ps"
    if keys & {"addr_info", "link_type", "operstate"}:
        return "ip-addr-json"
    if "ifname" in keys:
        return "bridge"
    if {"priority", "table"} <= keys and keys & {"src", "fwmark", "iif"}:
        return "ip-rule"
    if "dst" in keys:
        return "ip-neigh" if {"lladdr", "state"} & keys else "ip-route-json" if keys & _ROUTE_KEYS else None
    return None


def _is_daemon(keys: set[str], path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    known = keys & (_DOCKERD | _OWN_NETWORK | _SHARED)
    foreign = {key for key in keys - known if key[:1] not in "$_#"}
    if re.fullmatch(r"(docker-)?daemon\.json(\.\w+)?", name):
        return bool(known) or len(foreign) < 4
    if keys & _DOCKERD:
        return len(foreign) <= len(known)
    return not foreign and (bool(keys & _OWN_NETWORK) or len(known) > 1)


def yaml_keys(text: str) -> dict[str, int]:
    """Top-level keys of all documents of a YAML text, each with the offset behind its colon."""
    return {found["key"]: found.end() for found in _TOP_KEY.finditer(text)}


def yaml_format(text: str, path: str) -> str | None:
    """The format of a YAML text; None for YAML of others (workflows, charts)."""
    keys = yaml_keys(text)
    named = is_compose_name(path)
    if not keys and not named and _LIST.search(text) is not None:
        from netlint.sniff_ansible import is_ansible  # noqa: PLC0415 - few YAML files are lists

        return "ansible" if is_ansible(text, path) else None
    if "apiVersion" in keys or ("kind" in keys and keys.keys() & {"metadata", "spec", "networking", "clusterCIDR"}):
        return "kubernetes"
    if keys.keys() & _K3S and (len(keys.keys() & _K3S) > 1 or re.search(r"k3s|rke2", path.lower())):
        return "kubernetes"  # the flags of `k3s server` as keys
    if "network" in keys and _NETPLAN.search(text) is not None:
        return "netplan"
    if path.rpartition("/")[2].lower() == "network-config" and _NETWORK_VERSION.search(text):
        return "netplan"
    if keys.keys() & _FOREIGN:
        return None
    compose = _has_services(text, keys["services"], named) if "services" in keys else named and _is_partial(text, keys)
    if not compose and path.rpartition("/")[2].lower() not in _DEFAULT_NAMES:
        return None
    return "template" if "{" in text and _TEMPLATE.search(text) else "compose"


def _has_services(text: str, start: int, named: bool) -> bool:
    """True where the value of `services`, which starts at `start`, is a mapping of Compose services."""
    first, _, rest = text[start:].partition("\n")
    first = first.strip() and re.sub(r"(?:^|\s)#.*|[&!]\S+", "", first).strip()
    if first.startswith("{"):
        return named or re.search(rf"""[{{,\s]["']?(?:{_SERVICE_KEYS})["']?\s*:""", text[start:]) is not None
    if first:  # null, or no mapping at all
        return named and first in ("null", "~")
    block = list(_block(rest))
    if block and block[0].startswith("-"):
        return False
    if named:
        return True
    return any(re.search(rf"(?:^|[{{,])\s*(?:{_SERVICE_KEYS}|<<)\s*:", line) for line in block[1:] or block)


def _block(text: str) -> Iterator[str]:
    """The lines, stripped, of the block that `text` goes on with, up to the next top-level key."""
    for line in text.split("\n"):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if line[0] not in " \t" and not bare.startswith("-"):
            return
        yield bare


def _is_partial(text: str, keys: dict[str, int]) -> bool:
    """True for a Compose file without `services`: only networks, volumes or includes, or the services of version 1."""
    own = [key for key in keys if not key.startswith("x-")]
    if own and set(own) <= _COMPOSE_TOP:
        return bool(set(own) - {"version", "name"})
    if set(own) & _COMPOSE_TOP:
        return False
    services = [
        key for key in own if re.match(r"[^\S\n]*(?:#[^\n]*)?\n(?:\s*#[^\n]*\n|\s*\n)*[ \t]+\w", text[keys[key] :])
    ]
    return (
        bool(own) and len(services) == len(own) and re.search(r"^\s+(?:image|build):", text, re.MULTILINE) is not None
    )
