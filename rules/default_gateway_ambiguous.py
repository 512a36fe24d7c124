"""A container's way out leads through a network that has none

## What it means

A container on several networks has one default route. Engines before 28 take the network whose name (with the project's
prefix) comes first in the alphabet, internal networks aside; from 28 on the highest `gw_priority` wins, and then the
name. Here that network does not translate addresses, or leads nowhere else, while another network of the service does.

The same holds for a container on macvlan and on a bridge, if the bridge's name comes first: what other networks ask of
the container's own address on the LAN is then answered through the host.

The key `priority` decides the order in which networks are joined, not the default route.

## Why it matters

The container reaches nothing outside of the host, unless the network beyond it has a route back to the container's
address. Published ports mostly work, which makes it harder to see.

## How to fix it

Give the network with the way out a `gw_priority` (engine 28, Compose 2.33.1), or a name that comes first. A network
that is to lead nowhere is better made `internal: true`, which never gets the default route.

## Bad: back comes before front

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports: ["127.0.0.1:8080:80"]
    networks: [front, back]  # <- warning
networks:
  front: {}
  back:
    driver_opts:
      com.docker.network.bridge.enable_ip_masquerade: "false"
```

## Bad: a bridge before the LAN

```yaml title="compose.yaml"
services:
  hub:
    image: example/hub
    networks:
      back:  # <- warning
      lan:
        ipv4_address: 192.168.1.200
networks:
  back:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.1.0/24
          gateway: 192.168.1.1
          ip_range: 192.168.1.192/27
```

## Good: a priority

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports: ["127.0.0.1:8080:80"]
    networks:
      front:
        gw_priority: 1
      back: {}
networks:
  front: {}
  back:
    driver_opts:
      com.docker.network.bridge.enable_ip_masquerade: "false"
```
"""

from collections.abc import Iterator

from netlint.api import Attachment, Confidence, Finding, Host, Label, Network, Project, Service, Severity, Site, rule

MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"


@rule(
    "NL215",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    compose=["network.options|network.driver=macvlan|network.driver=ipvlan"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                found = _way_out(host, project, service)
                if found is not None:
                    yield _finding(host, service, *found)
                ways = _two_ways(host, project, service) if found is None else None
                if ways is not None:
                    yield _answers(host, service, *ways)


Joined = tuple[Attachment, Network]


def _way_out(host: Host, project: Project, service: Service) -> tuple[Joined, Joined] | None:
    """The network that gets the default route without being a way out, and one that is."""
    joined = [
        (attachment, network)
        for attachment in service.attachments
        if (network := host.network_of(project, attachment.network)) is not None and not network.internal
    ]
    if len(joined) < 2 or any(network.external and network.id is None for _, network in joined):
        return None
    heeded = host.before(28) is not True
    priorities = {
        network.name: attachment.gw_priority.value if attachment.gw_priority is not None and heeded else 0
        for attachment, network in joined
    }
    first = min(joined, key=lambda one: (-priorities[one[1].name], one[1].name))
    other = next((one for one in joined if one[1].masquerades), None)
    if other is None or not _leads_nowhere(first[1]):
        return None
    return first, other


def _two_ways(host: Host, project: Project, service: Service) -> tuple[Joined, Joined] | None:
    """A bridge network that gets the default route, before one by which the LAN reaches the container itself."""
    joined = [
        (attachment, network)
        for attachment in service.attachments
        if (network := host.network_of(project, attachment.network)) is not None and not network.internal
    ]
    if any(attachment.gw_priority is not None or network.external for attachment, network in joined):
        return None
    lan = next((one for one in joined if one[1].driver in ("macvlan", "ipvlan") and one[1].subnets), None)
    first = min(joined, key=lambda one: one[1].name, default=None)
    if lan is None or first is None or first[1].driver != "bridge":
        return None
    return first, lan


def _leads_nowhere(network: Network) -> bool:
    """Whether a bridge network is asked not to translate what leaves it. One that is routed has its way back."""
    option = network.option(MASQUERADE)
    return network.driver == "bridge" and option is not None and option.exact and option.value.lower() == "false"


def _answers(host: Host, service: Service, first: Joined, lan: Joined) -> Finding:
    out, beside = first[1].key or first[1].name, lan[1].key or lan[1].name
    return Finding(
        message=f"service {service.name} has its default route by bridge network {out}, and not by {lan[1].driver} "
        f"network {beside}: what other networks ask of its address there is answered through the host",
        at=first[0].span,
        label="the first name in the alphabet gets the default route",
        help=f"give {beside} a gw_priority of 1 (engine 28), or make {out} internal",
        related=(Label(lan[0].span, f"the LAN reaches it by {beside}"),),
        host=host.name,
    )


def _finding(host: Host, service: Service, first: Joined, other: Joined) -> Finding:
    attachment, network = first
    option = network.option(MASQUERADE)
    name = other[1].key or other[1].name
    return Finding(
        message=f"service {service.name} has its default route by network {network.key or network.name}, which does "
        f"not translate addresses, and not by {name}",
        at=attachment.span,
        label="the first name in the alphabet gets the default route",
        help=f"give {name} a gw_priority of 1 (engine 28), or make {network.key or network.name} internal",
        related=(
            Label(other[0].span, f"{name} leads out"),
            *((Label(option.span, "no translation here"),) if option is not None else ()),
        ),
        host=host.name,
    )
