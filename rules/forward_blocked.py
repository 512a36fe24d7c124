"""The firewall drops the forwarded traffic of a container network

## What it means

Packets of containers, and packets to them from other hosts, are forwarded: the chain FORWARD decides over them. Nothing
there accepts those of this network before a rule for everything refuses them, or the policy drops them. In
`DOCKER-USER`, a list of addresses that may come in with a last rule against all others also ends what containers begin,
unless that rule is for the uplink alone (`-i eth0`). The policy DROP
alone means nothing: Docker sets it itself, and accepts what its own networks need. It does not accept what bridges of
others need (weave, CNI, LXD, libvirt, or any link whose subnet a rule of the table nat translates on its way out), nor
new connections that another host routes straight to the containers.

## Why it matters

Containers of the network reach nothing outside, or other hosts do not reach them, though routes and addresses are
right. From Docker 28 on the last rule of a network in the chain DOCKER drops what no published port lets in, whatever
the policy.

## How to fix it

Accept the traffic in `DOCKER-USER`, which comes first and which the engine leaves alone: `iptables -I DOCKER-USER -i
weave -j ACCEPT`. Put a rule that refuses everything else behind the engine's rules, and not before them.

## Bad: a rule for everything comes before the engine's

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j REJECT --reject-with icmp-host-prohibited  # <- error
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: nothing accepts a bridge that is not Docker's

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]  # <- error
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

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
4: weave: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1376 qdisc noqueue state UP
    inet 10.32.0.1/12 scope global weave
```

## Good: policy DROP, and everybody's traffic accepted

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 10.32.0.0/12 ! -d 10.32.0.0/12 -j MASQUERADE
COMMIT
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
-A DOCKER-USER -i weave -j ACCEPT
-A DOCKER-USER -o weave -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
4: weave: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1376 qdisc noqueue state UP
    inet 10.32.0.1/12 scope global weave
```
"""

from collections.abc import Iterator

from netlint.api import (
    Chain,
    Confidence,
    Finding,
    FirewallRule,
    Host,
    HostWalk,
    Inside,
    Label,
    Leg,
    NameMatch,
    Packet,
    Severity,
    Site,
    Span,
    Walker,
    insides,
    is_container_link,
    is_left_out,
    led_to,
    leg_witness,
    machines,
    outward,
    rule,
    rules_below,
    uplinks,
)

ENGINES = ("docker-bridges", "docker")  # tables of Docker 29 with its nftables backend


@rule(
    "NL407",
    Severity.ERROR,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        for version in (4, 6):
            yield from _version(walker, walker.on(host, version))


def _version(walker: Walker, walk: HostWalk) -> Iterator[Finding]:
    host = walk.host
    yield from _by_others(walk)
    if walk.version == 4:
        yield from _among(walk)
    forward = _forward(walk)
    if forward is None or host.uses_nftables:
        if walk.version == 4 and not host.rulesets and _left_alone(walk):
            yield from _by_ufw(host)
        return
    said: set[Span] = set()
    for inside in (*insides(walk), *(machines(walk) if _programmed(walk) else ())):
        if inside.network is not None and (inside.network.internal or not (_programmed(walk) or _left_alone(walk))):
            continue
        if is_left_out(host, inside.link):
            continue
        leg = walk.receive(outward(inside))
        if (_blocked(leg, forward) or _by_user(leg)) and leg.decided is not None and leg.decided not in said:
            said |= {leg.decided} - {forward.span}  # a rule for all packets is one defect for all networks
            what = f"nothing lets network {inside.name} ({inside.prefix}) out"
            yield _finding(leg, forward, inside, what, f"-i {inside.link}")
    if walk.version == 4:
        yield from _from_peers(walker, walk, forward)


def _by_others(walk: HostWalk) -> Iterator[Finding]:
    """Base chains that are the administrator's own. Each of a hook's chains has to accept a packet: what the engine's
    rules accept elsewhere does not help."""
    chains = [
        chain
        for ruleset in walk.rulesets
        for table, chain in ruleset.base_chains("filter", "FORWARD")
        if chain.hook is not None and table.name not in ENGINES and chain.name != "FORWARD"
    ]
    said: set[Span] = set()
    for inside in insides(walk) if chains else ():
        if inside.network is None or inside.network.internal:
            continue
        leg = walk.receive(outward(inside))
        if leg.accepted or not leg.certain or leg.decided is None or leg.decided in said:
            continue
        for chain in chains:
            policy = leg.decided == chain.span
            if not policy and not any(one.span == leg.decided and _for_all(one) for one in chain.rules):
                continue
            said.add(leg.decided)
            by = f"its policy {chain.policy}" if policy else "its rule for all packets"
            yield Finding(
                message=f"nothing in {chain.name} lets network {inside.name} ({inside.prefix}) out: {by} drops it "
                "whatever the engine accepts",
                at=leg.decided,
                label=f"{leg.left} ends here",
                help=f'accept it there: iifname "{inside.link}" accept, and what comes back: ct state '
                "established,related accept",
                related=(Label(inside.span, f"network {inside.name}"),),
                witness=leg_witness(leg),
                host=walk.host.name,
            )


def _among(walk: HostWalk) -> Iterator[Finding]:
    """Containers of one network whose connections to each other end at a rule of DOCKER-USER that is for others, too.
    They pass iptables where bridge-nf-call-iptables is 1."""
    ruleset = walk.host.ruleset(4)
    rules = {one.span: one for one in rules_below(ruleset, "filter", "DOCKER-USER")} if ruleset is not None else {}
    said: set[Span] = set()
    for inside in insides(walk) if rules else ():
        leg = walk.along(Packet(source=inside.first, destination=inside.second, in_interface=inside.link))
        culprit = rules.get(leg.decided) if leg.decided is not None and not leg.accepted and leg.certain else None
        if culprit is None or culprit.span in said or culprit.in_interface is not None:
            continue
        if culprit.source is not None and not culprit.source.negated and culprit.source.prefix.overlaps(inside.prefix):
            continue  # it names them
        said.add(culprit.span)
        yield Finding(
            message=f"{culprit.target} here also ends what containers of network {inside.name} open to each other",
            at=culprit.span,
            label=f"{leg.left} ends here",
            help=f"let them pass before it: -A DOCKER-USER -s {inside.prefix} -j RETURN, or give it -i and the uplink",
            related=(Label(inside.span, f"network {inside.name}"),),
            witness=leg_witness(leg),
            host=walk.host.name,
        )


def _forward(walk: HostWalk) -> Chain | None:
    ruleset = walk.host.ruleset(walk.version)
    chain = ruleset.chain("filter", "FORWARD") if ruleset is not None else None
    return chain if chain is not None and chain.declared else None


def _programmed(walk: HostWalk) -> bool:
    """Whether the engine's rules are in FORWARD: where they are gone, that is what is to be said."""
    forward = _forward(walk)
    return forward is not None and any((one.target or "").startswith("DOCKER") for one in forward.rules)


def _by_ufw(host: Host) -> Iterator[Finding]:
    """ufw, which lets nothing through that no rule of its own is for."""
    ufw, option = host.ufw, host.daemon.get("iptables") if host.daemon is not None else None
    routed = ufw.routed if ufw is not None else None
    if ufw is None or routed is None or routed.value not in ("deny", "reject") or option is None or ufw.for_docker:
        return
    if (ufw.enabled is not None and not ufw.enabled.value) or any(one.routed for one in ufw.rules):
        return
    yield Finding(
        message=f"nothing lets containers out: ufw's policy for what the host passes on is {routed.value}, and dockerd "
        "is told to write no rules",
        at=routed.span,
        help="set DEFAULT_FORWARD_POLICY to ACCEPT, add ufw route allow in on docker0, or leave iptables to the engine",
        related=(Label(option.span, "the engine accepts nothing itself"),),
        confidence=Confidence.MEDIUM,
        host=host.name,
    )


def _left_alone(walk: HostWalk) -> bool:
    """Whether the engine is told to write no rules, so that it is for others to accept what containers send."""
    option = walk.host.daemon.get("iptables" if walk.version == 4 else "ip6tables") if walk.host.daemon else None
    return option is not None and option.value is False


def _blocked(leg: Leg, forward: Chain) -> bool:
    """Whether the policy of FORWARD lost the packet, or a rule there that is for everything."""
    if leg.accepted or not leg.certain:
        return False
    return leg.decided == forward.span or any(one.span == leg.decided and _for_all(one) for one in forward.rules)


def _by_user(leg: Leg) -> bool:
    """Whether a rule of DOCKER-USER for everything lost the packet, and no rule before it is for what containers send:
    where there is one, the rule is the end of a list of what they may."""
    ruleset = leg.host.ruleset(4)
    chain = ruleset.chain("filter", "DOCKER-USER") if ruleset is not None and not leg.accepted and leg.certain else None
    for one in chain.rules if chain is not None else ():
        if one.span == leg.decided:
            return _for_all(one)
        if one.target not in ("RETURN", "ACCEPT") or _of_connections(one):
            continue
        if not _for_strangers(leg.host, one):
            return False
    return False


def _for_strangers(host: Host, one: FirewallRule) -> bool:
    """Whether it is only for what comes from outside: by its interface, or by a source that no container has."""
    if one.in_interface is not None and not one.in_interface.negated:
        return not is_container_link(host, one.in_interface.name)
    inside = [subnet.prefix for network in host.networks for subnet in network.subnets]
    source = one.source
    return source is not None and not source.negated and not any(own.overlaps(source.prefix) for own in inside)


def _of_connections(one: FirewallRule) -> bool:
    """Whether it is for packets of connections that there are."""
    state = one.match("ctstate") or one.match("state")
    return state is not None and not state.negated and "NEW" not in state.values[0]


def _for_all(one: FirewallRule) -> bool:
    return one.unconditional and one.target in ("DROP", "REJECT")


def _closed(leg: Leg) -> bool:
    """Whether the last rule of a network lost the packet: engines from 28 on write it for what comes from outside."""
    ruleset = leg.host.ruleset(4)
    chain = ruleset.chain("filter", "DOCKER") if ruleset is not None and not leg.accepted and leg.certain else None
    return any(one.span == leg.decided and _is_last(one) for one in (chain.rules if chain is not None else ()))


def _is_last(one: FirewallRule) -> bool:
    """`! -i BRIDGE -o BRIDGE -j DROP`."""
    match one:
        case FirewallRule(in_interface=NameMatch(negated=True) as source, out_interface=NameMatch() as bridge):
            others = (one.source, one.destination, one.protocol, *one.matches)
            return source.name == bridge.name and not any(others) and one.target == "DROP"
        case _:
            return False


def _from_peers(walker: Walker, walk: HostWalk, forward: Chain) -> Iterator[Finding]:
    """Containers of other hosts, to which this one has a route, on their way to containers here."""
    for host, theirs in led_to(walker, walk.host):
        hop = walk.router.lookup(Packet(source=theirs.first, destination=theirs.first))
        if hop.kind != "unicast" or not hop.certain or hop.via is None or walk.router.bridge_of(theirs.first):
            continue
        if hop.text.startswith("route default"):
            continue
        for ours in insides(walk):
            packet = Packet(source=theirs.first, destination=ours.first, destination_port=80, in_interface=hop.device)
            leg = walk.receive(packet)
            back = walker.on(host).router.lookup(Packet(source=theirs.first, destination=ours.first))
            if back.via is None or back.text.startswith("route default"):
                continue
            if not _blocked(leg, forward) and not _closed(leg):
                continue
            what = f"nothing lets {theirs.prefix} of {host.name}, which the routes lead here, to network {ours.name}"
            yield _finding(leg, forward, ours, what, f"-s {theirs.prefix} -d {ours.prefix}")


def _finding(leg: Leg, forward: Chain, inside: Inside, what: str, accepted: str) -> Finding:
    policy, closed, user = leg.decided == forward.span, _closed(leg), _by_user(leg)
    by = f"the policy {forward.policy} of FORWARD" if policy else "a rule of FORWARD for all packets"
    by = (
        "the engine's last rule for the network"
        if closed
        else "the rule of DOCKER-USER for all packets"
        if user
        else by
    )
    return Finding(
        message=f"{what}: {by} drops it",
        at=leg.decided or forward.span,
        label=f"{leg.left} ends here",
        help=f"add -i {uplinks(leg.host)[0]} to it, so that it is for what comes from outside alone"
        if user
        else f"accept it where the engine leaves rules alone: iptables -I DOCKER-USER {accepted} -j ACCEPT"
        if policy or closed
        else "put this rule behind all others, or remove it",
        related=(Label(inside.span, f"network {inside.name}"),),
        severity=Severity.WARNING if user else None,  # it may be meant so
        witness=leg_witness(leg),
        host=leg.host.name,
    )
