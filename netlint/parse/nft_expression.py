"""Selectors, values and verdicts of nftables.

selector   = key of meta | header field | "meta" key | "ct" [ "original" | "reply" ] [ "ip" | "ip6" ] key
           | "fib" key { "." key } key | …
value      = primary { "." primary } | primary { "," primary }
primary    = "{" [ element { "," element } ] "}" | "@" name | "$" name | word | string
element    = primary { "." primary } { option } [ ":" ( verdict | primary { "." primary } ) ]
verdict    = "accept" | "drop" | "return" | "continue" | ( "jump" | "goto" ) chain
"""

from __future__ import annotations

from netlint.parse.nft_tokens import Tokens
from netlint.parse.nft_tree import Braces, Element, Parts, Reference, Text, Value, Verdict

VERDICTS = frozenset(("accept", "drop", "return", "continue", "jump", "goto"))
# Keys of `meta` that may stand without it.
_META = frozenset(
    """iif oif iifname oifname iifgroup oifgroup iiftype oiftype iifkind oifkind ibrname obrname mark skuid skgid
    pkttype cpu rtclassid cgroup nftrace secpath random""".split()
)
HEADERS = frozenset(
    """ip ip6 tcp udp udplite sctp dccp icmp icmpv6 igmp ah esp comp arp ether vlan th frag rt hbh dst mh gre gretap
    geneve vxlan socket""".split()
)
_DEEPEST = 8  # braces in braces; real rulesets have two


class NotUnderstoodError(Exception):
    """Something that the grammar does not have."""


class ExpressionReader:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.depth = 0

    def ended(self) -> bool:
        token = self.tokens.next
        return token.kind in ("newline", "end") or (token.kind == "sign" and token.text == "}")

    def verdict(self) -> Verdict:
        tokens = self.tokens
        start = tokens.take()
        if start.text not in ("jump", "goto"):
            return Verdict(tokens.span(start), start.text)
        if tokens.next.kind not in ("word", "string"):
            raise NotUnderstoodError
        return Verdict(tokens.span(start), start.text, tokens.take().text)

    def selector(self) -> tuple[str, ...]:
        tokens = self.tokens
        first = self.word()
        if first in _META:
            return "meta", first
        match first:
            case "meta":
                return first, self.word()
            case "ct":
                return self.connection()
            case "fib":
                return self.fib()
            case "tcp" | "ip" | "sctp" if tokens.is_word("option", "chunk"):
                kind, name = self.word(), self.word()
                if tokens.next.kind == "word" and not tokens.is_word("exists", "missing"):
                    return first, kind, name, self.word()
                return first, kind, name
            case "numgen" | "jhash" | "symhash":
                words: list[str] = [first]
                while not self.ended() and tokens.next.text != "mod":
                    words.append(tokens.take().text)
                return (*words, self.word(), self.word())
            case "exthdr":
                return first, self.word()
        if first in HEADERS:
            return first, self.word()
        if first in ("l4proto", "nfproto", "protocol", "length", "priority", "day", "hour", "time"):
            return "meta", first
        raise NotUnderstoodError

    def connection(self) -> tuple[str, ...]:
        """`ct state`, `ct original saddr`, `ct original ip saddr`, `ct count over`."""
        tokens = self.tokens
        words = ["ct"]
        if tokens.is_word("original", "reply"):
            words.append(self.word())
        if tokens.is_word("ip", "ip6"):
            words.append(self.word())
        words.append(self.word())
        if words[-1] == "count" and tokens.is_word("over"):
            words.append(self.word())
        return tuple(words)

    def fib(self) -> tuple[str, ...]:
        words = ["fib", self.word()]
        while self.tokens.next.text == "." and self.tokens.next.kind == "sign":
            self.tokens.take()
            words.append(self.word())
        return (*words, self.word())

    def word(self) -> str:
        if self.tokens.next.kind != "word":
            raise NotUnderstoodError
        return self.tokens.take().text

    def value(self) -> Value:
        tokens = self.tokens
        start = tokens.next
        parts = [self.primary()]
        kind = tokens.next.text if tokens.next.kind == "sign" else ""
        if kind not in (".", ","):
            return parts[0]
        while tokens.next.kind == "sign" and tokens.next.text == kind:
            tokens.take()
            parts.append(self.primary())
        return Parts(tokens.span(start), kind, tuple(parts))

    def primary(self) -> Value:
        tokens = self.tokens
        start = tokens.next
        if start.kind == "sign" and start.text == "{":
            return self.braces()
        if start.kind == "sign" and start.text in ("@", "$"):
            tokens.take()
            name = self.word()
            return Reference(tokens.span(start), start.text, name)
        if start.kind == "sign" and start.text == "(":
            return self.alternatives()
        if start.kind not in ("word", "string"):
            raise NotUnderstoodError
        tokens.take()
        if start.kind == "string" and tokens.next.text == "-" and tokens.ahead(1).kind == "string":
            tokens.take()
            return Text(tokens.span(start), f"{start.text}-{tokens.take().text}")
        return Text(tokens.span(start), start.text)

    def alternatives(self) -> Value:
        """`(fin | syn)`, in which nft writes the bits of a mask."""
        tokens = self.tokens
        start = tokens.take()
        parts: list[Value] = []
        while not tokens.takes(")"):
            word = tokens.next
            name = self.word()
            parts.append(Text(tokens.span(word), name))
            tokens.takes("|")
        return Parts(tokens.span(start), ",", tuple(parts))

    def braces(self) -> Braces:
        tokens = self.tokens
        start = tokens.take()
        elements: list[Element] = []
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotUnderstoodError
        while True:
            tokens.skip_newlines()
            if tokens.takes("}"):
                self.depth -= 1
                return Braces(tokens.span(start), tuple(elements))
            elements.append(self.element())
            tokens.skip_newlines()
            if not tokens.takes(",") and tokens.next.text != "}":
                raise NotUnderstoodError

    def element(self) -> Element:
        tokens = self.tokens
        start = tokens.next
        parts = [self.primary()]
        while tokens.takes("."):
            parts.append(self.primary())
        key = parts[0] if len(parts) == 1 else Parts(tokens.span(start), ".", tuple(parts))
        options: list[str] = []
        while tokens.next.kind in ("word", "string"):
            options.append(tokens.take().text)
        if not tokens.takes(":"):
            return Element(tokens.span(start), key, options=tuple(options))
        tokens.skip_newlines()
        if tokens.is_word(*VERDICTS):
            verdict = self.verdict()
            return Element(tokens.span(start), key, verdict, options=tuple(options))
        value = self.concatenation()
        return Element(tokens.span(start), key, None, value, tuple(options))

    def concatenation(self) -> Value:
        tokens = self.tokens
        start = tokens.next
        parts = [self.primary()]
        while tokens.takes("."):
            parts.append(self.primary())
        return parts[0] if len(parts) == 1 else Parts(tokens.span(start), ".", tuple(parts))
