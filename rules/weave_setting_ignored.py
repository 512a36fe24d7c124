"""A setting of weave has no effect

## What it means

Two settings do nothing, or not what they seem to:

* A variable that a script assigns on a line of its own is the script's alone. `weave launch` is another program and
  sees it only if it is exported, or stands on the same line before the command.
* `WEAVE_MTU` is taken as it is. The fast datapath adds 50 bytes to each packet (84 where it encrypts); a value that
  does not fit under the network's MTU makes weave fall back to user space for every connection.

## Why it matters

What was meant to be switched on or off is not, and nothing says so: encryption stays off, the fast datapath stays on,
the larger MTU brings less throughput than the default.

## How to fix it

`export` the variable or write it before the command. Set `WEAVE_MTU` to the MTU of the hosts' network less 84.

## Bad: not exported

```sh title="setup.sh"
WEAVE_PASSWORD=secret  # <- warning
weave launch 10.0.5.12
```

## Bad: more than the network carries

```sh title="setup.sh"
export WEAVE_MTU=1500  # <- warning
weave launch 10.0.5.12
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
```

## Good: exported, and within the limit

```sh title="setup.sh"
export WEAVE_MTU=1416
WEAVE_PASSWORD=secret weave launch 10.0.5.12
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Severity, Site, Weave, rule, uplinks

VXLAN = 50  # outer IPv4, UDP and VXLAN headers and the inner Ethernet header
ESP = 34  # what IPsec in transport mode adds at most, with AES-GCM


@rule(
    "NL613",
    Severity.WARNING,
    proof="VXLAN of the kernel with the bit that forbids cutting, which weave's router/fastdp.go sets; that a "
    "connection falls back where packets of its MTU do not arrive: weave's page on the fast datapath",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for weave in host.weave:
            for variable in weave.not_exported:
                yield Finding(
                    message=f"{variable.value} is not exported, so that weave launch does not see it",
                    at=variable.span,
                    help=f"write export {variable.value}=…, or the assignment on the line of weave launch before it",
                    related=(Label(weave.span, "weave starts without it"),),
                    host=host.name,
                )
            yield from _mtu(host, weave)


def _mtu(host: Host, weave: Weave) -> Iterator[Finding]:
    links = [link for name in uplinks(host) if (link := host.interface(name)) is not None and link.mtu is not None]
    if weave.mtu is None or not weave.mtu.exact or not links or weave.fastdp_off is not None:
        return
    link = max(links, key=lambda one: one.mtu or 0)
    overhead = VXLAN + (ESP if weave.password is not None else 0)
    if link.mtu is not None and weave.mtu.value > link.mtu - overhead:
        yield Finding(
            message=f"WEAVE_MTU is {weave.mtu.value}, and {link.name} carries {link.mtu}, {overhead} of it for weave's "
            "own headers: the fast datapath is not used",
            at=weave.mtu.span,
            help=f"set WEAVE_MTU to {link.mtu - VXLAN - ESP}",
            related=(Label(link.span, f"{link.name} has MTU {link.mtu}"),),
            host=host.name,
        )
