"""Addresses given to weave clash, differ in their mask or range, or are in use elsewhere

## What it means

`weave run`, `weave attach` and `weave expose` take an address with a prefix length, and whatever is written is done:
weave does not look whether a container or the host has the address already, whether others of the same network were
given another length, or whether the host reaches these addresses by another way.

## Why it matters

* One address twice: the host answers for the container, or one of two containers gets the other's packets.
* Two lengths in one network: the end with the longer prefix sends what lies outside it to its default gateway.
* A network of the host, or a route: the host or the container looks for these addresses on the wrong side.
* Peers that hand out addresses of different ranges (`--ipalloc-range`): weave closes the connection between them.

## How to fix it

Give each container and host an address of its own, all with the length of the network, from a range that nothing else
uses; or leave out the addresses, and weave hands them out.

## Bad: the container's address for the host

```sh title="setup.sh"
weave launch
weave run 10.2.1.1/24 -d --name web nginx
weave expose 10.2.1.1/24  # <- error
```

## Bad: a smaller network for the host

```sh title="setup.sh"
docker network create -d weave --subnet=192.168.0.0/16 weave1
docker run -d --net=weave1 --name a busybox sleep 1d
weave expose 192.168.1.1/24  # <- error
```

## Bad: over the host's own network

```sh title="setup.sh"
weave attach 192.168.10.20/24 web  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

## Good: an address each

```sh title="setup.sh"
weave launch
weave run 10.2.1.1/24 -d --name web nginx
weave expose 10.2.1.254/24
```
"""

from collections.abc import Iterator
from itertools import combinations

from msgspec import Struct

from netlint.api import (
    ClaimKind,
    Finding,
    Host,
    Label,
    Prefix,
    Severity,
    Site,
    Span,
    WeaveAddress,
    claims,
    overlaps_between,
    rule,
)


class Given(Struct, frozen=True):
    """An address given by hand, and whose it is; or the subnet of a network that weave's plugin serves."""

    host: Host
    at: Span
    prefix: Prefix
    what: str
    action: WeaveAddress | None = None


@rule(
    "NL612",
    Severity.ERROR,
    proof="that weave uses addresses given by hand as they are: weave issues 480, 1053 and those on expose; what comes "
    "of it is the kernel's; of ranges: weave's ipam/allocator.go (Incompatible IP allocation ranges)",
    beyond_compose=True,
)
def check(site: Site) -> Iterator[Finding]:
    given = [one for host in site.hosts for one in _given(host)]
    for first, second in combinations(given, 2):
        if first.host.implied and second.host is not first.host:
            continue
        finding = _clash(first, second)
        if finding is not None:
            yield finding
    yield from _apart(site)
    for host in site.hosts:
        own = [one for one in given if one.host is host and one.action is not None]
        if own:
            yield from _elsewhere(host, site, own)


def _apart(site: Site) -> Iterator[Finding]:
    """Peers that hand out addresses of different ranges: weave drops the connection between them."""
    for host, other in combinations([host for host in site.hosts if host.weave], 2):
        ours, theirs = host.weave[-1], other.weave[-1]
        if ours.allocates == theirs.allocates or not (_peers(host, other) or _peers(other, host)):
            continue
        if (ours.range is not None and not ours.range.exact) or (theirs.range is not None and not theirs.range.exact):
            continue
        at = theirs.range.span if theirs.range is not None else theirs.span
        yield Finding(
            message=f"weave hands out {theirs.allocates} here, and its peer {host.name} {ours.allocates}: the two "
            "do not connect",
            at=at,
            help=f"give all peers one range: --ipalloc-range {ours.allocates}",
            related=(Label(ours.range.span if ours.range is not None else ours.span, f"the range of {host.name}"),),
            host=other.name,
        )


def _peers(host: Host, other: Host) -> bool:
    """Whether the weave of a host is told to connect to the other."""
    addresses = {entry.address for link in other.interfaces or () for entry in link.addresses}
    return any(peer.value in addresses for weave in host.weave for peer in weave.peers)


def _given(host: Host) -> Iterator[Given]:
    for network in host.networks:
        if network.driver.startswith(("weave", "weavemesh")):
            for subnet in network.subnets:
                yield Given(host, subnet.span, subnet.prefix, f"network {network.name}")
    for action in host.actions:
        if isinstance(action, WeaveAddress) and action.address.exact:
            yield Given(
                host, action.address.span, Prefix.of(action.address.value, action.length), _owner(action), action
            )


def _owner(action: WeaveAddress) -> str:
    if action.command == "expose":
        return "the host"
    return f"container {action.container.value}" if action.container is not None else "a container"


def _clash(first: Given, second: Given) -> Finding | None:
    if second.action is None:
        first, second = second, first
    if second.action is None or not first.prefix.overlaps(second.prefix):
        return None
    address = second.action.address.value
    if first.action is not None and first.action.address.value == address:
        if first.action.container == second.action.container is not None or not second.action.certain:
            return None
        message = f"weave gives {address} to {second.what} and to {first.what}"
        help_text = "give each of them an address of its own"
    elif first.prefix != second.prefix:
        message = (
            f"weave gives {second.what} {address}/{second.prefix.length}, and the network of {first.what} is "
            f"{first.prefix}: the two do not agree on what lies in it"
        )
        help_text = f"write {address}/{first.prefix.length}" if first.action is None else "use one length for both"
    else:
        return None
    return Finding(
        message=message,
        at=second.at,
        help=help_text,
        related=(Label(first.at, f"{first.what}: {_shown(first)}"),),
        host=second.host.name,
    )


def _shown(one: Given) -> str:
    return str(one.prefix) if one.action is None else f"{one.action.address.value}/{one.action.length}"


def _elsewhere(host: Host, site: Site, given: list[Given]) -> Iterator[Finding]:
    """Networks and routes of the host where the addresses are."""
    others = [
        claim
        for claim in claims(host, site).of(ClaimKind.LINK, ClaimKind.ROUTE)
        if not claim.container_link and claim.span is not None
    ]
    said: set[tuple[Prefix, Prefix]] = set()
    for one, other in overlaps_between(given, others):
        if (one.prefix, other.prefix) in said or other.span is None or one.action is None:
            continue
        said.add((one.prefix, other.prefix))
        yield Finding(
            message=f"weave gives {one.what} {_shown(one)}, and {one.prefix} "
            f"{one.prefix.relation(other.prefix)} {other.prefix} of {other.what}",
            at=one.at,
            help="take the addresses from a range that the host does not use",
            related=(Label(other.span, f"{other.what}: {other.prefix}"),),
            host=host.name,
        )
