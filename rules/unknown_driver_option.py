"""A network option that its driver does not have

## What it means

The driver looks for the options it knows by their full names and passes over all others: a misspelt one, one of another
driver, or a daemon option written as a driver option.

## Why it matters

The network is created without a word, and without what the option was to bring.

## How to fix it

Use the name that the driver knows:

| driver | options |
|---|---|
| bridge | `com.docker.network.bridge.name`, `….bridge.enable_icc`, `….bridge.enable_ip_masquerade`, `….bridge.host_binding_ipv4`, `….bridge.inhibit_ipv4`, `….bridge.gateway_mode_ipv4`, `….bridge.gateway_mode_ipv6`, `….bridge.trusted_host_interfaces`, `….driver.mtu`, `….host_ipv4`, `….host_ipv6`, `….container_iface_prefix` |
| overlay | `encrypted`, `com.docker.network.driver.mtu`, `com.docker.network.driver.overlay.vxlanid_list` |
| macvlan | `parent`, `macvlan_mode` |
| ipvlan | `parent`, `ipvlan_mode`, `ipvlan_flag` |

## Bad: almost the right name

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    driver_opts:
      com.docker.network.mtu: "1400"  # <- warning
```

## Good: as the driver knows it

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    driver_opts:
      com.docker.network.driver.mtu: "1400"
```
"""  # noqa: E501 - the row of a table is one line

from collections.abc import Iterator

from netlint.api import Finding, Origin, Severity, Site, nearest, rule

PREFIX = "com.docker.network."
BRIDGE = (
    "bridge.name", "bridge.default_bridge", "bridge.enable_icc", "bridge.enable_ip_masquerade",
    "bridge.host_binding_ipv4", "bridge.inhibit_ipv4", "bridge.gateway_mode_ipv4", "bridge.gateway_mode_ipv6",
    "bridge.trusted_host_interfaces", "driver.mtu", "host_ipv4", "host_ipv6", "container_iface_prefix", "enable_ipv4",
    "enable_ipv6",
)  # fmt: skip
OF_EVERY_DRIVER = ("com.docker.network.enable_ipv4", "com.docker.network.enable_ipv6")
KNOWN = {
    "bridge": tuple(PREFIX + name for name in BRIDGE),
    "overlay": ("encrypted", f"{PREFIX}driver.mtu", f"{PREFIX}driver.overlay.vxlanid_list"),
    "macvlan": ("parent", "macvlan_mode"),
    "ipvlan": ("parent", "ipvlan_mode", "ipvlan_flag"),
}
FOREIGN = (f"{PREFIX}windowsshim.", f"{PREFIX}endpoint.", "com.docker.compose.")


@rule(
    "NL221",
    Severity.WARNING,
    proof="the names: the drivers' sources, v1.12 to v29",
    compose=["network.options"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            known = KNOWN.get(network.driver)
            if known is None or network.origin not in (Origin.COMPOSE, Origin.SCRIPT):
                continue
            for name, value in network.options:
                if name in known or name in OF_EVERY_DRIVER or name.startswith(FOREIGN) or "$" in name:
                    continue
                near = _meant(name, known)
                yield Finding(
                    message=f"option {name} of network {network.key or network.name} is none of the {network.driver} "
                    "driver, which ignores it",
                    at=value.span,
                    help=f"did you mean {near}?" if near else "remove it",
                    host=host.name,
                )


def _meant(name: str, known: tuple[str, ...]) -> str | None:
    last = name.rpartition(".")[2].replace("-", "_").lower()
    same = [one for one in known if one.rpartition(".")[2] == last]
    return same[0] if same else nearest(name.lower(), known, cutoff=0.8)
