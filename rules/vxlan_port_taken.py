"""Another tunnel of the host uses the VXLAN port of the swarm

## What it means

Overlay networks of a swarm send VXLAN over UDP port 4789, the `data-path-port`. An interface of the host (an SDN's
tunnel end point, flannel with that port) receives VXLAN on the same port.

## Why it matters

The kernel gives each packet to one of the two. Overlay traffic arrives at the other tunnel and is dropped; nodes stay
`Ready`, and nothing is logged.

## How to fix it

Give the swarm another port when it is created: `docker swarm init --data-path-port 7789`.

## Bad: the SDN was first

```sh title="setup.sh"
docker swarm init --advertise-addr 10.0.5.11
```

```text title="ip-link.txt"
2: ens192: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT
9: vtep0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN mode DEFAULT  # <- warning
    vxlan id 5001 local 10.0.5.11 dev ens192 srcport 0 0 dstport 4789 ageing 300
```

## Good: a port of its own

```sh title="setup.sh"
docker swarm init --advertise-addr 10.0.5.11 --data-path-port 7789
```

```text title="ip-link.txt"
2: ens192: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT
9: vtep0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN mode DEFAULT
    vxlan id 5001 local 10.0.5.11 dev ens192 srcport 0 0 dstport 4789 ageing 300
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, rule


@rule(
    "NL610",
    Severity.WARNING,
    needs=["addresses"],
    proof="kernel: one VXLAN socket a port; Docker documents --data-path-port for hosts that use 4789 otherwise",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.swarm is None or not host.swarm.active:
            continue
        port = host.swarm.data_path_port
        for link in host.links:
            if link.kind == "vxlan" and (used := link.option("dstport")) is not None and used.value == str(port):
                yield Finding(
                    message=f"{link.name} receives VXLAN on UDP port {port}, the data path port of the swarm",
                    at=link.span,
                    label="overlay traffic may end here",
                    help="create the swarm with --data-path-port and a port that is free",
                    related=(Label(host.swarm.data_path_port_span or host.swarm.span, "the swarm"),),
                    host=host.name,
                )
