"""SNAT gives what leaves an address that the host does not have

## What it means

`SNAT --to-source` writes any address into packets. The answers come back only if the host has the address, or a router
leads them here. This one lies in the network of one of the host's interfaces, where the others ask for it by ARP, and
no interface of the host has it.

## Why it matters

Packets leave, and nobody answers the question who has the address: containers reach nothing outside, without an error
on this host. It comes about when rules are copied from another machine, or the host's address has changed.

## How to fix it

Name an address of the host, or use MASQUERADE, which takes that of the interface. An address that moves between hosts
(VRRP) may be another's at the moment: then suppress the finding with that reason.

## Bad: the address of the machine before

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 -o eth0 -j SNAT --to-source 192.0.2.99  # <- warning
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.0.2.10/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: an address of the host

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 -o eth0 -j SNAT --to-source 192.0.2.10
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.0.2.10/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: an address that a router leads here

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 -o eth0 -j SNAT --to-source 198.51.100.7
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.0.2.10/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: local by a route alone

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 -o eth0 -j SNAT --to-source 192.0.2.99
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.0.2.10/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="ip-route-table-local.txt"
local 172.17.0.1 dev docker0 proto kernel scope host src 172.17.0.1
local 192.0.2.10 dev eth0 proto kernel scope host src 192.0.2.10
local 192.0.2.99 dev eth0 scope host
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    AddressChange,
    Confidence,
    Finding,
    FirewallRule,
    Host,
    InterfaceAddress,
    Label,
    Severity,
    Site,
    is_container_link,
    parse_target,
    rule,
)


@rule(
    "NL419",
    Severity.WARNING,
    needs=["addresses", "firewall"],
    proof="source: arp_process of net/ipv4/arp.c answers for what is local by a route; nf_nat_masquerade_ipv4 takes "
    "the interface's own, SNAT what it is told",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        own = _own(host)
        for ruleset in host.rulesets if own else ():
            table = ruleset.table("nat")
            for _, one in table.rules() if table is not None and ruleset.version == 4 else ():
                address = _address(one) if one.target == "SNAT" else None
                if address is None or address in own or _local(host, address):
                    continue
                entry = _neighbours(host, address)
                if entry is not None:
                    yield _finding(host, one, address, entry)


def _own(host: Host) -> set[Address]:
    """The addresses that the host has, or that its files and scripts give it."""
    listed = {entry.address for link in host.interfaces or () for entry in link.addresses}
    if not listed:
        return set()
    configured = {one.address for one in host.configured if one.address is not None}
    added = {action.address.value for action in host.actions if isinstance(action, AddressChange)}
    return listed | configured | added


def _local(host: Host, address: Address) -> bool:
    """Whether a route makes the address the host's own: the kernel answers for it as for one on an interface."""
    return any(route.kind == "local" and route.prefix.holds(address) for route in host.routes or ())


def _address(one: FirewallRule) -> Address | None:
    """The address that the rule writes, if it is one."""
    target = parse_target(one.target_option("to-source") or "")
    return target.first if target is not None and target.first == target.last else None


def _neighbours(host: Host, address: Address) -> InterfaceAddress | None:
    """The host's address on the network where others look for `address`."""
    for link in host.interfaces or ():
        for entry in link.addresses:
            shared = entry.prefix.holds(address) and not entry.prefix.is_host and link.up is not False
            if shared and not is_container_link(host, link.name):
                return entry
    return None


def _finding(host: Host, one: FirewallRule, address: Address, entry: InterfaceAddress) -> Finding:
    return Finding(
        message=f"SNAT writes {address} into what leaves, and this host is {entry.address} on that network: "
        "answers do not come here",
        at=one.span,
        label="no interface of the host has the address",
        help=f"write --to-source {entry.address}, or use MASQUERADE",
        related=(Label(entry.span, f"the host's address in {entry.prefix}"),),
        confidence=Confidence.MEDIUM,
        host=host.name,
    )
