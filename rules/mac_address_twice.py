"""Two containers on one network have the same MAC address

## What it means

The engine gives every endpoint a MAC address of its own, unless a file asks for one, and does not compare what is asked
for. Two services here ask for the same, or one with several replicas does.

## Why it matters

The bridge, or on macvlan the switch, learns one address at two ports, now this one and now that. Each container loses
packets to the other: connections hang and come back, and ARP answers alternate.

## How to fix it

Give each its own address, or leave `mac_address` out.

## Bad: copied from the service above

```yaml title="compose.yaml"
services:
  cam1:
    image: example/cam
    mac_address: 02:42:c0:a8:01:c9
    networks: [lan]
  cam2:
    image: example/cam
    mac_address: 02:42:c0:a8:01:c9  # <- error
    networks: [lan]
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.10.0/24
          gateway: 192.168.10.254
          ip_range: 192.168.10.192/27
```

## Good: one each

```yaml title="compose.yaml"
services:
  cam1:
    image: example/cam
    mac_address: 02:42:c0:a8:01:c9
    networks: [lan]
  cam2:
    image: example/cam
    mac_address: 02:42:c0:a8:01:ca
    networks: [lan]
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.10.0/24
          gateway: 192.168.10.254
          ip_range: 192.168.10.192/27
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Host, Label, Located, Reach, Service, Severity, Site, rule


@rule(
    "NL241",
    Severity.ERROR,
    proof="moby/moby#22174: the engine starts both; a bridge keeps one port for an address (br_fdb_update of "
    "net/bridge/br_fdb.c)",
    compose=["service.mac_address"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        seen: dict[tuple[str, str], tuple[Service, Located[str]]] = {}
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                yield from _service(host, reach, service, seen)


def _service(
    host: Host, reach: Reach, service: Service, seen: dict[tuple[str, str], tuple[Service, Located[str]]]
) -> Iterator[Finding]:
    mac = service.mac_address
    if mac is None or not mac.exact or "$" in mac.value:
        return
    if service.replicas is not None and service.replicas.value > 1:
        yield Finding(
            message=f"{service.replicas.value} replicas of service {service.name} have one MAC address, {mac.value}",
            at=mac.span,
            help="leave mac_address out",
            related=(Label(service.replicas.span, f"{service.replicas.value} replicas"),),
            confidence=None if service.scaled else Confidence.MEDIUM,
            host=host.name,
        )
        return
    for network in sorted(reach.networks(service) or ()):
        other, first = seen.setdefault((network, mac.value.lower().replace("-", ":")), (service, mac))
        if other is not service:
            apart = not {*service.profiles}.isdisjoint(other.profiles) or not (service.profiles or other.profiles)
            yield Finding(
                message=f"services {other.name} and {service.name} have MAC address {mac.value} on network {network}",
                at=mac.span,
                help="give each its own, or leave mac_address out",
                related=(Label(first.span, f"service {other.name} has it"),),
                confidence=None if apart else Confidence.MEDIUM,
                host=host.name,
            )
            return
