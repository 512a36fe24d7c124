"""A bridge's traffic passes iptables where it should not, or passes it by where it should

## What it means

Packets between two ports of one bridge need no router. Whether iptables sees them is up to
`net.bridge.bridge-nf-call-iptables`: with 1 they pass FORWARD, with 0 no rule of iptables is for them.

With 0 the rule that `icc: false` adds, `-i docker0 -o docker0 -j DROP`, is for nothing. With 1, which dockerd sets, the
policy DROP of FORWARD is also for bridges that are none of Docker's: those of virtual machines, of LXC, of a switch.

## Why it matters

With 0 containers that are to be kept apart talk to each other. With 1 virtual machines on the host lose the network:
ARP is answered, and every IP packet disappears.

## How to fix it

With `icc: false` keep `net.bridge.bridge-nf-call-iptables = 1`, in sysctl.d too. For a bridge of others accept its
traffic where the engine leaves rules alone: `iptables -I DOCKER-USER -i br0 -o br0 -j ACCEPT`; or set it to 0 where no
network of Docker relies on it.

## Bad: containers are to be kept apart

```json title="daemon.json"
{
  "icc": false
}
```

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 0  # <- warning
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: services of Kubernetes

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 0  # <- warning
```

```yaml title="kube-proxy.yaml"
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clusterCIDR: 10.244.0.0/16
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP
    inet 10.244.1.1/24 scope global cni0
```

## Good: they are

```json title="daemon.json"
{
  "icc": false
}
```

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: the bridge of virtual machines

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]  # <- warning
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
```

```text title="ip-addr.txt"
2: eno1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master br0 state UP
3: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 192.168.10.1/24 scope global br0
4: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
5: vnet0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP
```

## Good: accepted

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -i br0 -o br0 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
```

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
```

```text title="ip-addr.txt"
2: eno1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master br0 state UP
3: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 192.168.10.1/24 scope global br0
4: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
5: vnet0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP
```
"""

from collections import Counter
from collections.abc import Iterator

from netlint.api import (
    OUTSIDE,
    Address,
    Chain,
    Finding,
    Host,
    HostWalk,
    Inside,
    Interface,
    Label,
    Network,
    Packet,
    Severity,
    Site,
    Span,
    Walker,
    clusters_of,
    insides,
    leg_witness,
    pattern,
    rule,
    rules_below,
)

KEY = "net.bridge.bridge-nf-call-iptables"
PODS = pattern(r"cni\d+|cbr0|kube-bridge")
# Links with ports of their own that are no bridges, where the listing does not tell their kind.
NO_BRIDGE = pattern(r"bond|team|vrf|ovs|lagg")
ANYBODY = (OUTSIDE[4], OUTSIDE[4] + 1)
ICC = "com.docker.network.bridge.enable_icc"


@rule(
    "NL507",
    Severity.WARNING,
    proof="source: br_nf_pre_routing of net/bridge/br_netfilter_hooks.c",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        setting = host.sysctl(KEY)
        if setting is None or not setting.exact:
            continue
        walk = walker.on(host)
        if setting.value == "0":
            yield from _services(host, site, walk, setting.span)
        if not host.has_docker:
            continue
        if setting.value == "0":
            for inside in insides(walk):
                kept = _kept_apart(host, inside.network)
                if kept is not None:
                    yield _together(walk, inside, kept, setting.span)
        elif (forward := _dropping(host)) is not None:
            for link in _of_others(host):
                finding = _lost(walk, link, forward, setting.span)
                if finding is not None:
                    yield finding


def _services(host: Host, site: Site, walk: HostWalk, setting: Span) -> Iterator[Finding]:
    """Pods on a bridge of a node where kube-proxy translates the addresses of services: an answer to a pod on the same
    bridge has to pass iptables to be translated back."""
    proxy = _translator(host, site)
    pods = next((inside for inside in insides(walk) if PODS.fullmatch(inside.link)), None)
    if proxy is None or pods is None:
        return
    yield Finding(
        message=f"{KEY} is 0: what a pod answers another on {pods.link} that asked by the address of a service is not "
        "translated back, and is lost",
        at=setting,
        label="no rule of iptables is for what stays on a bridge",
        help=f"set {KEY} = 1, where the settings are kept too (module br_netfilter)",
        related=(Label(proxy, "kube-proxy translates the addresses of services"), Label(pods.span, pods.link)),
        host=host.name,
    )


def _translator(host: Host, site: Site) -> Span | None:
    """kube-proxy, by its configuration, or by a rule of its in the dump."""
    told = next((one.span for cluster in clusters_of(host, site) for one in cluster.proxies), None)
    ruleset = host.ruleset(4)
    services = ruleset.chain("nat", "KUBE-SERVICES") if ruleset is not None else None
    return told or (services.rules[0].span if services is not None and services.rules else None)


def _kept_apart(host: Host, network: Network | None) -> Span | None:
    """The option that is to keep the containers of a network from each other."""
    if network is None:
        return None
    option = network.option(ICC)
    if option is not None:
        return option.span if option.value.lower() == "false" else None
    told = host.daemon.get("icc") if host.daemon is not None and network.default_bridge else None
    return told.span if told is not None and told.value is False else None


def _together(walk: HostWalk, inside: Inside, kept: Span, setting: Span) -> Finding:
    packet = Packet(source=inside.first, destination=inside.second, in_interface=inside.link)
    return Finding(
        message=f"containers of network {inside.name} reach each other though icc is false: {KEY} is 0, and their "
        "packets do not pass iptables",
        at=setting,
        label="no rule of iptables is for what stays on a bridge",
        help=f"set {KEY} = 1, where the settings are kept too (module br_netfilter)",
        related=(Label(kept, "they are to be kept apart"),),
        witness=leg_witness(walk.receive(packet)),
        host=walk.host.name,
    )


def _dropping(host: Host) -> Chain | None:
    """FORWARD where it drops what no rule accepts, and where the engine has its rules there."""
    ruleset = host.ruleset(4)
    chain = ruleset.chain("filter", "FORWARD") if ruleset is not None else None
    return chain if chain is not None and chain.policy == "DROP" else None


def _of_others(host: Host) -> Iterator[Interface]:
    """Bridges that are none of Docker's and have more than one port, so that packets go from one to the other."""
    own = {network.bridge for network in host.networks}
    ports = Counter(link.master for link in host.links)
    for link in host.links:
        is_bridge = link.kind == "bridge" or (link.kind is None and NO_BRIDGE.match(link.name) is None)
        if is_bridge and link.name not in own and ports[link.name] > 1:
            yield link


def _neighbours(walk: HostWalk, link: Interface) -> tuple[Address, Address] | None:
    """Two that may be behind ports of the bridge; None where its addresses are unknown and rules ask for some."""
    for entry in link.addresses:
        if entry.address.version == 4 and not entry.prefix.is_host:
            free = [entry.prefix.address(at) for at in range(2, min(entry.prefix.size - 1, 6))]
            first, *rest = (address for address in free if address not in walk.router.own)
            return (first, rest[0]) if rest else None
    ruleset = walk.host.ruleset(4)
    inner = [one.subnet.prefix for one in walk.router.bridges]
    asked = (
        side.prefix
        for one in (rules_below(ruleset, "filter", "FORWARD") if ruleset is not None else ())
        for side in (one.source, one.destination)
        if side is not None and one.target == "ACCEPT"
    )
    if any(not any(prefix.contains(one) for prefix in inner) for one in asked):
        return None
    return ANYBODY


def _lost(walk: HostWalk, link: Interface, forward: Chain, setting: Span) -> Finding | None:
    ends = _neighbours(walk, link)
    if ends is None:
        return None
    leg = walk.along(Packet(source=ends[0], destination=ends[1], in_interface=link.name))
    if leg.accepted or not leg.certain or leg.decided != forward.span:
        return None
    return Finding(
        message=f"the policy DROP of FORWARD also drops what goes from one port of {link.name} to another: {KEY} is 1, "
        f"and no rule accepts it",
        at=forward.span,
        label=f"{leg.left} ends here",
        help=f"iptables -I DOCKER-USER -i {link.name} -o {link.name} -j ACCEPT, or {KEY} = 0",
        related=(
            Label(setting, "sends bridged packets through iptables"),
            Label(link.span, f"{link.name} is none of Docker's bridges"),
        ),
        witness=leg_witness(leg),
        host=walk.host.name,
    )
