"""The kernel does not forward packets of containers

## What it means

Packets between a container and anything but its own host are forwarded by the kernel, which it does only while
`net.ipv4.ip_forward` is 1. dockerd sets it at its start, unless `ip-forward` is false. A file of sysctl.d that says 0,
which hardening guides ask for on machines that are no routers, switches it off again whenever the settings are applied:
at boot, if that comes later, with `sysctl --system`, after an update of a package.

Each interface has a switch of its own (`net.ipv4.conf.eth0.forwarding`), which decides on what comes in there. networkd
of systemd 219 to 228 sets it to 0 on the interfaces that it configures without `IPForward=yes`, that of version 256 and
later where `IPv4Forwarding=no` is written.

## Why it matters

Containers lose every network but the bridge, and published ports answer on the host alone. "WARNING: IPv4 forwarding is
disabled. Networking will not work" stands in the output of `docker run`.

## How to fix it

Set `net.ipv4.ip_forward = 1` on hosts with containers, and leave `ip-forward` at its default.

## Bad: hardened

```text title="sysctl.d/99-cis.conf"
net.ipv4.ip_forward = 0  # <- error
net.ipv4.conf.all.send_redirects = 0
```

```yaml title="compose.yaml"
services:
  web:
    image: example/app
```

## Bad: nobody switches it on

```json title="daemon.json"
{
  "ip-forward": false  // <- error
}
```

## Bad: off for a bridge

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.ipv4.conf.docker0.forwarding = 0  # <- error
```

```json title="daemon.json"
{ "bip": "172.17.0.1/16" }
```

## Bad: off where answers come in

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.ipv4.conf.eth0.forwarding = 0  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```json title="daemon.json"
{ "bip": "172.17.0.1/16" }
```

## Good: on, by the administrator

```text title="sysctl.d/99-docker.conf"
net.ipv4.ip_forward = 1
```

```json title="daemon.json"
{
  "ip-forward": false
}
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Located,
    Severity,
    Site,
    is_container_link,
    pattern,
    rule,
    uplinks,
)

FORWARD = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")
OF_INTERFACE = pattern(r"net\.ipv4\.conf\.(.+)\.forwarding")
ON_THE_HOST = ("host", "none")


@rule(
    "NL308",
    Severity.ERROR,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if not host.has_docker or not _needs_forwarding(host):
            continue
        started = not _is_not_started(host)
        state = _state(host, started=started)
        option = host.daemon.get("ip-forward") if host.daemon is not None else None
        off = option is not None and option.value is False
        if state is not None and state.value == "0" and state.exact:
            running = not _is_configuration(state)
            yield Finding(
                message="net.ipv4.ip_forward is 0: the kernel forwards no packet of a container"
                if running or off
                else "net.ipv4.ip_forward = 0 switches the forwarding off that containers need, each time that the "
                "settings are applied after dockerd's start",
                at=state.span,
                help="set net.ipv4.ip_forward = 1",
                related=(Label(option.span, "dockerd does not switch it on"),) if off and option is not None else (),
                host=host.name,
            )
        elif off and option is not None and (state is None or not state.exact):
            yield Finding(
                message="ip-forward is false, and nothing here sets net.ipv4.ip_forward to 1: the kernel's default is "
                "to forward nothing",
                at=option.span,
                help="leave ip-forward at its default, or set net.ipv4.ip_forward = 1 in sysctl.d",
                confidence=Confidence.MEDIUM,
                host=host.name,
            )
        elif started:
            yield from _interfaces(host)


def _state(host: Host, *, started: bool) -> Located[str] | None:
    """The setting that holds, of files alone where the engine is not `started`; both keys are one and the same in the
    kernel."""
    known = (value for key, value in reversed(host.sysctls or ()) if key in FORWARD)
    return next((value for value in known if started or _is_configuration(value)), None)


def _is_configuration(state: Located[str]) -> bool:
    """Whether a file says so that is applied now and again, and not a listing of the running kernel."""
    return state.span.source.endswith((".conf", ".sh"))


def _is_not_started(host: Host) -> bool:
    """Whether an engine has set up nothing yet on the running host: it switches forwarding on when it starts."""
    links = [link.name for link in host.interfaces or () if link.name != "lo"]
    return bool(links) and not host.containers and not any(is_container_link(host, name) for name in links)


def _needs_forwarding(host: Host) -> bool:
    """False where all containers that are known are in the host's own network, or in none."""
    services = [service for project in host.projects for service in project.services]
    return not services or any(service.mode is None or service.mode.value not in ON_THE_HOST for service in services)


def _interfaces(host: Host) -> Iterator[Finding]:
    """Bridges and uplinks on which the running kernel does not forward what comes in."""
    bridges = {network.bridge: network for network in host.networks if network.bridge is not None}
    outward = {route.device for route in host.routes or () if route.prefix.is_default and route.table == "main"}
    if host.routes is None and host.interfaces is not None and len(found := uplinks(host)) == 1:
        outward.update(found)  # the only interface that does not lead to containers
    for name in dict.fromkeys(one[1] for key, _ in host.sysctls or () if (one := OF_INTERFACE.fullmatch(key))):
        value = host.sysctl(f"net.ipv4.conf.{name}.forwarding")
        if value is None or value.value != "0" or not value.exact or _is_configuration(value):
            continue
        network = bridges.get(name)
        if network is not None or name in outward:
            what = (
                f"what containers of network {network.name} send"
                if network is not None
                else "what comes in for containers"
            )
            yield Finding(
                message=f"forwarding is off on {name}: the kernel drops {what}",
                at=value.span,
                help=f"set net.ipv4.conf.{name}.forwarding = 1",
                related=(Label(network.span, f"{name} is the bridge of this network"),) if network is not None else (),
                host=host.name,
            )
