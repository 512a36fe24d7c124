"""The network between hosts is encrypted, at a price that depends on the cipher and the machines

## What it means

Traffic between hosts is encrypted by IPsec (an overlay network with the option `encrypted`, weave with a password,
flannel's `ipsec`) or WireGuard (flannel, Calico). For Docker's overlay the *key* `encrypted` counts alone: `encrypted:
"false"` encrypts too.

## Why it matters

Where the network is not trusted, encryption is worth its price. Where it is wanted by nobody (`"false"`), or runs over
a network that is encrypted already, it is paid for nothing. Software IPsec reached 14 to 17 % of a 10G link with one
flow; WireGuard nearly all of it with jumbo frames, and a quarter of 32 Gbit/s on a 40G link. Docker's own documentation
gives no number. The table below has the sources.

## How to fix it

Leave it on for links that others can read. Remove the key (not: set it to false) where the network is trusted; prefer
WireGuard where the choice exists.

## Bad: switched off in vain

```yaml title="stack.yaml"
services:
  api:
    image: example/api
    networks: [back]
networks:
  back:
    driver: overlay
    driver_opts:
      encrypted: "false"  # <- warning
```

## Bad: to be known

```yaml title="stack.yaml"
services:
  api:
    image: example/api
    networks: [back]
networks:
  back:
    driver: overlay
    driver_opts:
      encrypted: ""  # <- note
```

## Good: without the key

```yaml title="stack.yaml"
services:
  api:
    image: example/api
    networks: [back]
networks:
  back:
    driver: overlay
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Severity, Site, Span, measured, rule

OFF = ("false", "0", "no", "off")


@rule(
    "NL705",
    Severity.NOTE,
    proof="published measurements (rules/evidence.json); moby's overlay driver, which asks for the key alone",
    compose=["network.driver=overlay"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            option = network.option("encrypted") if network.driver == "overlay" else None
            if option is None:
                continue
            vain = option.value.lower() in OFF
            yield Finding(
                message=f"overlay {network.key or network.name} is encrypted"
                + (f" although the option says {option.value}: the key alone counts" if vain else "")
                + f"; measured for IPsec: {measured('enc-ipsec-ib20')}; Docker names {measured('overlay-enc-docs')}",
                at=option.span,
                help="remove the key to switch encryption off"
                if vain
                else "leave it on where others can read the link",
                severity=Severity.WARNING if vain else None,
                host=host.name,
            )
        for at, what, figure in _others(host):
            yield Finding(
                message=f"{what}; measured: {measured(figure)}",
                at=at,
                help="leave it on where others can read the link",
                host=host.name,
            )


def _others(host: Host) -> Iterator[tuple[Span, str, str]]:
    for weave in host.weave:
        if weave.password is not None and weave.user_space is None:
            yield weave.password, "weave encrypts by IPsec", "weave-ib20-enc"
    for config in host.cluster.flannel:
        kind = config.backend.value.lower() if config.backend is not None else ""
        if config.backend is not None and kind in ("wireguard", "ipsec"):
            figure = "enc-ib24" if kind == "wireguard" else "enc-ipsec-ib20"
            yield config.backend.span, f"flannel encrypts by {kind}", figure
    for calico in host.cluster.calico:
        if calico.wireguard is not None:
            yield calico.wireguard, "Calico encrypts by WireGuard", "enc-wg-ib20"
