"""Rules of nftables, as rules of the model."""

from __future__ import annotations

import re

from netlint.build.nft_conditions import Comparer, Conditions, NeverError, key_comparisons
from netlint.build.nft_values import Values
from netlint.model.netfilter import FirewallRule, Match
from netlint.parse.nft_tree import Action, Comparison, Parts, Rule, Text, Unknown, Verdict, VerdictMap
from netlint.parse.tree import Unsupported
from netlint.source import Span

_VERDICTS = {"accept": "ACCEPT", "drop": "DROP", "return": "RETURN"}
_TRANSLATIONS = {
    "masquerade": ("MASQUERADE", "to-ports"),
    "redirect": ("REDIRECT", "to-ports"),
    "dnat": ("DNAT", "to-destination"),
    "snat": ("SNAT", "to-source"),
}
_FLAGS = {"random": "random", "fully-random": "random-fully", "persistent": "persistent"}
_REJECTIONS = {
    ("tcp", "reset"): "tcp-reset",
    ("icmpx", "port-unreachable"): "icmp-port-unreachable",
    ("icmpx", "admin-prohibited"): "icmp-admin-prohibited",
    ("icmpv6", "admin-prohibited"): "icmp6-adm-prohibited",
}
# What changes or records something and lets the packet go on: the target of iptables that does it.
_PASSING = {
    "notrack": "CT",
    "dup": "TEE",
    "meta priority set": "CLASSIFY",
    "meta nftrace set": "TRACE",
    "ip dscp set": "DSCP",
    "ip6 dscp set": "DSCP",
    "ip ttl set": "TTL",
    "ip6 hoplimit set": "HL",
    "ip ecn set": "ECN",
    "tcp option maxseg size set": "TCPMSS",
    "ct helper set": "CT",
    "ct zone set": "CT",
    "ct timeout set": "CT",
    "add set": "SET",
    "update set": "SET",
    "delete set": "SET",
}
_OUTRIGHT = re.compile(r"\b(accept|drop|return|reject|masquerade|dnat|snat|redirect|queue)\b|\b(?:jump|goto)\s+(\S+)")
_COUNT = re.compile(r"\d{1,20}", re.ASCII)
_OPERATIONS = {"or": "or", "|": "or", "and": "and", "&": "and", "xor": "xor", "^": "xor"}
_ALL_BITS = 0xFFFFFFFF


class RuleMaker:
    """Makes the rules of one table for one IP version; `unsupported` gathers what the model cannot say."""

    def __init__(self, version: int, values: Values) -> None:
        self.values = values
        self.comparer = Comparer(version, values)
        self.unsupported = self.comparer.unsupported

    def rules(self, rule: Rule) -> list[FirewallRule]:
        """One for each thing that the rule does; one without a target where it only counts; none where it is for
        the other IP version."""
        return _Making(self, rule).run()


class _Making:
    def __init__(self, maker: RuleMaker, rule: Rule) -> None:
        self.maker = maker
        self.comparer = maker.comparer
        self.rule = rule
        self.conditions = Conditions()
        self.found: list[FirewallRule] = []
        counter = next((one for one in rule.statements if isinstance(one, Action) and one.name == "counter"), None)
        self.counters = _counters(counter) if counter is not None else None
        self.comment = (Match("comment", "comment", (rule.comment,)),) if rule.comment is not None else ()

    def run(self) -> list[FirewallRule]:
        try:
            for statement in self.rule.statements:
                match statement:
                    case Comparison():
                        self.conditions = self.comparer.compared(self.conditions, statement)
                    case VerdictMap():
                        self.map(statement)
                    case Verdict():
                        self.verdict(statement)
                    case Action(condition=True):
                        self.ask(statement)
                    case Action():
                        self.act(statement)
                    case Unknown():
                        self.unknown(statement)
        except NeverError:
            return []
        if not self.found:
            self.add(None)
        return self.found

    def add(
        self,
        target: str | None,
        options: tuple[tuple[str, str], ...] = (),
        *,
        goto: bool = False,
        span: Span | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        asked = conditions or self.conditions
        self.found.append(
            FirewallRule(
                span=span or self.rule.span,
                source=asked.source,
                destination=asked.destination,
                in_interface=asked.in_interface,
                out_interface=asked.out_interface,
                protocol=asked.protocol,
                fragment=asked.fragment,
                matches=asked.matches + self.comment,
                target=target,
                goto=goto,
                target_options=options,
                counters=self.counters,
            )
        )

    def verdict(self, one: Verdict, span: Span | None = None, conditions: Conditions | None = None) -> None:
        if one.kind in ("jump", "goto"):
            self.add(one.chain, goto=one.kind == "goto", span=span, conditions=conditions)
        elif one.kind in _VERDICTS:
            self.add(_VERDICTS[one.kind], span=span, conditions=conditions)

    def map(self, statement: VerdictMap) -> None:
        """A rule for each element: their keys exclude one another, so the order says nothing."""
        elements = self.maker.values.elements(statement.map)
        if elements is None:
            # any verdict may come of it: one that ends the way is the one to be doubted
            conditions = self.comparer.unknown(self.conditions, statement.span, "verdict map that is not shown")
            self.add("DROP", conditions=conditions)
            return
        self.found += [] if elements else [self._nothing()]
        for element in elements:
            if element.verdict is None:
                continue
            key = element.key
            parts = key.parts if isinstance(key, Parts) and key.kind == "." else (key,)
            conditions = self.conditions
            for comparison in key_comparisons(statement.left, key, parts, element.span):
                conditions = self.comparer.compared(conditions, comparison)
            self.verdict(element.verdict, element.span, conditions)

    def _nothing(self) -> FirewallRule:
        """The rule for a map without elements."""
        return FirewallRule(span=self.rule.span, matches=self.comment, counters=self.counters)

    def ask(self, action: Action) -> None:
        """A condition that is no comparison: none of them is decided by one packet."""
        match action.name:
            case "limit":
                over = action.argument("over") is not None
                match = Match("limit", "limit", (action.argument("rate") or "",), over)
            case "quota":
                match = Match("quota", "quota", tuple(value for _, value in action.arguments if value))
            case "xt match":
                name = action.argument("match") or ""
                if name == "comment":
                    return
                self.maker.unsupported.append(
                    Unsupported(action.span, f"match {name}, whose options nft does not show")
                )
                match = Match(name, "")
            case _:
                match = Match("hashlimit", "hashlimit-name", (action.argument("name") or "",))
        self.conditions = self.conditions.plus(match)

    def act(self, action: Action) -> None:
        name = action.name
        if name in _TRANSLATIONS:
            self.translate(action)
        elif name == "log":
            self.log(action)
        elif name == "reject":
            self.add("REJECT", _rejection(action, self.comparer.version))
        elif name in ("meta mark set", "ct mark set"):
            options = _mark(action)
            copies = any(option in ("save-mark", "restore-mark") for option, _ in options)
            self.add("CONNMARK" if copies or name == "ct mark set" else "MARK", options)
        elif name == "queue":
            number = action.argument("num") or action.argument("to")
            self.add("NFQUEUE", (("queue-num", number),) if number else ())
        elif name == "tproxy":
            self.add("TPROXY", self.proxied(action))
        elif name == "xt target":
            target = action.argument("target") or ""
            what = f"target {target}, whose options nft does not show"
            self.maker.unsupported.append(Unsupported(action.span, what))
            self.add(target)
        elif name in _PASSING:
            self.add(_PASSING[name], (("notrack", ""),) if name == "notrack" else ())
        elif name != "counter":
            self.maker.unsupported.append(Unsupported(action.span, f"nft: {name}"))

    def translate(self, action: Action) -> None:
        target, option = _TRANSLATIONS[action.name]
        options: tuple[tuple[str, str], ...] = ()
        if action.value is not None:
            written = self.text(action)
            options = ((option, written.removeprefix(":") if option == "to-ports" else written),)
        flags = tuple((_FLAGS[name], "") for name, _ in action.arguments if name in _FLAGS)
        self.add(target, options + flags)

    def text(self, action: Action) -> str:
        """The address and port that an action leads to, as iptables writes them."""
        value = self.maker.values.resolved(action.value) if action.value is not None else None
        match value:
            case Text(text=text):
                return text
            case Parts(kind=":", parts=(Text(text=address), Text(text=port))):
                return f"[{address}]:{port}" if address.count(":") > 1 else f"{address}:{port}"
        self.maker.unsupported.append(Unsupported(action.span, f"nft: what {action.name} leads to"))
        return ""

    def proxied(self, action: Action) -> tuple[tuple[str, str], ...]:
        address, _, port = self.text(action).rpartition(":")
        return (("on-port", port), ("on-ip", address.strip("[]") or "0.0.0.0"))

    def log(self, action: Action) -> None:
        prefix, group = action.argument("prefix"), action.argument("group")
        if group is not None:
            named = (("nflog-prefix", prefix),) if prefix is not None else ()
            self.add("NFLOG", (*named, ("nflog-group", group)))
        elif action.argument("level") == "audit":
            self.add("AUDIT")
        else:
            self.add("LOG", (("log-prefix", prefix),) if prefix is not None else ())

    def unknown(self, statement: Unknown) -> None:
        """The rest of the rule is a condition that nothing decides; the target that stands in it is still its own."""
        self.conditions = self.comparer.unknown(self.conditions, statement.span, "statement that is not understood")
        outright = list(_OUTRIGHT.finditer(statement.text))
        if not outright:
            return
        last = outright[-1]
        if last[2]:
            self.add(last[2])
        else:
            named = {"reject": "REJECT", "queue": "NFQUEUE"} | {key: value[0] for key, value in _TRANSLATIONS.items()}
            self.add(_VERDICTS.get(last[1]) or named[last[1]])


def _counters(counter: Action) -> tuple[int, int] | None:
    packets, size = counter.argument("packets") or "", counter.argument("bytes") or ""
    return (int(packets), int(size)) if _COUNT.fullmatch(packets) and _COUNT.fullmatch(size) else None


def _rejection(action: Action, version: int) -> tuple[tuple[str, str], ...]:
    if not action.arguments:
        return (("reject-with", "icmp-port-unreachable" if version == 4 else "icmp6-port-unreachable"),)
    kind, name = action.arguments[0]
    prefix = "icmp6" if kind == "icmpv6" or (kind == "icmpx" and version == 6) else "icmp"
    return (("reject-with", _REJECTIONS.get((kind, name), f"{prefix}-{name}")),)


def _mark(action: Action) -> tuple[tuple[str, str], ...]:
    """`meta mark set 0x1`, `… set mark or 0x4000`, `… set ct mark and 0xff` as the options of MARK and CONNMARK; none
    where the expression is another, which makes the mark unknown."""
    words = (action.argument("") or "").replace("meta mark", "mark").split()
    own = ["mark"] if action.name == "meta mark set" else ["ct", "mark"]
    copied = ["ct", "mark"] if action.name == "meta mark set" else ["mark"]
    both = (("nfmask", "0xffffffff"), ("ctmask", "0xffffffff"))
    try:
        if len(words) == 1 and words != copied:
            return (("set-xmark", f"{int(words[0], 0):#x}/0xffffffff"),)
        if words == copied:
            return (("restore-mark", ""), *both) if own == ["mark"] else (("save-mark", ""), *both)
        if words[:-2] == copied and words[-2] in ("and", "&") and own == ["mark"]:
            return (("restore-mark", ""), ("nfmask", "0xffffffff"), ("ctmask", words[-1]))
        if words[:-2] == own and words[-2] in _OPERATIONS:
            number = int(words[-1], 0)
            match _OPERATIONS[words[-2]]:
                case "or":
                    return (("set-xmark", f"{number:#x}/{number:#x}"),)
                case "and":
                    return (("set-xmark", f"0x0/{number ^ _ALL_BITS:#x}"),)
                case _:
                    return (("set-xmark", f"{number:#x}/0x0"),)
    except ValueError:
        pass
    return ()
