"""A packet on its way through one host, hook by hook, as the kernel takes it.

Interface, PREROUTING, routing, then INPUT or FORWARD and POSTROUTING; from the host itself OUTPUT and POSTROUTING. In
each hook the tables raw, mangle, nat, filter and security have their turn, of nat only for the first packet of a
connection. Sources: net/ipv4/ip_input.c, ip_forward.c and route.c, net/netfilter/nf_nat_core.c,
net/bridge/br_netfilter_hooks.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from netlint.dataplane.leg import Leg
from netlint.dataplane.packet import Packet
from netlint.dataplane.routing import Hop
from netlint.dataplane.translate import Translated, destination_of, source_of
from netlint.dataplane.walk import TRANSLATING, Outcome, Passage, base_chains, deed, walk
from netlint.model.netfilter import FirewallRule
from netlint.prefix import Address, parse_address
from netlint.source import Span

if TYPE_CHECKING:
    from netlint.dataplane.host_walk import HostWalk

_TABLES = {
    "PREROUTING": ("raw", "mangle", "nat"),
    "INPUT": ("mangle", "filter", "security", "nat"),
    "FORWARD": ("mangle", "filter", "security"),
    "OUTPUT": ("raw", "mangle", "nat", "filter", "security"),
    "POSTROUTING": ("mangle", "nat"),
}
_LOOPBACK = {4: parse_address("127.0.0.1"), 6: parse_address("::1")}
_REFUSALS = {"blackhole": "dropped", "none": "unroutable", "unreachable": "unroutable", "prohibit": "unroutable"}


class HostWay:
    """One packet on its way. `answers` is the way of the first packet where this is the reply to it."""

    def __init__(self, walk: HostWalk, packet: Packet, answers: Leg | None) -> None:
        self.host, self.router, self.switches = walk.host, walk.router, walk.switches
        self.rulesets = walk.rulesets
        self.version = walk.version
        self.entered = packet
        self.packet = packet if answers is not None else structs.replace(packet, original=packet)
        self.answers = answers
        self.steps: list[Passage] = []
        self.doubts: list[Passage] = []
        self.certain = True
        self.rules: dict[str, FirewallRule] = {}
        self.chosen: list[str] = []
        self.hop: Hop | None = None

    # what happens to it

    def received(self) -> Leg:
        link = self.packet.in_interface or "?"
        self.step(self.place(link), f"enters by {link}: {self.packet}")
        if self.along_bridge():
            return self.bridged()
        return self.bad_source() or self.hook("PREROUTING") or self.routed()

    def sent(self) -> Leg:
        hop = self.router.lookup(self.packet, output=True)
        self.step(hop.span, f"the host sends {self.packet}")
        refused = self.refusal(hop)
        if refused is not None:
            return refused
        self.route_step(hop)
        self.out(hop)
        refused = self.hook("OUTPUT", ("raw",))
        changed = False
        for table, fields in (("mangle", ("mark",)), ("nat", ("destination",))):
            before = self.packet
            refused = refused or self.hook("OUTPUT", (table,))
            if refused is None and any(getattr(self.packet, name) != getattr(before, name) for name in fields):
                changed, hop = True, self.router.lookup(self.packet, output=True)
                refused = self.refusal(hop)
        # the filter table sees the interface that was chosen first, whatever nat has made of the packet since
        refused = refused or self.hook("OUTPUT", ("filter", "security"))
        if refused is not None:
            return refused
        if changed:
            self.route_step(hop)
            self.out(hop)
        refused = self.leaving_loopback() or self.hook("POSTROUTING")
        if refused is not None:
            return refused
        if hop.kind != "local":
            return self.leg("accepted")
        self.packet = structs.replace(self.packet, in_interface="lo", out_interface=None)
        return self.hook("PREROUTING", looped=True) or self.delivered(looped=True)

    def routed(self) -> Leg:
        """From routing on."""
        if self.packet.destination.is_loopback:
            on = self.switches.localnet(self.packet.in_interface)
            if not on.value and self.packet.in_interface != "lo":
                return self.drop(on.span, f"a packet to {self.packet.destination} from outside is dropped")
        hop = self.router.lookup(self.packet)
        refused = self.reverse_path(hop) or self.refusal(hop)
        if refused is not None:
            return refused
        self.route_step(hop)
        if hop.kind in ("local", "broadcast"):
            return self.delivered()
        forwarding = self.switches.forwarding(self.packet.in_interface)
        if not forwarding.value:
            return self.drop(forwarding.span, f"the host does not forward: {forwarding.text}")
        self.out(hop)
        return self.hook("FORWARD") or self.hook("POSTROUTING") or self.leg("accepted")

    def delivered(self, *, looped: bool = False) -> Leg:
        """To the host itself."""
        return self.hook("INPUT", looped=looped) or self.leg("accepted", delivered=True)

    def along_bridge(self) -> bool:
        """Whether both ends are containers of one network, so that the packet needs no router."""
        bridge = self.router.bridge_of(self.packet.destination)
        if bridge is None or bridge.name != self.packet.in_interface:
            return False
        source = self.router.bridge_of(self.packet.source)
        return source is not None and source.name == bridge.name

    def bridged(self) -> Leg:
        """Along a bridge: past iptables, or through it where br_netfilter says so."""
        name = self.packet.in_interface or ""
        called = self.switches.bridge_netfilter()
        before = self.packet
        if called.value is False:
            self.step(called.span, f"stays on {name}: {called.text}, so that it does not pass iptables")
            self.packet = structs.replace(before, out_interface=name)
            return self.leg("accepted", bridged=True)
        self.step(called.span, f"stays on {name}, and passes iptables there: {called.text}")
        self.packet = structs.replace(before, bridged=True)
        through = self.hook("PREROUTING")
        if through is None and self.packet.destination != before.destination and not self.along_bridge():
            self.packet = structs.replace(self.packet, bridged=False)
            through = self.routed()
        if through is None:
            self.packet = structs.replace(self.packet, out_interface=name)
            through = self.hook("FORWARD") or self.hook("POSTROUTING") or self.leg("accepted", bridged=True)
        if called.value or (through.accepted and _tuple(through.left) == _tuple(before)):
            return through
        self.doubt(called.span, f"whether traffic along {name} passes iptables is not known: {called.text}")
        return structs.replace(through, doubts=tuple(self.doubts), certain=False)

    # the parts

    def hook(self, name: str, tables: tuple[str, ...] = (), *, looped: bool = False) -> Leg | None:
        """Through the tables of a hook, all or those that are named; the end of the way where one loses the packet.

        `looped` is a packet of the host to itself, whose connection nat has seen.
        """
        for table in tables or _TABLES[name]:
            if table == "nat":
                if not looped:
                    self.nat(name)
                continue
            for ruleset in self.rulesets:
                if not base_chains(ruleset, table, name):
                    continue
                outcome = walk(ruleset, table, name, self.packet, self.router.local(self.packet))
                self.took(outcome, table)
                # what was tracked when it was sent cannot be taken out of tracking any more
                self.packet = structs.replace(outcome.packet, state=self.packet.state) if looped else outcome.packet
                if not outcome.passes:
                    at = outcome.rule.span if outcome.rule is not None else outcome.steps[-1].span
                    return self.leg("rejected" if outcome.verdict == "REJECT" else "dropped", at)
        return None

    def took(self, outcome: Outcome, table: str) -> None:
        """Note the steps of a walk through a table, and what of it is in doubt."""
        quiet = table != "filter" and outcome.rule is None and outcome.passes
        for passage in outcome.steps[:-1] if quiet and outcome.steps else outcome.steps:
            self.steps.append(structs.replace(passage, text=f"{table} {passage.text}"))
        if outcome.verdict in ("QUEUE", "NFQUEUE", "TPROXY") and outcome.rule is not None:
            self.doubt(outcome.rule.span, f"a program decides: {deed(outcome.rule)}")
        for passage in outcome.doubts:
            self.doubt(passage.span, f"whether this rule matches is not known: {table} {passage.text}")
        self.certain = self.certain and outcome.certain

    def nat(self, hook: str) -> None:
        if self.packet.state == "ESTABLISHED":
            self.undo(hook)
        if self.packet.state != "NEW":
            return
        for ruleset in self.rulesets:
            if not base_chains(ruleset, "nat", hook):
                continue
            outcome = walk(ruleset, "nat", hook, self.packet, self.router.local(self.packet))
            self.took(outcome, "nat")
            self.packet = outcome.packet
            if outcome.rule is not None and outcome.verdict in TRANSLATING:
                self.translate(outcome.rule, hook)
                return

    def undo(self, hook: str) -> None:
        """The translation of the connection, the other way round."""
        if self.answers is None:
            return
        first, before = self.answers.entered, self.packet
        if hook in ("PREROUTING", "OUTPUT"):
            self.packet = structs.replace(before, destination=first.source, destination_port=first.source_port)
            rule = self.answers.source_rule
        else:
            self.packet = structs.replace(before, source=first.destination, source_port=first.destination_port)
            rule = self.answers.destination_rule
        if self.packet != before:
            self.step(rule.span if rule is not None else self.host.span, f"the translation is undone: {self.packet}")

    def translate(self, rule: FirewallRule, hook: str) -> None:
        destined = hook in ("PREROUTING", "OUTPUT")
        done: Translated | None
        if destined:
            done = destination_of(rule, self.packet, self.redirected(hook))
        else:
            device = self.packet.out_interface or ""
            via = self.hop.via if self.hop is not None else None
            address = self.router.address_on(device, self.packet.destination, via)
            done = source_of(rule, self.packet, address[0] if address is not None else None)
        self.rules["destination" if destined else "source"] = rule
        if done is None:
            self.packet = structs.replace(
                self.packet, translated=self.packet.translated | {"DNAT" if destined else "SNAT"}
            )
            if rule.target == "MASQUERADE":  # the source is another for sure, only not which
                self.certain = False
                self.chosen.append(f"source: an address of {self.packet.out_interface}")
            else:
                self.chosen.append("destination" if destined else "source")
                self.doubt(rule.span, f"what this makes of the packet is not known: {deed(rule)}")
            return
        self.packet = done.packet
        shown = f"{'destination' if destined else 'source'} rewritten: {self.packet}"
        if done.chosen:
            self.chosen.append(done.chosen)
            shown += f" (the kernel chooses: {done.chosen})"
        self.step(rule.span, shown)

    def redirected(self, hook: str) -> Address | None:
        """Where REDIRECT leads: the incoming interface's first address, from the host itself the loopback one."""
        if hook == "OUTPUT":
            return _LOOPBACK[self.version]
        found = self.router.first_address(self.packet.in_interface or "")
        return found[0] if found is not None else None

    # what stops it

    def bad_source(self) -> Leg | None:
        source, link = self.packet.source, self.packet.in_interface
        if link == "lo" or self.version == 6:
            return None
        if source.is_loopback or source.is_multicast or int(source) == 0:
            return self.drop(self.host.span, f"no packet from outside comes from {source}")
        if source in self.router.own and not self.switches.accepts_local(link):
            return self.drop(self.router.own[source][1], f"{source} is the host's own address: not taken from outside")
        return None

    def reverse_path(self, hop: Hop) -> Leg | None:
        """The reverse-path filter, and the check of the source that comes with it."""
        link = self.packet.in_interface
        if self.version == 6 or link == "lo":
            return None
        back = self.router.reverse(self.packet, hop)
        filtered = self.switches.reverse_path(link)
        looked_up = filtered.value or (self.router.has_own_rules and not self.switches.accepts_local(link))
        if back.kind == "broadcast" and looked_up:
            return self.drop(back.span, f"no packet comes from {self.packet.source}, a broadcast address")
        lost = back.kind not in ("unicast", "local") or (filtered.value != 2 and back.device != link)
        if filtered.value == 0 or not lost or not back.certain:
            return None
        way = back.device or "nowhere"
        if filtered.value is None:
            if back.device is not None:
                text = f"{self.packet.source} is behind {way}, not {link}: lost where the reverse-path filter is strict"
                self.doubt(back.span, text)
            return None
        return self.drop(
            filtered.span,
            f"reverse-path filter of {link} ({filtered.text}): {self.packet.source} is behind {way}",
        )

    def refusal(self, hop: Hop) -> Leg | None:
        if hop.kind in ("unicast", "local", "broadcast"):
            return None
        self.hop = hop
        self.certain = self.certain and hop.certain
        self.step(hop.span, hop.text)
        return self.leg(_REFUSALS.get(hop.kind, "unroutable"), hop.span)

    def leaving_loopback(self) -> Leg | None:
        device = self.packet.out_interface
        if not self.packet.source.is_loopback or device == "lo":
            return None
        on = self.switches.localnet(device)
        return None if on.value else self.drop(on.span, f"no packet from {self.packet.source} leaves by {device}")

    def drop(self, span: Span, text: str) -> Leg:
        self.step(span, text)
        return self.leg("dropped", span)

    # the record

    def out(self, hop: Hop) -> None:
        device = "lo" if hop.kind == "local" else hop.device
        self.packet = structs.replace(self.packet, out_interface=device)

    def route_step(self, hop: Hop) -> None:
        self.hop = hop
        self.step(hop.span, hop.text)
        if not hop.certain:
            self.doubt(hop.span, hop.text)

    def place(self, link: str) -> Span:
        """What states the interface."""
        found = self.host.interface(link)
        if found is not None:
            return found.span
        bridge = next((bridge for bridge in self.router.bridges if bridge.name == link), None)
        return bridge.subnet.span if bridge is not None else self.host.span

    def step(self, span: Span, text: str) -> None:
        self.steps.append(Passage(span=span, text=text))

    def doubt(self, span: Span, text: str) -> None:
        self.certain = False
        self.doubts.append(Passage(span=span, text=text))

    def leg(self, verdict: str, at: Span | None = None, *, delivered: bool = False, bridged: bool = False) -> Leg:
        return Leg(
            host=self.host,
            entered=self.entered,
            left=self.packet,
            verdict=verdict,
            steps=tuple(self.steps),
            certain=self.certain,
            doubts=tuple(self.doubts),
            delivered=delivered,
            bridged=bridged,
            via=self.hop.via if self.hop is not None else None,
            source_rule=self.rules.get("source"),
            destination_rule=self.rules.get("destination"),
            chosen=", ".join(self.chosen),
            decided=at,
            hop=self.hop,
        )


def _tuple(packet: Packet) -> tuple[object, ...]:
    return packet.source, packet.destination, packet.source_port, packet.destination_port
