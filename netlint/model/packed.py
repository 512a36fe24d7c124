"""Hosts of a large site: what is long in their listings waits in a spool and is unpacked while somebody looks at it."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from netlint.model.host import Host
from netlint.spool import Kept, Spool

# What grows with the rules, routes and containers of a host, and is of little use to other hosts.
LONG = ("bridge_ports", "containers", "listeners", "namespaces", "neighbours", "routes", "rulesets", "veths")
MOST_UNPACKED = 8  # hosts; a packet that crosses several comes back through the same ones


class PackedHost(Host, frozen=True, kw_only=True, weakref=True):
    """A host that is the same to everybody who looks at it. `packed` are its long fields, as bytes until a spool has
    them, `sources` the files of its rulesets.

    The objects in these fields are others each time they were unpacked anew; the host itself stays the same object.
    """

    packed: Mapping[str, bytes | Kept]
    sources: tuple[str, ...]

    def lists(self, field: str) -> bool:
        return field in self.packed or super().lists(field)

    @property
    def firewall_sources(self) -> tuple[str, ...]:
        return self.sources


def _long_field(name: str) -> property:
    here: Callable[[Host], Any] = getattr(Host, name).__get__

    def value(host: PackedHost) -> Any:
        return _unpacked(host, name) if name in host.packed else here(host)

    return property(value)


for _name in LONG:
    setattr(PackedHost, _name, _long_field(_name))

_unpacked_hosts: OrderedDict[int, tuple[PackedHost, dict[str, Any]]] = OrderedDict()


def packed(host: Host) -> Host:
    """The host with its long fields packed; the host itself where they are empty."""
    long = {name: value for name in LONG if (value := getattr(host, name))}
    if not long or isinstance(host, PackedHost):
        return host
    fields = structs.asdict(host) | {name: () if name in ("namespaces", "rulesets", "veths") else None for name in long}
    data = {name: pickle.dumps(value, pickle.HIGHEST_PROTOCOL) for name, value in long.items()}
    return PackedHost(**fields, packed=data, sources=host.firewall_sources)


def spooled(host: Host, spool: Spool) -> Host:
    """The host with its packed fields in `spool`."""
    if not isinstance(host, PackedHost):
        return host
    kept = {name: spool.keep(data) if isinstance(data, bytes) else data for name, data in host.packed.items()}
    return structs.replace(host, packed=kept)


def _unpacked(host: PackedHost, name: str) -> Any:
    """A long field, with those of the few hosts that were looked at last."""
    known = _unpacked_hosts.get(id(host))
    if known is None or known[0] is not host:
        known = _unpacked_hosts[id(host)] = (host, {})
        if len(_unpacked_hosts) > MOST_UNPACKED:
            _unpacked_hosts.popitem(last=False)
    else:
        _unpacked_hosts.move_to_end(id(host))
    fields = known[1]
    if name not in fields:
        data = host.packed[name]
        # the bytes are those that `packed` made in this run
        fields[name] = pickle.loads(data if isinstance(data, bytes) else data.read())
    return fields[name]
