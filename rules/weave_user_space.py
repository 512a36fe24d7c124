"""Weave copies every packet through user space

## What it means

Weave Net has two ways to another host: the fast datapath in the kernel (VXLAN by Open vSwitch), and *sleeve*, which
hands every packet to the weave process and back. A setting forces sleeve:

| setting | since |
|---|---|
| `WEAVE_NO_FASTDP` with any value, even `false`, or `--no-fastdp` | always |
| weave before 1.2 | there is no fast datapath |
| a password (encryption) with weave before 1.9 | encryption is sleeve only |
| exactly 2.6.1 | released without the fast datapath |

Where weave is found without any of these, a note says so: the project is unmaintained since 2022, and its default MTU
of 1376 halves TCP throughput on 10G links.

## Why it matters

Every packet is copied to the process and back: for bulk traffic between a fifth and a third of the host's throughput
was left, where the fast datapath reached over 90 %. The table below has the sources.

## How to fix it

Remove the setting, and open UDP port 6784 between the hosts. `weave status connections` shows which way is used.

## Bad: the fast datapath is switched off

```sh title="setup.sh"
export WEAVE_NO_FASTDP=true  # <- warning
weave launch 10.0.0.2
```

## Bad: weave itself, to be known

```sh title="setup.sh"
weave launch 10.0.0.2  # <- note
```

## Good: no weave

```sh title="setup.sh"
docker network create shop
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Severity, Site, measured, rule


@rule(
    "NL702",
    Severity.WARNING,
    proof="published measurements (rules/evidence.json); the settings from weave's launch script and change log",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        forced = next((weave.user_space for weave in host.weave if weave.user_space is not None), None)
        if forced is not None:
            yield Finding(
                message=f"weave is forced into user space by {forced.value}; measured: "
                f"{measured('sleeve-kratzke-2014', 'sleeve-pai4622-2020')}",
                at=forced.span,
                help="remove the setting and open UDP port 6784 between the hosts, so that the fast datapath is used",
                host=host.name,
            )
        elif host.weave:
            yield Finding(
                message="weave carries container traffic: it is unmaintained since 2022; measured: "
                f"{measured('weave-ib20-default', 'weave-ib20-mtu')}",
                at=host.weave[0].span,
                help="plan to replace it; until then set WEAVE_MTU to what the underlay carries",
                severity=Severity.NOTE,
                host=host.name,
            )
