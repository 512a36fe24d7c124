"""The host loses its IPv6 routes: it forwards, and takes no more router advertisements

## What it means

The kernel takes router advertisements on an interface while it does not forward IPv6 there: with `accept_ra` 1, the
default, one that forwards is a router itself and ignores them. dockerd switches forwarding on for all interfaces when a
network has IPv6. At that moment the kernel drops the default route that the host learnt by an advertisement (`proto
ra`), and takes no other; one that it learnt otherwise, while `accept_ra` was 2, is not refreshed and runs out.

## Why it matters

With the engine's start the host and its containers reach nothing by IPv6 beyond their LAN. The host keeps its address,
so that all seems well there.

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

## Bad: the address is there, the default route is gone

```text title="sysctl-a.txt"
net.ipv6.conf.all.forwarding = 1
net.ipv6.conf.eth0.accept_ra = 1  # <- error
net.ipv6.conf.eth0.forwarding = 1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    inet6 2001:db8:1:0:5054:ff:fe12:3456/64 scope global dynamic mngtmpaddr
       valid_lft 3579sec preferred_lft 1779sec
    inet6 fe80::5054:ff:fe12:3456/64 scope link
```

```text title="ip-6-route.txt"
2001:db8:1::/64 dev eth0 proto kernel metric 256 expires 3579sec pref medium
fd00:17::/64 dev docker0 proto kernel metric 256 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
```

## Good: a static default route

```text title="sysctl-a.txt"
net.ipv6.conf.all.forwarding = 1
net.ipv6.conf.eth0.accept_ra = 1
net.ipv6.conf.eth0.forwarding = 1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    inet6 2001:db8:1:0:5054:ff:fe12:3456/64 scope global dynamic mngtmpaddr
       valid_lft 3579sec preferred_lft 1779sec
```

```text title="ip-6-route.txt"
2001:db8:1::/64 dev eth0 proto kernel metric 256 expires 3579sec pref medium
default via fe80::1 dev eth0 metric 1024 pref medium
```

## Good: a router that is no way out

```text title="sysctl-a.txt"
net.ipv6.conf.all.forwarding = 1
net.ipv6.conf.eth0.accept_ra = 1
net.ipv6.conf.eth0.forwarding = 1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    inet6 fd00:10:0:0:5054:ff:fe12:3456/64 scope global dynamic mngtmpaddr
       valid_lft 3579sec preferred_lft 1779sec
```

```text title="ip-6-route.txt"
fd00:10::/64 dev eth0 proto kernel metric 256 expires 3579sec pref medium
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
net.ipv6.conf.all.forwarding = 0
net.ipv6.conf.eth0.accept_ra = 1  # <- error
net.ipv6.conf.eth0.forwarding = 0
```

```text title="ip-6-route.txt"
default via fe80::1 dev eth0 proto ra metric 1024 expires 1791sec hoplimit 64 pref medium
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Host, Interface, Label, Located, Severity, Site, Span, parse_prefix, rule

PUBLIC = parse_prefix("2000::/3")


@rule(
    "NL513",
    Severity.ERROR,
    needs=["routes"],
    proof="source: ipv6_accept_ra of include/net/ipv6.h, addrconf_fixup_forwarding of net/ipv6/addrconf.c; accept_ra "
    "in Documentation/networking/ip-sysctl.rst; docker/for-linux#844, moby/moby#43466",
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
            accepts, forwards = _accepts(host, device), _forwards(host, device)
            if accepts is None or forwards is None:
                continue
            said.add(device)
            learnt = Label(route.span, "learnt by router advertisement")
            switch = Label(forwards, "what switches forwarding on")
            yield _finding(host, device, accepts, "is dropped, or runs out", None, learnt, switch)
        for link in host.interfaces or () if _has_routes_but_no_default(host) else ():
            accepts, forwards = _accepts(host, link.name), _set(host, link.name)
            address = _advertised(link)
            if accepts is not None and forwards is not None and address is not None:
                learnt = Label(address, "learnt by router advertisement")
                switch = Label(forwards, "what dropped the route")
                yield _finding(host, link.name, accepts, "is gone", Confidence.MEDIUM, learnt, switch)


def _finding(
    host: Host, device: str, accepts: Located[str], fate: str, confidence: Confidence | None, *related: Label
) -> Finding:
    return Finding(
        message=f"{device} forwards IPv6 and has accept_ra 1: the default route that it learnt by router advertisement "
        + fate,
        at=accepts.span,
        help=f"set net.ipv6.conf.{device}.accept_ra = 2",
        related=related,
        confidence=confidence,
        host=host.name,
    )


def _accepts(host: Host, device: str) -> Located[str] | None:
    """The setting that takes advertisements only where nothing is forwarded."""
    found = host.sysctl(f"net.ipv6.conf.{device}.accept_ra")
    return found if found is not None and found.value == "1" and found.exact else None


def _set(host: Host, device: str) -> Span | None:
    """The setting by which IPv6 is forwarded on the interface: its own, or else that for all."""
    for key in (device, "all"):
        found = host.sysctl(f"net.ipv6.conf.{key}.forwarding")
        if found is not None:
            return found.span if found.value == "1" and found.exact else None
    return None


def _forwards(host: Host, device: str) -> Span | None:
    """What says that IPv6 is forwarded on the interface: a setting, or the engine's start, whatever was set before."""
    if (found := _set(host, device)) is not None:
        return found
    option = host.daemon.get("ipv6") if host.daemon is not None else None
    off = host.daemon.get("ip-forward") if host.daemon is not None else None
    return option.span if option is not None and option.value is True and (off is None or off.value is True) else None


def _has_routes_but_no_default(host: Host) -> bool:
    """Whether the routes of IPv6 were listed, and no table has a default one."""
    routes = [route for route in host.routes or () if route.prefix.version == 6 and route.kind == "unicast"]
    return bool(routes) and not any(route.prefix.is_default for route in routes)


def _advertised(link: Interface) -> Span | None:
    """The link's public address that it has for a time. A router that advertises private ones may be no way out."""
    for entry in link.addresses:
        if entry.dynamic and link.up is not False and PUBLIC is not None and PUBLIC.holds(entry.address):
            return entry.span
    return None
