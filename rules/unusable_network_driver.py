"""A network has a driver that makes none, or one that cannot have what is asked of it

## What it means

`driver: host` and `driver: none` make no networks: there is one of each, called `host` and `none`. A driver that is not
part of the engine is a plugin, which has to be installed. The bridge driver gives a network one IPv4 subnet and one
IPv6 subnet.

## Why it matters

`docker compose config` accepts the file, and `up` fails: "only one instance of "host" network is allowed", "plugin
"brigde" not found", "bridge driver doesn't support multiple subnets". The networks before it are there by then.

## How to fix it

For the host's network write `network_mode: host` in the service. For several subnets make several networks.

## Bad: the host's network

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - outside
networks:
  outside:
    driver: host  # <- error
```

## Bad: a spelling mistake

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - back
networks:
  back:
    driver: brigde  # <- error
```

## Bad: two subnets

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - back
networks:
  back:
    ipam:
      config:
        - subnet: 10.80.0.0/24
        - subnet: 10.80.1.0/24  # <- error
```

## Good: two versions of IP, and a plugin

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - back
      - mesh
networks:
  back:
    enable_ipv6: true
    ipam:
      config:
        - subnet: 10.80.0.0/24
        - subnet: fd00:80::/64
  mesh:
    driver: weavemesh
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Network, Origin, Severity, Site, Span, nearest, rule

SINGLE = {"host": "host", "none": "none", "null": "none"}
BUILT_IN = ("bridge", "macvlan", "ipvlan", "overlay")


@rule(
    "NL233",
    Severity.ERROR,
    proof="moby/moby v20.10.24 and v28.5.2, libnetwork: the texts that are quoted",
    compose=["network.driver_span|network.subnets"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for network in project.networks:
                if network.external or network.key is None or not project.uses(network.key):
                    continue
                yield from _driver(host, network)
                yield from _subnets(host, network)


def _driver(host: Host, network: Network) -> Iterator[Finding]:
    driver, place = network.driver, network.driver_span
    if place is None or "$" in driver or driver in BUILT_IN:
        return
    near = nearest(driver.lower(), BUILT_IN, cutoff=0.8)
    if driver in SINGLE:
        fault = "of which there is one network alone"
        cure = f"write network_mode: {SINGLE[driver]} in the services, without networks"
    elif near:
        fault, cure = "which the engine does not have", f"write {near}"
    else:
        return
    yield Finding(
        message=f"network {network.key} has the driver {driver}, {fault}",
        at=place,
        label="the network is not created",
        help=cure,
        host=host.name,
    )


def _subnets(host: Host, network: Network) -> Iterator[Finding]:
    if network.driver != "bridge" or network.origin is not Origin.COMPOSE or network.ipam_driver is not None:
        return
    first: dict[int, Span] = {}
    for subnet in network.subnets:
        version = subnet.prefix.version
        before = first.setdefault(version, subnet.span)
        if before is not subnet.span:
            yield Finding(
                message=f"network {network.key} has a second IPv{version} subnet, {subnet.prefix}, and the driver "
                "bridge takes one",
                at=subnet.span,
                label="the network is not created",
                help="make a network for each subnet",
                related=(Label(before, f"the first IPv{version} subnet"),),
                host=host.name,
            )
            return
