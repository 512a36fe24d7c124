"""The host loses its IPv6 routes: it forwards, and takes no more router advertisements

## What it means

The kernel takes router advertisements on an interface while it does not forward IPv6 there: with `accept_ra` 1, the
default, one that forwards is a router itself and ignores them. dockerd switches forwarding on for all interfaces when a
network has IPv6. The default route that the host learnt by an advertisement (`proto ra`) is not refreshed any more, and
runs out.

## Why it matters

Some minutes after the engine's start, or at once, the host and its containers reach nothing by IPv6.

## How to fix it

Set `net.ipv6.conf.eth0.accept_ra = 2` for the interface of the route, which takes advertisements in spite of
forwarding; or give the host a static default route. Where networkd or NetworkManager evaluate the advertisements
themselves, they set `accept_ra` to 0.

## Bad: forwarding, and accept_ra 1

```text title="sysctl-a.txt"
net.ipv6.conf.all.forwarding = 1
net.ipv6.conf.eth0.accept_ra = 1  # <- error
net.ipv6.conf.eth0.forwarding = 1
```

```text title="ip-6-route.txt"
fd00:17::/64 dev docker0 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 1024 expires 1791sec hoplimit 64 pref medium
```

## Good: in spite of forwarding

```text title="sysctl-a.txt"
net.ipv6.conf.all.forwarding = 1
net.ipv6.conf.eth0.accept_ra = 2
net.ipv6.conf.eth0.forwarding = 1
```

```text title="ip-6-route.txt"
fd00:17::/64 dev docker0 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 1024 expires 1791sec hoplimit 64 pref medium
```

## Good: networkd evaluates them itself

```text title="sysctl-a.txt"
net.ipv6.conf.all.forwarding = 1
net.ipv6.conf.eth0.accept_ra = 0
net.ipv6.conf.eth0.forwarding = 1
```

```text title="ip-6-route.txt"
default via fe80::1 dev eth0 proto ra metric 1024 expires 1791sec hoplimit 64 pref medium
```

## Bad: the engine switches forwarding on

```json title="daemon.json"
{
  "ipv6": true,
  "fixed-cidr-v6": "fd00:17::/64"
}
```

```text title="sysctl-a.txt"
net.ipv6.conf.eth0.accept_ra = 1  # <- error
```

```text title="ip-6-route.txt"
default via fe80::1 dev eth0 proto ra metric 1024 expires 1791sec hoplimit 64 pref medium
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Severity, Site, Span, rule


@rule(
    "NL513",
    Severity.ERROR,
    needs=["routes"],
    proof="source: ipv6_accept_ra of include/net/ipv6.h; accept_ra in Documentation/networking/ip-sysctl.rst; "
    "docker/for-linux#844, moby/moby#43466",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        said: set[str] = set()
        for route in host.routes or () if host.has_docker or host.sysctls else ():
            device = route.device
            if device is None or device in said or route.protocol != "ra" or not route.prefix.is_default:
                continue
            accepts = host.sysctl(f"net.ipv6.conf.{device}.accept_ra")
            forwards = _forwards(host, device)
            if accepts is None or accepts.value != "1" or not accepts.exact or forwards is None:
                continue
            said.add(device)
            yield Finding(
                message=f"{device} forwards IPv6 and has accept_ra 1: the default route that it learnt by router "
                "advertisement is not refreshed and runs out",
                at=accepts.span,
                help=f"set net.ipv6.conf.{device}.accept_ra = 2",
                related=(
                    Label(route.span, "learnt by router advertisement"),
                    Label(forwards, "what switches forwarding on"),
                ),
                host=host.name,
            )


def _forwards(host: Host, device: str) -> Span | None:
    """What says that IPv6 is forwarded on the interface: its own setting, that for all, or the engine's start."""
    for key in (device, "all"):
        found = host.sysctl(f"net.ipv6.conf.{key}.forwarding")
        if found is not None:
            return found.span if found.value == "1" and found.exact else None
    option = host.daemon.get("ipv6") if host.daemon is not None else None
    off = host.daemon.get("ip-forward") if host.daemon is not None else None
    return option.span if option is not None and option.value is True and (off is None or off.value is True) else None
