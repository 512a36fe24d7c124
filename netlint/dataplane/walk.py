"""The way of one packet through the chains of a table at one hook."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, structs

from netlint.dataplane.chain_index import candidates
from netlint.dataplane.packet import LocalAddresses, Packet, matches
from netlint.dataplane.remembered import remembered
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
TRANSLATING = frozenset(("MASQUERADE", "SNAT", "DNAT", "REDIRECT", "NETMAP"))
# Passing targets that change what later rules match.
_MARKING = frozenset(("MARK", "CONNMARK", "CT", "NOTRACK", "HMARK"))
_MARK_OPTIONS = ("set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark")
_ALL_BITS = 0xFFFFFFFF
_DEEPEST = 64
_MOST_WAYS = 256  # ways through rules that may or may not match; more than that is answered with "not certain"


class Passage(Struct, frozen=True, kw_only=True):
    """A rule that the packet matched, and what it does. `idle`: it led into a chain and out again unchanged."""

    span: Span
    text: str
    idle: bool = False


class Outcome(Struct, frozen=True, kw_only=True):
    """What becomes of the packet: a target that ends the walk, or the chain's policy.

    `rule` is None where the policy decided. `certain` is False where rules whose conditions are not modelled could
    change the answer; `doubts` are these rules, and the answer is the one for a packet that matches none of them.
    `packet` is the packet at the end, with its marks; `mark` is that mark.
    """

    verdict: str
    rule: FirewallRule | None
    steps: tuple[Passage, ...]
    certain: bool
    packet: Packet
    doubts: tuple[Passage, ...] = ()

    @property
    def mark(self) -> int:
        return self.packet.mark

    @property
    def passes(self) -> bool:
        return self.verdict not in ("DROP", "REJECT")


class _Walk:
    """One way through the chains. `decided` says which of the rules that may match do."""

    def __init__(self, table: Table, packet: Packet, local: LocalAddresses, decided: dict[Span, bool]) -> None:
        self.table, self.packet, self.local = table, packet, local
        self.decided = decided
        self.open: dict[Span, Passage] = {}
        self.steps: list[Passage] = []
        self.understood = True

    def through(self, chain: Chain, depth: int = 0) -> FirewallRule | None:
        """The rule that ends the walk, or None where the packet falls out of `chain`."""
        for rule in candidates(chain, self.packet):
            matched = matches(rule, self.packet, self.local)
            if matched is False:
                continue
            inner = self.table.chain(rule.target) if rule.target is not None else None
            if matched is None and not self._choose(rule, chain, inner):
                continue
            if rule.target is None or rule.target in PASSING:
                self._pass(rule, chain)
                continue
            before, at = self.packet, len(self.steps)
            self.steps.append(Passage(span=rule.span, text=f"{chain.name}: {deed(rule)}"))
            if rule.target == "RETURN":
                return None
            if rule.target in FINAL:
                return rule
            if inner is None or depth >= _DEEPEST:
                self.understood = False  # a target or chain that is not known here
                continue
            end = self.through(inner, depth + 1)
            if end is None and self.packet == before:
                self.steps[at:] = [structs.replace(step, idle=True) for step in self.steps[at:]]
            if end is not None or rule.goto:
                return end
        return None

    def _choose(self, rule: FirewallRule, chain: Chain, inner: Chain | None) -> bool:
        """Whether the packet is to match a rule that it may match."""
        if rule.span not in self.decided:
            weighs = inner is not None or rule.target in FINAL or rule.target in _MARKING or rule.target == "RETURN"
            if weighs:
                self.open[rule.span] = Passage(span=rule.span, text=f"{chain.name}: {deed(rule)}")
        return self.decided.get(rule.span, False)

    def _pass(self, rule: FirewallRule, chain: Chain) -> None:
        if rule.target not in _MARKING:
            return
        changed = marked(rule, self.packet)
        if changed is None:
            self.understood = False
        elif changed != self.packet:
            self.packet = changed
            self.steps.append(Passage(span=rule.span, text=f"{chain.name}: {deed(rule)}"))


def marked(rule: FirewallRule, packet: Packet) -> Packet | None:
    """`packet` after a rule with a target of MARK's kind; None where its options are not understood."""
    options = dict(rule.target_options)
    if rule.target == "NOTRACK" or "notrack" in options:
        return structs.replace(packet, state="UNTRACKED")
    if rule.target == "CT" or (rule.target == "CONNMARK" and not packet.tracked):
        return packet  # zones, helpers and timeouts change no verdict here
    if rule.target == "CONNMARK" and ("save-mark" in options or "restore-mark" in options):
        return _copied(options, packet)
    before = packet.mark if rule.target == "MARK" else packet.connmark
    written = next(((name, options[name]) for name in _MARK_OPTIONS if name in options), None)
    after = _mark_set(before, *written) if written is not None else None
    if after is None:
        return None
    return structs.replace(packet, **{"mark" if rule.target == "MARK" else "connmark": after})


def _mark_set(before: int, option: str, value: str) -> int | None:
    number, _, mask = value.partition("/")
    try:
        bits, setting = int(mask, 0) if mask else _ALL_BITS, int(number, 0)
    except ValueError:
        return None
    match option:
        case "and-mark":
            return before & setting
        case "or-mark":
            return before | setting
        case "set-mark":  # the bits of the mask and of the value are cleared first
            return before & ~(bits | setting) & _ALL_BITS | setting
        case _:
            return (before & ~bits & _ALL_BITS) ^ setting


def _copied(options: dict[str, str], packet: Packet) -> Packet | None:
    try:
        bits = int(options.get("mask") or options.get("nfmask") or "0xffffffff", 0)
        connection = int(options.get("mask") or options.get("ctmask") or "0xffffffff", 0)
    except ValueError:
        return None
    if "save-mark" in options:
        after = (packet.connmark & ~connection & _ALL_BITS) ^ (packet.mark & bits)
        return structs.replace(packet, connmark=after)
    after = (packet.mark & ~bits & _ALL_BITS) ^ (packet.connmark & connection)
    return structs.replace(packet, mark=after)


def walk(ruleset: Ruleset, table: str, hook: str, packet: Packet, local: LocalAddresses = None) -> Outcome:
    """Walk `packet` through the chain `hook` of `table`, with nftables through all that have their turn there.

    A table that is not there lets it pass. A packet goes on to the next base chain unless one has dropped it, or has
    translated it.
    """
    outcome = Outcome(verdict="ACCEPT", rule=None, steps=(), certain=True, packet=packet)
    for one, chain in base_chains(ruleset, table, hook):
        passed = walk_chain(one, chain, outcome.packet, local)
        outcome = joined(outcome, passed) if outcome.steps or outcome.doubts or not outcome.certain else passed
        if not outcome.passes or outcome.verdict in TRANSLATING:
            break
    return outcome


@remembered
def base_chains(ruleset: Ruleset, table: str, hook: str) -> list[tuple[Table, Chain]]:
    """Those of the ruleset, found once."""
    return ruleset.base_chains(table, hook)


def joined(before: Outcome, after: Outcome) -> Outcome:
    """`after` as the end of a walk that came through `before` first."""
    return structs.replace(
        after,
        steps=before.steps + after.steps,
        certain=before.certain and after.certain,
        doubts=before.doubts + after.doubts,
    )


def walk_chain(table: Table, chain: Chain, packet: Packet, local: LocalAddresses = None) -> Outcome:
    """Walk `packet` through a base chain of `table`, and the chains that it leads to."""
    first: _Way | None = None
    understood = True
    doubts: dict[Span, Passage] = {}
    for number, way in enumerate(_ways(table, chain, packet, local)):
        first = first or way
        understood = understood and way.walked.understood and number < _MOST_WAYS
        if number >= _MOST_WAYS:
            break
        if _effect(way, chain) != _effect(first, chain):
            doubts |= {span: step for span, step in way.choices.items() if way.walked.decided.get(span)}
    assert first is not None  # there is always the way past every rule that may match
    return _outcome(first, chain, understood and not doubts, tuple(doubts.values()))


class _Way(Struct, frozen=True):
    """A walk, the rule that ended it, and all rules of which it was left open whether they match."""

    walked: _Walk
    end: FirewallRule | None
    choices: dict[Span, Passage]


def _ways(table: Table, chain: Chain, packet: Packet, local: LocalAddresses) -> Iterator[_Way]:
    """Every way through the chain, first the one that matches no rule that it need not match."""
    waiting: list[tuple[dict[Span, bool], dict[Span, Passage]]] = [({}, {})]
    for decided, choices in waiting:
        walked = _Walk(table, packet, local, decided)
        end = walked.through(chain)
        yield _Way(walked, end, choices)
        settled = dict(decided)
        known = choices | walked.open
        for span in walked.open:
            waiting.append((settled | {span: True}, known))
            settled[span] = False


def _effect(way: _Way, chain: Chain) -> tuple[object, ...]:
    """What of a walk matters for what comes after it."""
    verdict = way.end.target if way.end is not None else chain.policy
    options = way.end.target_options if way.end is not None and verdict not in ("DROP", "REJECT") else ()
    packet = way.walked.packet
    after = (packet.mark, packet.connmark, packet.state)
    return ("DROP",) if verdict in ("DROP", "REJECT") else (verdict or "ACCEPT", options, after)


def _outcome(way: _Way, chain: Chain, certain: bool, doubts: tuple[Passage, ...]) -> Outcome:
    steps, packet = way.walked.steps, way.walked.packet
    if way.end is not None:
        verdict = way.end.target or "ACCEPT"
    else:
        verdict = chain.policy or "ACCEPT"
        steps = [*steps, Passage(span=chain.span, text=f"{chain.name}: policy {verdict}")]
    return Outcome(verdict=verdict, rule=way.end, steps=tuple(steps), certain=certain, packet=packet, doubts=doubts)


def deed(rule: FirewallRule) -> str:
    """What a matching rule does, in the words of iptables."""
    options = "".join(f" --{name} {value}".rstrip() for name, value in rule.target_options)
    return f"{'go to' if rule.goto else ''} {rule.target}{options}".strip()
