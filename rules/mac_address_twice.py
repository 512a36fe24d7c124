"""Two containers on one network have the same MAC address

## What it means

The engine gives every endpoint a MAC address of its own, unless a file asks for one, and does not compare what is asked
for. Two services here ask for the same, or one with several replicas does.

## Why it matters

On macvlan the kernel refuses the second: it does not start, "address already in use". On a bridge both start, and the
bridge learns one address at two ports, now this one and now that. Only the one that spoke last gets answers, and
neither reaches the other: connections hang and come back.

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

## Good: one or the other

```yaml title="compose.yaml"
services:
  cam:
    image: example/cam:1
    profiles: [old]
    mac_address: 02:42:c0:a8:01:c9
  cam2:
    image: example/cam:2
    profiles: [new]
    mac_address: 02:42:c0:a8:01:c9
```

## Good: two variants of a file

```yaml title="docker-compose.yml"
services:
  cam:
    image: example/cam
    mac_address: 02:42:c0:a8:01:c9
```

```yaml title="docker-compose.prod.yml"
services:
  cam:
    image: example/cam:prod
    mac_address: 02:42:c0:a8:01:c9
```
"""

from collections.abc import Iterator
from typing import TypeAlias

from netlint.api import Confidence, Finding, Host, Label, Located, Project, Reach, Service, Severity, Site, rule

Seen: TypeAlias = dict[tuple[str, str], tuple[Project, Service, Located[str]]]  # by network and address


@rule(
    "NL241",
    Severity.ERROR,
    proof="moby/moby#22174; a bridge keeps one port for an address (br_fdb_update of net/bridge/br_fdb.c), macvlan one "
    "link (macvlan_addr_busy of drivers/net/macvlan.c)",
    compose=["service.mac_address"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        seen: Seen = {}
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                yield from _service(host, project, reach, service, seen)


def _service(host: Host, project: Project, reach: Reach, service: Service, seen: Seen) -> Iterator[Finding]:
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
        key = network, mac.value.lower().replace("-", ":")
        theirs, other, first = seen.setdefault(key, (project, service, mac))
        if other is not service and not _are_alternatives(project, service, theirs, other):
            together = {*service.profiles} == {*other.profiles}
            yield Finding(
                message=f"services {other.name} and {service.name} have MAC address {mac.value} on network {network}",
                at=mac.span,
                help="give each its own, or leave mac_address out",
                related=(Label(first.span, f"service {other.name} has it"),),
                confidence=None if together else Confidence.MEDIUM,
                host=host.name,
            )
            return


def _are_alternatives(mine: Project, one: Service, theirs: Project, other: Service) -> bool:
    """Whether at most one of the two runs: in files that are variants of a project, or in profiles of their own."""
    if mine is not theirs and mine.name == theirs.name:
        return True
    return bool(one.profiles and other.profiles) and {*one.profiles}.isdisjoint(other.profiles)
