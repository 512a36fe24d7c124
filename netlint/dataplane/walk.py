"""The way of one packet through the chains of a table at one hook."""

from __future__ import annotations

from msgspec import Struct, structs

from netlint.dataplane.packet import LocalAddresses, Packet, matches
from netlint.model.netfilter import Chain, FirewallRule, Ruleset, Table
from netlint.source import Span

FINAL = frozenset(
    ("ACCEPT", "DROP", "REJECT", "QUEUE", "NFQUEUE", "MASQUERADE", "SNAT", "DNAT", "REDIRECT", "NETMAP", "TPROXY")
)
# Targets that change or record something and let the packet go on to the next rule.
PASSING = frozenset(
    ("LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "TRACE", "TCPMSS", "TOS", "DSCP", "TTL", "HL", "SET",
     "CHECKSUM", "CLASSIFY", "AUDIT", "RATEEST", "SECMARK", "CONNSECMARK", "TEE", "ECN", "TCPOPTSTRIP", "HMARK", "LED")
)  # fmt: skip
_DEEPEST = 64


class Passage(Struct, frozen=True, kw_only=True):
    """A rule that the packet matched, and what it does."""

    span: Span
    text: str


class Outcome(Struct, frozen=True, kw_only=True):
    """What becomes of the packet: a target that ends the walk, or the chain's policy.

    `rule` is None where the policy decided. `certain` is False where a rule before it might have matched: its condition
    is not modelled. `mark` is the packet's mark at the end.
    """

    verdict: str
    rule: FirewallRule | None
    steps: tuple[Passage, ...]
    certain: bool
    mark: int = 0


class _Walk:
    def __init__(self, table: Table, packet: Packet, local: LocalAddresses) -> None:
        self.table, self.packet, self.local = table, packet, local
        self.steps: list[Passage] = []
        self.certain = True

    def through(self, chain: Chain, depth: int = 0) -> FirewallRule | None:
        """The rule that ends the walk, or None where the packet falls out of `chain`."""
        for rule in chain.rules:
            matched = matches(rule, self.packet, self.local)
            if matched is False:
                continue
            inner = self.table.chain(rule.target) if rule.target is not None else None
            if matched is None:
                # a rule that may match makes the answer uncertain only if it can end the walk or leave the chain
                if inner is not None or rule.target in FINAL or rule.target == "RETURN":
                    self.certain = False
                continue
            if rule.target is None or rule.target in PASSING:
                self._pass(rule)
                continue
            self.steps.append(Passage(span=rule.span, text=f"{chain.name}: {_deed(rule)}"))
            if rule.target == "RETURN":
                return None
            if rule.target in FINAL:
                return rule
            if inner is None or depth >= _DEEPEST:
                self.certain = False  # a target or chain that is not known here
                continue
            end = self.through(inner, depth + 1)
            if end is not None or rule.goto:
                return end
        return None

    def _pass(self, rule: FirewallRule) -> None:
        value = rule.target_option("set-xmark") or rule.target_option("set-mark") if rule.target == "MARK" else None
        if value is None:
            return
        number, _, mask = value.partition("/")
        try:
            bits = int(mask, 0) if mask else 0xFFFFFFFF
            mark = (self.packet.mark & ~bits) ^ int(number, 0)
        except ValueError:
            self.certain = False
            return
        self.packet = structs.replace(self.packet, mark=mark)


def walk(ruleset: Ruleset, table: str, hook: str, packet: Packet, local: LocalAddresses = None) -> Outcome:
    """Walk `packet` through the chain `hook` of `table`; a table that is not there lets it pass."""
    found = ruleset.table(table)
    chain = found.chain(hook) if found is not None else None
    if found is None or chain is None:
        return Outcome(verdict="ACCEPT", rule=None, steps=(), certain=True, mark=packet.mark)
    state = _Walk(found, packet, local)
    end = state.through(chain)
    if end is not None:
        verdict, steps = end.target or "ACCEPT", state.steps
    else:
        verdict = chain.policy or "ACCEPT"
        steps = [*state.steps, Passage(span=chain.span, text=f"{hook}: policy {verdict}")]
    return Outcome(verdict=verdict, rule=end, steps=tuple(steps), certain=state.certain, mark=state.packet.mark)


def _deed(rule: FirewallRule) -> str:
    """What a matching rule does, in the words of iptables."""
    options = "".join(f" --{name} {value}".rstrip() for name, value in rule.target_options)
    return f"{'go to' if rule.goto else ''} {rule.target}{options}".strip()
