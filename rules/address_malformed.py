"""Something else stands where the engine asks for an address

## What it means

`bip`, `bip6`, `fixed-cidr` and `fixed-cidr-v6` are an address or a range with its length: `10.9.0.1/24`. A name server
(`dns`), a default gateway and `ip` are one address each: no name, no length, and no port behind it. The container's
resolver asks port 53 and no other.

## Why it matters

`dockerd` and `docker run` refuse the value. A container of a Compose service is made and, from engine 26 on, does not
start ("bad nameserver address"); before, it starts and resolves nothing by that server.

## How to fix it

Write the length behind `bip`. For a name server write its address; one that listens on another port than 53 needs a
forwarder that listens there.

## Bad: no length

```json title="daemon.json"
{
  "bip": "10.9.0.1"  // <- error
}
```

## Bad: a name server with a port

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    dns: "10.0.0.53#5353"  # <- error
```

## Bad: a name server by its name

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    dns:
      - pihole  # <- error
```

## Good: addresses

```json title="daemon.json"
{
  "bip": "10.9.0.1/24",
  "dns": ["10.0.0.53", "2001:db8::53"]
}
```

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    dns: [10.0.0.53, "${RESOLVER}"]
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    ContainerRun,
    Finding,
    Host,
    Located,
    Option,
    Setting,
    Severity,
    Site,
    parse_address,
    parse_interface,
    pattern,
    rule,
)

# Words of files to be filled in: my.resolvers.ip.addr, <your-dns>.
TO_BE_WRITTEN = pattern(
    r"(?:.*[^a-z])?(?:my|your|example|change|changeme|ip|x+)(?:[^a-z].*)?|.*[<>\[{].*", re.IGNORECASE
)
RANGES = ("bip", "bip6", "fixed-cidr", "fixed-cidr-v6")
ADDRESSES = ("default-gateway", "default-gateway-v6", "ip")


@rule(
    "NL313",
    Severity.ERROR,
    proof="moby: daemon/config (validation of dns), daemon_unix.go (initBridgeDriver), opts/ip.go",
    compose=["service.dns"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for option in host.daemon.options if host.daemon is not None else ():
            if option.setting is not Setting.RUNNING:
                yield from _option(host, option)
        for project in host.projects:
            for service in project.services:
                yield from _servers(host, service.dns, f"service {service.name}", _effect(host))
        for action in host.actions:
            if isinstance(action, ContainerRun):
                name = f"container {action.name.value}" if action.name is not None else "a container"
                yield from _servers(host, action.dns, name, "docker run refuses it")


def _effect(host: Host) -> str:
    """What becomes of a Compose service: libnetwork reads the address itself since 26."""
    starts = host.before(26)
    if starts is None:
        return "it does not start from engine 26 on, and resolves nothing by it before"
    return "it resolves nothing by it" if starts else "it does not start"


def _option(host: Host, option: Option) -> Iterator[Finding]:
    if option.name == "dns":
        yield from _servers(host, option.items, "dockerd", "it refuses to start")
    value = option.value
    if not isinstance(value, str) or not value or not option.exact or option.type_error:
        return
    if option.name in RANGES:
        if "/" in value and parse_interface(value) is not None:
            return
        address = parse_address(value)
        what = "has no prefix length" if address is not None else "is no address with a prefix length"
        example = f"{value}/{24 if address.version == 4 else 64}" if address is not None else "10.201.0.1/24"
        cure = f"write it with its length, such as {example}"
    elif option.name in ADDRESSES and parse_address(value) is None:
        what, cure = "is no address", "write one address, without a length or a port"
    else:
        return
    yield Finding(
        message=f"{option.name} {value} {what}: dockerd refuses to start",
        at=option.span,
        help=cure,
        host=host.name,
    )


def _servers(host: Host, servers: tuple[Located[str], ...], owner: str, effect: str) -> Iterator[Finding]:
    for server in servers:
        value = server.value
        # a link-local server needs its link, and engines differ in what they make of that
        if not server.exact or not value or "$" in value or "%" in value or parse_address(value) is not None:
            continue
        if TO_BE_WRITTEN.fullmatch(value):
            continue
        yield Finding(
            message=f"name server {value} of {owner} is no address: {effect}",
            at=server.span,
            help="write its address; it is asked on port 53",
            host=host.name,
        )
