"""A network that is told not to translate is the only way out of its containers

## What it means

With `com.docker.network.bridge.enable_ip_masquerade: "false"` packets leave the host with the containers' own
addresses. Answers come back only where the routers outside have a route for the subnet by way of this host.

## Why it matters

What a container asks the internet is never answered, and nothing is logged anywhere: the packets do go out.

## How to fix it

Leave the option out, or put the containers on a second network that translates and gets their default route (see
`default-gateway-ambiguous`). Where they are to reach nothing outside, `internal: true` says so. Where the routers do
have the route, the option `gateway_mode_ipv4: routed` of the bridge driver tells engine and reader.

The check is silent where a service of the network publishes a port (the answers to its clients do come back, and some
shut such services in so), and where the dump has a translation of somebody else's.

## Bad: no other way out

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [lan]
networks:
  lan:
    driver_opts:
      com.docker.network.bridge.enable_ip_masquerade: "false"  # <- warning
```

## Good: another network, or ports alone

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [lan, front]
  proxy:
    image: example/proxy
    ports: ["127.0.0.1:8080:80"]
    networks: [served]
networks:
  lan:
    driver_opts:
      com.docker.network.bridge.enable_ip_masquerade: "false"
  front: {}
  served:
    driver_opts:
      com.docker.network.bridge.enable_ip_masquerade: "false"
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Host, Label, Located, Network, Project, Severity, Site, rule

MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
MODE = "com.docker.network.bridge.gateway_mode_ipv4"
TRANSLATING = ("MASQUERADE", "SNAT")


@rule(
    "NL244",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    proof="libnetwork/drivers/bridge/setup_ip_tables_linux.go: without it no rule of POSTROUTING is for the subnet",
    compose=["network.options"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for declared in project.networks:
                network = host.network_of(project, declared.key or declared.name) or declared
                option = network.option(MASQUERADE)
                plain = option is not None and not network.external and _leaves_as_it_is(network, option)
                if option is not None and plain and not _translates(host, network):
                    yield from _shut_in(host, project, declared, option)


def _leaves_as_it_is(network: Network, option: Located[str]) -> bool:
    return (
        network.driver == "bridge"
        and not network.internal
        and option.exact
        and option.value.lower() == "false"
        and network.option(MODE) is None
    )


def _shut_in(host: Host, project: Project, network: Network, option: Located[str]) -> Iterator[Finding]:
    members = [one for one in project.services if any(place.network == network.key for place in one.attachments)]
    alone = [one for one in members if len(one.attachments) == 1 and not one.extends]
    if not alone or any(one.ports for one in members):
        return
    names = ", ".join(one.name for one in alone[:3]) + (f" and {len(alone) - 3} more" if len(alone) > 3 else "")
    yield Finding(
        message=f"network {network.key} is the only one of {names} and translates no addresses: they reach only "
        "networks that have a route back",
        at=option.span,
        help="leave the option out, or write internal: true if nothing outside is to be reached",
        related=tuple(Label(one.span, "on this network alone") for one in alone[:3]),
        host=host.name,
    )


def _translates(host: Host, network: Network) -> bool:
    """Whether the dump has a translation that may be for the network."""
    ruleset = host.ruleset(4)
    table = ruleset.table("nat") if ruleset is not None else None
    subnets = [subnet.prefix for subnet in network.subnets]
    for _, one in table.rules() if table is not None else ():
        if one.target in TRANSLATING and (
            one.source is None
            or one.source.negated
            or not subnets
            or any(one.source.prefix.overlaps(prefix) for prefix in subnets)
        ):
            return True
    return False
