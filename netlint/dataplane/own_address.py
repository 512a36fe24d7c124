"""Addresses that an engine tells others to find it at: `10.0.0.5:2376`, `eth0:2376`, `eth0`."""

from __future__ import annotations

from netlint.dataplane.view import is_container_link
from netlint.model.host import Host
from netlint.prefix import Address, parse_address


def own_address(host: Host, text: str) -> tuple[Address | None, str | None]:
    """The address that `text` stands for on `host`, where it can be known, and what makes it unusable, if anything."""
    place = text.rpartition(":")[0] if text.count(":") == 1 else text.partition("]")[0].lstrip("[")
    address = parse_address(place)
    if address is not None:
        if address.is_loopback:
            return address, "is a loopback address"
        own = {entry.address for link in host.interfaces or () for entry in link.addresses}
        missing = host.interfaces is not None and bool(own) and address not in own and not address.is_unspecified
        return address, "is no address of this host" if missing else _of_containers(host, address)
    if place == "docker0" or any(network.bridge == place for network in host.networks):
        return _first(host, place), f"names the container bridge {place}"
    if host.interfaces is None:
        return None, None
    link = host.interface(place)
    if link is None:
        return None, f"names the interface {place}, which this host does not have"
    address = _first(host, place)
    return address, "is the loopback interface" if address is not None and address.is_loopback else None


def _of_containers(host: Host, address: Address) -> str | None:
    """What is wrong with an address by which containers alone reach the host."""
    links = [link.name for link in host.interfaces or () if any(entry.address == address for entry in link.addresses)]
    if len(links) == 1 and is_container_link(host, links[0]):
        return f"is the address of {links[0]}, behind which are containers"
    return None


def _first(host: Host, name: str) -> Address | None:
    link = host.interface(name)
    addresses = [entry.address for entry in link.addresses if entry.address.version == 4] if link is not None else []
    return addresses[0] if addresses else None
