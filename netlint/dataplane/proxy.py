"""docker-proxy: the program that takes connections to published ports which no rule has translated."""

from __future__ import annotations

from msgspec import Struct, structs

from netlint.dataplane.leg import Leg
from netlint.dataplane.packet import Packet, matches
from netlint.dataplane.paths import paths
from netlint.dataplane.remembered import remembered
from netlint.dataplane.routing import Router
from netlint.dataplane.translate import Target, parse_target
from netlint.dataplane.walk import Passage
from netlint.model.host import Host, Listener
from netlint.model.netfilter import FirewallRule, Ruleset
from netlint.source import Span


class Relay(Struct, frozen=True):
    """What docker-proxy makes of a connection: one of its own to the container. `rule` shows the published port."""

    packet: Packet
    rule: FirewallRule
    step: Passage


def relay(leg: Leg, router: Router) -> Relay | None:
    """The connection that docker-proxy makes for a packet that was delivered to the host; None where it does not."""
    packet, host = leg.left, leg.host
    if packet.destination_port is None or not has_proxy(host, packet):
        return None
    for ruleset in host.rulesets:
        if ruleset.version != packet.destination.version:
            continue
        proxied = _proxied(ruleset)
        for at in sorted((*proxied.by_port.get(packet.destination_port, ()), *proxied.by_port.get(None, ()))):
            asked, one, target = proxied.rules[at]
            if matches(asked, packet, frozenset((packet.destination,))):
                own = structs.replace(
                    packet, destination=target.first, destination_port=target.low or packet.destination_port,
                    in_interface=None, out_interface=None, original=None, translated=frozenset(), mark=0,
                    connmark=0, state="NEW",
                )  # fmt: skip
                own = structs.replace(own, source=router.source_for(own))
                text = f"docker-proxy takes the connection and makes its own to {target.first}:{own.destination_port}"
                return Relay(own, one, Passage(span=_place(host, one.span), text=text))
    return None


class _Proxied(Struct, frozen=True):
    """The rules of the published ports: what each is for but for where it comes from, which it leaves to the proxy,
    then the rule, and where it leads. `by_port` has the positions of those for one port; None: of the others."""

    rules: list[tuple[FirewallRule, FirewallRule, Target]]
    by_port: dict[int | None, list[int]]


@remembered
def _proxied(ruleset: Ruleset) -> _Proxied:
    found = _Proxied([], {})
    for path in paths(ruleset, "nat", "PREROUTING"):
        target = parse_target(path.rule.target_option("to-destination") or "")
        if path.rule.target != "DNAT" or target is None or target.first is None or path.chain.name != "DOCKER":
            continue
        port = path.rule.match("dport")
        single = port is not None and not port.negated and len(port.values) == 1 and port.values[0].isdecimal()
        found.by_port.setdefault(int(port.values[0]) if port and single else None, []).append(len(found.rules))
        found.rules.append((structs.replace(path.rule, in_interface=None, source=None), path.rule, target))
    return found


def refused(leg: Leg) -> Leg:
    """`leg`, or its refusal where the host's sockets are listed and none waits for what was delivered."""
    packet, host = leg.left, leg.host
    sockets = [one for one in host.listeners or () if one.protocol == packet.protocol]
    if not sockets or packet.reply or packet.destination_port is None:
        return leg
    if any(_hears(one, packet) for one in sockets):
        return leg
    where = packet.destination
    step = Passage(
        span=sockets[0].span, text=f"no program waits on {packet.protocol} {where}:{packet.destination_port}"
    )
    return structs.replace(leg, verdict="rejected", steps=(*leg.steps, step), decided=step.span, delivered=False)


def has_proxy(host: Host, packet: Packet) -> bool:
    """Whether docker-proxy may wait on the port: it is not switched off and, where sockets are listed, it is there."""
    if host.daemon is not None and not host.daemon.flag("userland-proxy", True):
        return False
    if host.listeners is None:
        return True
    return any(_hears(one, packet) and (one.process or "docker-proxy").startswith("docker-p") for one in host.listeners)


def _hears(one: Listener, packet: Packet) -> bool:
    """Whether the socket gets what comes to the packet's destination; that of every IPv6 address gets IPv4 too."""
    everywhere = one.address is None or one.address.is_unspecified
    same = (one.port, one.protocol) == (packet.destination_port, packet.protocol)
    return same and (everywhere or one.address == packet.destination)


def _place(host: Host, otherwise: Span) -> Span:
    option = host.daemon.get("userland-proxy") if host.daemon is not None else None
    return option.span if option is not None else otherwise
