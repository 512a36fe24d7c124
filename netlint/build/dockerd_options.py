"""Every option of dockerd: its key in daemon.json, its flag, its type, and the engines that have it.

The keys that dockerd accepts are the names of its flags and, for flags whose value has a name of its own (`--host` and
`hosts`), that name; a few keys have no flag. A key that is the name of such a flag (`host`) is accepted, but nothing
reads it: findConfigurationConflicts looks keys up among the flags, encoding/json among the fields of the configuration.

Sources: moby/moby, cmd/dockerd (later daemon/command) config.go, config_unix.go and options.go, daemon/config/config.go
and config_linux.go, v1.10 to v29; dockerd.md of docker/cli. `dockerd --validate` of 28.5.2 agrees where it was tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from netlint.suggest import nearest

Release: TypeAlias = tuple[int, ...]


class OptionType(Enum):
    """What dockerd takes; the value is how a message calls it."""

    BOOL = "true or false"
    INT = "a whole number"
    STR = "a string"
    ADDRESS = "an IP address"
    LIST = "a list of strings"
    ADDRESSES = "a list of IP addresses"
    MAP = "an object of strings"
    POOLS = "a list of objects with base and size"
    OBJECT = "an object"


class DockerdOption(Struct, frozen=True):
    """An option. `key` is empty where only the command line has it, `flag` where only daemon.json has it.

    `since` is the first release with it (None: before 1.10, which brought daemon.json), `removed` the first without;
    `flag_since` where the flag came later than the key.
    """

    key: str
    flag: str
    type: OptionType
    short: str = ""
    since: Release | None = None
    removed: Release | None = None
    flag_since: Release | None = None

    @property
    def name(self) -> str:
        return self.key or self.flag


def _plain(kind: OptionType, names: str, since: Release | None = None) -> Iterable[DockerdOption]:
    """Options whose key and flag are the same."""
    return (DockerdOption(name, name, kind, since=since) for name in names.split())


_B, _I, _S, _L, _M, _O = (
    OptionType.BOOL,
    OptionType.INT,
    OptionType.STR,
    OptionType.LIST,
    OptionType.MAP,
    OptionType.OBJECT,
)

OPTIONS: tuple[DockerdOption, ...] = (
    *_plain(_B, "icc ip-forward ip-masq iptables ipv6 selinux-enabled tls tlsverify userland-proxy"),
    *_plain(
        _S, "bip cgroup-parent exec-root fixed-cidr fixed-cidr-v6 log-driver tlscacert tlscert tlskey userns-remap"
    ),
    *_plain(OptionType.ADDRESS, "default-gateway default-gateway-v6 ip"),
    *_plain(_I, "mtu"),
    *_plain(_L, "dns-search"),
    *_plain(_B, "raw-logs", (1, 11)),
    *_plain(_S, "containerd", (1, 11)),
    *_plain(_B, "live-restore", (1, 12)),
    *_plain(_I, "max-concurrent-downloads max-concurrent-uploads", (1, 12)),
    *_plain(_S, "default-runtime swarm-default-advertise-addr", (1, 12)),
    *_plain(_B, "experimental init", (1, 13)),
    *_plain(_I, "cpu-rt-period cpu-rt-runtime shutdown-timeout", (1, 13)),
    *_plain(_S, "init-path metrics-addr seccomp-profile userland-proxy-path", (1, 13)),
    *_plain(_S, "data-root", (17, 5)),
    *_plain(_B, "no-new-privileges", (17, 6)),
    *_plain(_S, "default-shm-size", (17, 6)),
    *_plain(_I, "network-control-plane-mtu", (17, 9)),
    *_plain(_S, "default-ipc-mode", (17, 12)),
    *_plain(_I, "network-diagnostic-port", (18, 6)),
    *_plain(_B, "cri-containerd rootless", (19, 3)),
    *_plain(_S, "containerd-namespace containerd-plugins-namespace", (19, 3)),
    *_plain(_B, "ip6tables", (20, 10)),
    *_plain(_I, "max-download-attempts", (20, 10)),
    *_plain(_S, "default-cgroupns-mode", (20, 10)),
    *_plain(_S, "log-format", (25, 0)),
    *_plain(_B, "ip-forward-no-drop", (28, 0)),
    *_plain(_S, "bip6", (28, 0)),
    *_plain(_B, "allow-direct-routing", (28, 2)),
    *_plain(_S, "bridge-accept-fwmark firewall-backend", (29, 0)),
    # with a short flag
    DockerdOption("bridge", "bridge", _S, "b"),
    DockerdOption("debug", "debug", _B, "D"),
    DockerdOption("group", "group", _S, "G"),
    DockerdOption("log-level", "log-level", _S, "l"),
    DockerdOption("pidfile", "pidfile", _S, "p"),
    DockerdOption("storage-driver", "storage-driver", _S, "s"),
    # the key is not the flag
    DockerdOption("authorization-plugins", "authorization-plugin", _L),
    DockerdOption("cdi-spec-dirs", "cdi-spec-dir", _L, since=(25, 0)),
    DockerdOption("default-address-pools", "default-address-pool", OptionType.POOLS, since=(18, 6)),
    DockerdOption("default-network-opts", "default-network-opt", _O, since=(24, 0)),
    DockerdOption("default-ulimits", "default-ulimit", _O),
    DockerdOption("dns", "dns", OptionType.ADDRESSES),
    DockerdOption("dns-opts", "dns-opt", _L),
    DockerdOption("exec-opts", "exec-opt", _L),
    DockerdOption("features", "feature", _O, since=(18, 9), flag_since=(27, 4)),
    DockerdOption("host-gateway-ips", "host-gateway-ip", OptionType.ADDRESSES, since=(28, 0), flag_since=(20, 10)),
    DockerdOption("hosts", "host", _L, "H"),
    DockerdOption("insecure-registries", "insecure-registry", _L),
    DockerdOption("labels", "label", _L),
    DockerdOption("log-opts", "log-opt", _M),
    DockerdOption("node-generic-resources", "node-generic-resource", _L, since=(17, 12)),
    DockerdOption("nri-opts", "nri-opts", _O, since=(29, 0)),
    DockerdOption("registry-mirrors", "registry-mirror", _L),
    DockerdOption("runtimes", "add-runtime", _O, since=(1, 12)),
    DockerdOption("storage-opts", "storage-opt", _L),
    # keys of daemon.json only
    DockerdOption("builder", "", _O, since=(18, 9)),
    DockerdOption("deprecated-key-path", "", _S, since=(18, 9)),
    DockerdOption("host-gateway-ip", "", OptionType.ADDRESS, since=(20, 10)),
    DockerdOption("proxies", "", _O, since=(23, 0)),
    # flags only
    DockerdOption("", "config-file", _S),
    DockerdOption("", "help", _B, "h"),
    DockerdOption("", "http-proxy", _S, since=(23, 0)),
    DockerdOption("", "https-proxy", _S, since=(23, 0)),
    DockerdOption("", "no-proxy", _S, since=(23, 0)),
    DockerdOption("", "restart", _B, "r"),
    DockerdOption("", "validate", _B, since=(23, 0)),
    DockerdOption("", "version", _B, "v"),
    # gone: cluster-* is still parsed by 23.0, which then refuses to start
    DockerdOption("allow-nondistributable-artifacts", "allow-nondistributable-artifacts", _L, since=(17, 6)),
    DockerdOption("api-cors-header", "api-cors-header", _S, removed=(28, 0)),
    DockerdOption("api-enable-cors", "api-enable-cors", _B, removed=(17, 9)),
    DockerdOption("cluster-advertise", "cluster-advertise", _S, removed=(23, 0)),
    DockerdOption("cluster-store", "cluster-store", _S, removed=(23, 0)),
    DockerdOption("cluster-store-opts", "cluster-store-opt", _M, removed=(23, 0)),
    DockerdOption("disable-legacy-registry", "disable-legacy-registry", _B, removed=(17, 12)),
    DockerdOption("", "exec-driver", _S, "e", removed=(1, 11)),
    DockerdOption("graph", "graph", _S, "g", removed=(23, 0)),
    DockerdOption("oom-score-adjust", "oom-score-adjust", _I, since=(1, 13), removed=(25, 0)),
    # Red Hat's engine (docker-1.10 to docker-1.13 of RHEL and CentOS 7) only
    DockerdOption("add-registry", "add-registry", _L, removed=(17, 3)),
    DockerdOption("block-registry", "block-registry", _L, removed=(17, 3)),
    DockerdOption("enable-secrets", "enable-secrets", _B, removed=(17, 3)),
    DockerdOption("signature-verification", "signature-verification", _B, removed=(17, 3)),
)

_BY_KEY = {option.key: option for option in OPTIONS if option.key}
_BY_FLAG = {flag: option for option in OPTIONS for flag in (option.flag, option.short) if flag}


def by_key(name: str) -> DockerdOption | None:
    """The option that daemon.json calls `name`; case matters."""
    return _BY_KEY.get(name)


def by_flag(name: str) -> DockerdOption | None:
    """The option of the flag `--name`, or `-n` for a single letter. No dashes in `name`."""
    return _BY_FLAG.get(name)


def closest(name: str, *, flag: bool = False) -> str | None:
    """The key (or flag, without dashes) that `name` may have been meant for; None if nothing is near."""
    plain = name.strip().lower().replace("_", "-")
    known = [one for one in _BY_FLAG if len(one) > 1] if flag else list(_BY_KEY)
    other = (_BY_KEY if flag else _BY_FLAG).get(plain)
    if other is not None and plain not in known:
        return (other.flag if flag else other.key) or None
    return nearest(plain, known, cutoff=0.75)
