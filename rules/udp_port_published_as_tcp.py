"""A port of a service that speaks UDP is published for TCP

## What it means

A port that is published without a protocol is published for TCP. WireGuard, IKE, TFTP, DHCP,
NTP, SNMP and RADIUS speak UDP, and names are asked for by UDP first.

## Why it matters

The container is up, the port is open, and no packet of a client arrives: handshakes and questions time out.

## How to fix it

Append `/udp`: `51820:51820/udp`. For DNS publish both: `53:53/udp` and `53:53/tcp`.

## Bad: WireGuard

```yaml title="compose.yaml"
services:
  vpn:
    image: example/wireguard
    ports:
      - "51820:51820"  # <- warning
```

## Bad: DNS for TCP alone

```yaml title="compose.yaml"
services:
  dns:
    image: example/resolver
    ports:
      - "53:53"  # <- warning
      - "8053:80"
```

## Good: both

```yaml title="compose.yaml"
services:
  vpn:
    image: example/wireguard
    ports:
      - "51820:51820/udp"
      - "51821:51821"
  dns:
    image: example/resolver
    ports:
      - "53:53/udp"
      - "53:53/tcp"
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Host, Label, Project, PublishedPort, Severity, Site, Span, rule

# By the port in the container. Those that programs have on TCP as well (514, 1194, 3478, 4500) are left out.
SPEAKS_UDP = {
    53: "DNS", 67: "DHCP", 69: "TFTP", 123: "NTP", 161: "SNMP", 500: "IKE", 1812: "RADIUS", 1813: "RADIUS",
    51820: "WireGuard",
}  # fmt: skip


@rule(
    "NL240",
    Severity.WARNING,
    proof="the protocols: RFC 1035 (4.2.1), 2131, 1350, 5905, 3417, 7296, 2865, and WireGuard's",
    compose=["service.ports"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            yield from _services(host, project)


def _services(host: Host, project: Project) -> Iterator[Finding]:
    for service in project.services:
        by_udp = {number for port in service.ports if port.protocol == "udp" for number in _numbers(port)}
        for port in service.ports:
            name = SPEAKS_UDP.get(port.target.first)
            if name is None or port.protocol != "tcp" or len(port.target) > 1 or port.target.first in by_udp:
                continue
            written = f"{port.published}:{port.target}" if port.published is not None else f"{port.target}"
            yield Finding(
                message=f"port {port.target} of service {service.name} is published for TCP, and {name} asks by UDP",
                at=port.span,
                label="no packet of UDP comes in here",
                help=f'write "{written}/udp"' + (" beside it" if name == "DNS" else ""),
                related=_image(service.image.span if service.image is not None else None, name),
                confidence=None if port.exact else Confidence.MEDIUM,
                host=host.name,
            )


def _image(span: Span | None, name: str) -> tuple[Label, ...]:
    return (Label(span, f"what speaks {name}"),) if span is not None else ()


def _numbers(port: PublishedPort) -> range:
    return range(port.target.first, port.target.last + 1)
