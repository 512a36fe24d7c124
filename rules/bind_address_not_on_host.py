"""A port is published on an address that the host does not have

## What it means

The part before the host port is an address of the host: one that an interface carries, `127.0.0.1`, or a wildcard. It
is not the address of a container or of a client, and it is no name.

## Why it matters

The container does not start: "cannot assign requested address". A name is refused ("invalid IP address"), or, by old
releases of docker-compose, taken for every address, so that what was meant for the host alone was open to everybody.

## How to fix it

Write an address that `ip address` lists, `127.0.0.1` for the host itself, or none for all of them. For an address that
moves between hosts (keepalived) set `net.ipv4.ip_nonlocal_bind=1`: then the check is silent.

## Bad: a name

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    ports:
      - "localhost:5432:5432"  # <- error
```

## Bad: an address of another machine

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports:
      - "192.0.2.77:8080:80"  # <- error
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP
    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0
```

## Good: the host's own

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports:
      - "192.0.2.10:8080:80"
      - "127.0.0.1:9090:9090"
      - "0.0.0.0:8443:8443"
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP
    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    AddressChange,
    Confidence,
    Edit,
    Finding,
    Fix,
    Host,
    Label,
    Located,
    Publication,
    Severity,
    Site,
    local_addresses,
    parse_address,
    rule,
)


@rule(
    "NL207",
    Severity.ERROR,
    compose=["port.address"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for publication in host.publications():
            written = publication.port.address
            if written is None or "$" in written.value or not written.value:
                continue
            address = parse_address(written.value.strip("[]"))
            if address is None:
                yield _name(host, publication, written)
            elif _is_foreign(host, address):
                yield _foreign(host, publication, written, address)


def _name(host: Host, publication: Publication, written: Located[str]) -> Finding:
    fixes: tuple[Fix, ...] = ()
    if written.value == "localhost" and written.exact:
        fixes = (
            Fix(title="bind to 127.0.0.1", changes=(Edit(written.span, "127.0.0.1", old="localhost"),), safe=True),
        )
    return Finding(
        message=f"{publication.owner} publishes port {publication.port.published or publication.port.target} on "
        f"{written.value}, which is no address",
        at=written.span,
        label="Compose refuses a name here",
        help="write 127.0.0.1" if written.value == "localhost" else "write an address of the host",
        confidence=None if written.exact else Confidence.MEDIUM,
        host=host.name,
        fixes=fixes,
    )


def _is_foreign(host: Host, address: Address) -> bool:
    own = local_addresses(host)
    if own is None or address.is_unspecified or address.is_loopback or address in own:
        return False
    if address.version == 6 and not any(one.version == 6 for one in own):
        return False  # `ip -4`
    added = (action.address.value for action in host.actions if isinstance(action, AddressChange))
    anywhere = host.sysctl(f"net.ipv{address.version}.ip_nonlocal_bind")
    return address not in added and (anywhere is None or anywhere.value != "1")


def _foreign(host: Host, publication: Publication, written: Located[str], address: Address) -> Finding:
    usual = "" if written.exact else ", by default,"
    links = [
        (link.name, entry)
        for link in host.interfaces or ()
        for entry in link.addresses
        if entry.address.version == address.version and entry.scope == "global"
    ]
    near = next(((name, entry) for name, entry in links if entry.prefix.holds(address)), None)
    # a listing without the loopback interface is an excerpt
    whole = host.interface("lo") is not None
    return Finding(
        message=f"{publication.owner} publishes port {publication.port.published or publication.port.target}{usual} on "
        f"{address}, which no interface of the host has",
        at=written.span,
        label="cannot assign requested address",
        help=f"write {near[1].address}, the address of {near[0]}"
        if near is not None
        else "write an address of the host",
        related=() if near is None else (Label(near[1].span, f"{near[0]} has this address"),),
        confidence=Confidence.HIGH if whole and written.exact else Confidence.MEDIUM,
        host=host.name,
    )
