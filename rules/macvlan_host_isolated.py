"""The host, or a container that goes through it, talks to a container on macvlan or ipvlan

## What it means

The interfaces of macvlan and ipvlan containers hang on an interface of the host, and the kernel passes nothing between
that interface and them. So the host does not reach these containers, nor they the host; the same holds for containers
of bridge networks and with `network_mode: host`, whose packets leave by the same interface.

## Why it matters

The connection times out, while every other machine of the LAN gets through.

## How to fix it

Put both services on a bridge network too, and use the service's name; or give the host a macvlan interface of its own
beside the containers (`ip link add … type macvlan`) with a route to them.

## Bad: a proxy on the host's network

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      lan:
        ipv4_address: 192.168.10.150
  proxy:
    image: example/proxy
    network_mode: host
    environment:
      BACKEND: http://192.168.10.150:8030  # <- warning
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.10.0/24
          gateway: 192.168.10.254
```

## Bad: the host as the way out

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [lan]
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.10.0/24
          gateway: 192.168.10.1  # <- warning
          ip_range: 192.168.10.192/27
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

## Good: a network for the two

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      inner: {}
      lan:
        ipv4_address: 192.168.10.150
  proxy:
    image: example/proxy
    networks: [inner]
    environment:
      BACKEND: http://app:8030
networks:
  inner: {}
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.10.0/24
          gateway: 192.168.10.254
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    LinkChange,
    Located,
    Network,
    Reach,
    Service,
    Severity,
    Site,
    intents,
    rule,
)

Place = tuple[Network, Service, Located[str]]
DRIVERS = ("macvlan", "ipvlan")


@rule(
    "NL218",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    compose=["network.driver=macvlan|network.driver=ipvlan"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if any(link.kind in DRIVERS for link in host.interfaces or ()) or _may_be_made(host):
            continue  # the host has an interface beside the containers
        yield from _gateways(host)
        isolated = list(_isolated(host))
        for project in host.projects if isolated else ():
            reach = Reach(project)
            for service in project.services:
                for intent in intents(service):
                    found = next((one for one in isolated if _is_meant(one, intent.host)), None)
                    if found is None or not intent.exact or _is_beside(host, reach, service, found):
                        continue
                    network, target, address = found
                    through = "the host's network" if service.mode is not None else "a bridge of the host"
                    yield Finding(
                        message=f"service {service.name} talks to {address.value} of service {target.name} from "
                        f"{through}: {network.driver} network {network.key or network.name} cannot be reached from its "
                        "own host",
                        at=intent.span,
                        help=f"put {service.name} and {target.name} on a bridge network too, and use the name "
                        f"{target.name}",
                        related=(Label(address.span, f"the address of {target.name} on {network.driver}"),),
                        host=host.name,
                    )


def _gateways(host: Host) -> Iterator[Finding]:
    """Networks whose way out is the host itself."""
    own = {entry.address: (link.name, entry) for link in host.interfaces or () for entry in link.addresses}
    for network in host.networks if own else ():
        mode = network.option("ipvlan_mode")
        if network.driver not in DRIVERS or network.internal or (mode is not None and mode.value.lower() != "l2"):
            continue
        for subnet in network.subnets:
            gateway = subnet.gateway
            if gateway is not None and gateway.exact and gateway.value in own:
                name, entry = own[gateway.value]
                yield Finding(
                    message=f"the gateway {gateway.value} of {network.driver} network {network.key or network.name} is "
                    f"this host's own address on {name}, which its containers do not reach",
                    at=gateway.span,
                    label="no container gets out of the LAN",
                    help="name the LAN's router, the gateway of the host's default route",
                    related=(Label(entry.span, "the host's own"),),
                    confidence=Confidence.HIGH,
                    host=host.name,
                )


def _may_be_made(host: Host) -> bool:
    return any(isinstance(action, LinkChange) and action.kind in DRIVERS for action in host.actions)


def _isolated(host: Host) -> Iterator[Place]:
    """The addresses that containers have on networks that their host cannot reach."""
    for project in host.projects:
        for service in project.services:
            for attachment in service.attachments:
                network = host.network_of(project, attachment.network)
                address = attachment.ipv4
                if network is not None and network.driver in DRIVERS and address is not None and address.exact:
                    yield network, service, Located(str(address.value), address.span)


def _is_meant(place: Place, target: str) -> bool:
    return target == place[2].value


def _is_beside(host: Host, reach: Reach, service: Service, place: Place) -> bool:
    """Whether the service is on the network itself, or nothing is known of where it is."""
    owner = reach.namespace(service)
    if owner is None:
        return service.mode is None or service.mode.value != "host"
    if owner.name == place[1].name:
        return True
    networks = [host.network_of(reach.project, attachment.network) for attachment in owner.attachments]
    return any(network is None or network.external or network.driver != "bridge" for network in networks)
