"""One rule of nftables: the tokens of its line into statements.

    rule       = { statement } [ "comment" string ] [ "handle" number ]
    statement  = verdict | action | comparison | map | change
    verdict    = "accept" | "drop" | "return" | "continue" | ( "jump" | "goto" ) chain
    comparison = selector { "." selector } [ ( "&" | "and" ) mask ] [ operator ] value [ "/" mask ]
    map        = selector { "." selector } "vmap" value
    change     = selector "set" { word }
    action     = name { argument }                         (see _ARGUMENTS)

Selectors and values are in netlint/parse/nft_expression.py. What cannot be read makes the rest of its rule `Unknown`.
"""

from __future__ import annotations

from netlint.parse.nft_expression import HEADERS, VERDICTS, ExpressionReader, NotUnderstoodError
from netlint.parse.nft_tokens import Token
from netlint.parse.nft_tree import (
    Action,
    Comparison,
    Parts,
    Rule,
    Statement,
    Unknown,
    Value,
    VerdictMap,
)

_OPERATORS = frozenset(("==", "!=", "<", ">", "<=", ">=", "!", "eq", "ne", "lt", "gt", "le", "ge"))
_OPERATOR_NAMES = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
# Words of each action's arguments: those that a value follows, and after "|" those that stand alone.
_ARGUMENTS = {
    "counter": "packets bytes name |",
    "log": "prefix level group snaplen queue-threshold flags |",
    "masquerade": "to |random fully-random persistent",
    "redirect": "to |random fully-random persistent",
    "dnat": "to |ip ip6 prefix random fully-random persistent",
    "snat": "to |ip ip6 prefix random fully-random persistent",
    "tproxy": "to |ip ip6",
    "queue": "num to |bypass fanout flags",
    "notrack": "|",
    "dup": "to device |",
    "fwd": "to device |ip ip6",
    "synproxy": "mss wscale |timestamp sack-perm",
    "xt": "match target |",
}
_NAT_ADDRESS = frozenset(("dnat", "snat", "masquerade", "redirect", "tproxy"))
_CHOOSING = HEADERS | {"numgen", "jhash", "symhash", "ct", "meta"}
# Inside the braces of `meter` or `update @set`, these decide whether the rule goes on.
_LIMITS = frozenset(("limit", "quota", "count"))


class RuleReader(ExpressionReader):
    def rule(self) -> Rule:
        """Read to the end of the rule; the newline or brace there is left."""
        tokens = self.tokens
        first = tokens.next
        statements: list[Statement] = []
        comment = None
        while not self.ended():
            start = tokens.next
            try:
                if tokens.takes("comment"):
                    comment = tokens.take().text
                elif tokens.takes("handle"):
                    tokens.take()
                elif tokens.takes(","):
                    pass  # between the flags of nat
                else:
                    statements.append(self.statement())
            except NotUnderstoodError:
                statements.append(self.rest(start))
        return Rule(tokens.span(first), tuple(statements), comment)

    def rest(self, start: Token) -> Unknown:
        """The statement that began at `start` with the rest of its rule."""
        depth = 0
        tokens = self.tokens
        while tokens.next.kind != "end" and (depth or not self.ended()):
            token = tokens.take()
            if token.kind == "sign":
                depth += (token.text in ("{", "(")) - (token.text in ("}", ")") and depth > 0)
        span = tokens.span(start)
        return Unknown(span, tokens.source.slice(span))

    def statement(self) -> Statement:
        tokens = self.tokens
        start = tokens.next
        if start.kind != "word":
            raise NotUnderstoodError
        word = start.text
        if word in VERDICTS:
            return self.verdict()
        if word in _ARGUMENTS:
            return self.action()
        match word:
            case "reject":
                return self.reject()
            case "limit" | "quota":
                return self.limit()
            case "XT":
                return self.missing_extension()
            case "meter" | "update" | "add" | "delete":
                return self.set_statement()
        return self.comparison()

    def action(self) -> Action:
        tokens = self.tokens
        start = tokens.take()
        valued, _, alone = _ARGUMENTS[start.text].partition("|")
        arguments: list[tuple[str, str]] = []
        value: Value | None = None
        while tokens.next.kind == "word" or tokens.next.text == ",":
            if tokens.next.text == "," and arguments:
                tokens.take()
            elif tokens.next.text in valued.split():
                name = tokens.take().text
                if name == "to" and start.text in _NAT_ADDRESS:
                    value = self.translation()
                else:
                    arguments.append((name, self.argument()))
            elif tokens.next.text in alone.split():
                arguments.append((tokens.take().text, ""))
            else:
                break
        if start.text == "xt" and not arguments:
            raise NotUnderstoodError
        name = f"xt {arguments[0][0]}" if start.text == "xt" else start.text
        return Action(tokens.span(start), name, tuple(arguments), value, name == "xt match")

    def argument(self) -> str:
        """The value of an argument: a word or string, or several with commas."""
        tokens = self.tokens
        if tokens.next.kind not in ("word", "string"):
            raise NotUnderstoodError
        text = tokens.take().text
        while tokens.next.text == "," and tokens.ahead(1).kind == "word":
            tokens.take()
            text += "," + tokens.take().text
        return text

    def translation(self) -> Value:
        """What an address is translated to; one that a map or a number generator chooses is not understood."""
        tokens = self.tokens
        start = tokens.next
        if start.text == "{" or start.text in _CHOOSING:
            raise NotUnderstoodError
        found = self.primary()
        if tokens.next.text == ":" and tokens.next.kind == "sign":  # `$address : $port`
            tokens.take()
            found = Parts(tokens.span(start), ":", (found, self.primary()))
        return found

    def reject(self) -> Action:
        tokens = self.tokens
        start = tokens.take()
        if not tokens.takes("with"):
            return Action(tokens.span(start), "reject")
        kind = tokens.take().text
        tokens.takes("type")
        if self.ended():
            raise NotUnderstoodError
        return Action(tokens.span(start), "reject", ((kind, tokens.take().text),))

    def limit(self) -> Action:
        """`limit rate over 5/minute burst 7 packets`, `limit name "x"`, `quota over 1000 bytes used 5 bytes`."""
        tokens = self.tokens
        start = tokens.take()
        arguments: list[tuple[str, str]] = []
        while tokens.is_word("rate", "over", "until", "name", "burst", "used"):
            name = tokens.take().text
            arguments.append((name, "" if tokens.is_word("over", "until") else self.argument()))
            tokens.takes("packets", "bytes", "kbytes", "mbytes", "gbytes")
            if tokens.next.kind == "word" and "/" in tokens.next.text and "bytes" in tokens.next.text:
                tokens.take()
        if start.text == "quota" and not arguments:
            arguments.append(("", self.argument()))
            tokens.takes("packets", "bytes", "kbytes", "mbytes", "gbytes")
        return Action(tokens.span(start), start.text, tuple(arguments), None, True)

    def missing_extension(self) -> Action:
        """`XT target DNAT not found`: what nft prints for an extension that it cannot load."""
        tokens = self.tokens
        start = tokens.take()
        kind, name = tokens.take(), tokens.take()
        if kind.text not in ("match", "target") or name.kind != "word":
            raise NotUnderstoodError
        if tokens.takes("not"):
            tokens.takes("found")
        return Action(tokens.span(start), f"xt {kind.text}", ((kind.text, name.text),), None, kind.text == "match")

    def set_statement(self) -> Action:
        """`update @recent { ip saddr limit rate 5/second }`, `meter m { … }`."""
        tokens = self.tokens
        start = tokens.take()
        tokens.takes("@")
        name = self.argument()
        if not tokens.takes("{"):
            raise NotUnderstoodError
        words, depth = [], 1
        while depth and tokens.next.kind != "end":
            token = tokens.take()
            words.append(token.text)
            depth += (token.text == "{") - (token.text == "}")
        condition = not _LIMITS.isdisjoint(words)
        return Action(tokens.span(start), f"{start.text} set", (("name", name),), None, condition)

    def comparison(self) -> Statement:
        tokens = self.tokens
        start = tokens.next
        left = [self.selector()]
        while tokens.next.text == "." and tokens.next.kind == "sign":
            tokens.take()
            left.append(self.selector())
        if tokens.takes("vmap"):
            return VerdictMap(tokens.span(start), tuple(left), self.value())
        if tokens.takes("set"):
            words = []
            while not self.ended() and not tokens.is_word("comment", "counter", "handle", *VERDICTS):
                words.append(tokens.take().text)
            return Action(tokens.span(start), " ".join((*left[0], "set")), (("", " ".join(words)),))
        mask = self.primary() if tokens.takes("&", "and") else None
        operator = self.operator()
        right = self.value()
        if mask is None and tokens.takes("/"):
            mask = self.value()
        return Comparison(tokens.span(start), tuple(left), operator, right, mask)

    def operator(self) -> str:
        tokens = self.tokens
        if tokens.next.kind in ("sign", "word") and tokens.next.text in _OPERATORS:
            text = tokens.take().text
            return _OPERATOR_NAMES.get(text, text)
        return "=="
