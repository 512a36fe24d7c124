"""Fixes that several rules offer."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.addresses.advice import free_like
from netlint.addresses.allocation import never_free, occupied
from netlint.addresses.claims import Claim, claims
from netlint.finding import Add, Change, Edit, Fix, Remove
from netlint.model.compose import PublishedPort
from netlint.model.host import Host, Site
from netlint.model.intents import Intent
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.prefix import Address, Prefix
from netlint.source import Span

_WRITTEN = (Origin.COMPOSE, Origin.DAEMON, Origin.SCRIPT)


def move_network(claim: Claim, host: Host, site: Site) -> tuple[Fix, ...]:
    """A free range for the network of a claim, with the addresses in it that files of the host state; nothing where the
    range is stated by a listing alone, or a variable decides a part."""
    network, subnet = claim.network, claim.subnet
    if network is None or subnet is None or network.external or network.origin not in _WRITTEN:
        return ()
    free = free_like(subnet.prefix, claims(host, site))
    if not free:
        return ()
    changes = list(_moved(network, subnet, free[0], host))
    if any(change is None for change in changes):
        return ()
    others = len(changes) - 1
    along = f" and move its {f'{others} addresses' if others > 1 else 'address'} there" if others else ""
    name = network.key if network.key not in (None, "default") else network.name
    title = f"give network {name} the free range {free[0]}{along}"
    return (Fix(title=title, changes=tuple(change for change in changes if change is not None)),)


def _moved(network: Network, subnet: Subnet, to: Prefix, host: Host) -> Iterator[Edit | None]:
    """The edits that move a subnet and what lies in it; None for what cannot be moved."""
    old = subnet.prefix
    written = subnet.written
    if not written.exact:
        yield None
    if network.default_bridge and subnet.gateway is not None:  # bip: the bridge's own address
        own = _address(subnet.gateway.value, old, to)
        yield None if own is None else Edit(written.span, f"{own}/{to.length}", old=written.value)
    else:
        yield Edit(written.span, str(to), old=written.value)
        if subnet.gateway is not None:
            yield _shifted(subnet.gateway, old, to)
    if subnet.ip_range is not None:
        first = _address(subnet.ip_range.value.network_address, old, to)
        fits = first is not None and subnet.ip_range.exact and subnet.ip_range.value.length >= to.length
        text = f"{first}/{subnet.ip_range.value.length}"
        yield Edit(subnet.ip_range.span, text, old=str(subnet.ip_range.value)) if fits else None
    for _, reserved in subnet.reserved:
        yield _shifted(reserved, old, to)
    for project in host.projects:
        for service in project.services:
            for attachment in service.attachments:
                declared = project.network(attachment.network)
                if declared is not None and declared.name == network.name and attachment.ipv4 is not None:
                    yield _shifted(attachment.ipv4, old, to)


def _shifted(address: Located[Address], old: Prefix, to: Prefix) -> Edit | None:
    moved = _address(address.value, old, to)
    return Edit(address.span, str(moved), old=str(address.value)) if moved is not None and address.exact else None


def _address(address: Address, old: Prefix, to: Prefix) -> Address | None:
    """The address as many places behind the first of `to` as it is behind that of `old`."""
    index = int(address) - old.first
    usable = address.version == to.version and 0 <= index < to.size and (index < to.size - 1 or to.length > 30)
    return to.address(index) if usable else None


def take_free_address(
    address: Located[Address], host: Host, site: Site, network: Network, subnet: Subnet
) -> tuple[Fix, ...]:
    """Another IPv4 address of the subnet: the one as far from its start where that is free, else the first that is."""
    prefix = subnet.prefix
    if not address.exact or not subnet.written.exact or prefix.version != 4 or address.value.version != 4:
        return ()
    taken = {*occupied(host, site, network, subnet), *(one for one, _, _ in never_free(network, subnet))}
    alike = prefix.address(int(address.value) % prefix.size)
    numbers = range(1, min(prefix.size, len(taken) + 2))
    free = next((one for one in (alike, *(prefix.address(number) for number in numbers)) if one not in taken), None)
    if free is None:
        return ()
    change = Edit(address.span, str(free), old=str(address.value))
    return (Fix(title=f"take the free address {free}", changes=(change,)),)


def bind_to_loopback(port: PublishedPort) -> tuple[Fix, ...]:
    """127.0.0.1 as the host address of a port that is published on every address."""
    if not port.exact:
        return ()
    change: Change
    if port.address is not None:
        loopback = "::1" if ":" in port.address.value else "127.0.0.1"
        change = Edit(port.address.span, loopback, old=port.address.value)
    elif port.published_span is None:
        return ()
    elif port.published_span.start == port.span.start:  # the short form without an address
        at = port.span.start
        change = Edit(Span(port.span.source, at, at), "127.0.0.1:")
    else:
        change = Add(port.published_span, ("host_ip",), "127.0.0.1", beside=True)
    return (Fix(title="publish it on 127.0.0.1 alone", changes=(change,)),)


def leave_host_port_to_engine(port: PublishedPort) -> tuple[Fix, ...]:
    """Without the host port, each container gets a free one."""
    span = port.published_span
    if not port.exact or span is None or port.published is None:
        return ()
    change: Change
    if span.start == port.span.start:
        change = Edit(Span(span.source, span.start, span.end + 1), "", old=f"{port.published}:")
    elif port.address is not None and port.address.span.start == port.span.start:
        change = Edit(span, "", old=str(port.published))
    else:
        change = Remove(span)
    return (Fix(title="leave the port of the host to the engine", changes=(change,)),)


def reach_instead(intent: Intent, name: str, port: int) -> tuple[Fix, ...]:
    """`name` and `port` where the value names another host or port. The value is `host:port`, or the host alone where
    the port stands elsewhere: of the two that is offered which is written there."""
    if not intent.exact:
        return ()
    both = Edit(intent.span, f"{name}:{port}", old=f"{intent.host}:{intent.port}")
    fixes = [Fix(title=f"write {name}:{port}", changes=(both,))]
    if intent.port in (None, port) and name != intent.host:
        fixes.append(Fix(title=f"write {name}", changes=(Edit(intent.span, name, old=intent.host),)))
    return tuple(fixes)
