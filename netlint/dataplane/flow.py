"""The language of flows: `tcp from container web to 10.0.0.5:5432`.

    flow      PROTO from endpoint [port NUMBER] to endpoint[:NUMBER] [via INTERFACE]
    endpoint  ADDRESS | container NAME | host [NAME] | lan | internet

Only what asks for flows imports this: lark takes 40 ms.
"""

from __future__ import annotations

import difflib
from functools import cache

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError
from msgspec import Struct

from netlint.prefix import Address, parse_address

_GRAMMAR = r"""
flow: PROTO "from" endpoint source_port? "to" endpoint target_port? link?
source_port: "port" NUMBER
target_port: ":" NUMBER
link: "via" LINK
endpoint: ADDRESS           -> address
        | "container" NAME  -> container
        | HOST NAME?        -> host
        | LAN               -> lan
        | INTERNET          -> internet
HOST: "host"
LAN: "lan"
INTERNET: "internet"
PROTO: /[A-Za-z0-9-]+/
NUMBER: /[0-9]+/
LINK: /[^\s:]+/
NAME: /[A-Za-z0-9_][A-Za-z0-9_.-]*/
ADDRESS: /\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/
%ignore /\s+/
"""
_WORDS = {
    "FROM": "from", "TO": "to", "PORT": "port", "VIA": "via", "CONTAINER": "container NAME", "HOST": "host",
    "LAN": "lan", "INTERNET": "internet", "ADDRESS": "an address", "NAME": "a name", "NUMBER": "a port number",
    "PROTO": "a protocol", "LINK": "an interface", "COLON": ":PORT", "$END": "the end",
}  # fmt: skip
_PROTOCOLS = {"tcp": "tcp", "udp": "udp", "icmp": "icmp", "6": "tcp", "17": "udp", "1": "icmp", "58": "ipv6-icmp",
              "132": "sctp", "47": "gre", "50": "esp", "51": "ah"}  # fmt: skip
_PORTED = {"tcp": 80, "udp": 53, "sctp": 80}


class FlowError(Exception):
    """A flow that cannot be understood, or that does not fit the hosts; the text shows where."""


class End(Struct, frozen=True):
    """One side of a flow. `kind`: "address", "container", "host", "lan" or "internet"; `at` its place in the text."""

    kind: str
    name: str
    address: Address | None
    at: tuple[int, int]


class Flow(Struct, frozen=True):
    """A question about one packet. Ports are None for protocols without any."""

    text: str
    protocol: str
    source: End
    destination: End
    source_port: int | None
    destination_port: int | None
    link: str | None
    link_at: tuple[int, int]

    def error(self, at: tuple[int, int], message: str) -> FlowError:
        return FlowError(_pointed(self.text, at, message))


def parse_flow(text: str) -> Flow:
    """The flow that `text` asks for; FlowError with a caret under what is wrong."""
    text = " ".join(text.split())
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise FlowError(_pointed(text, _wrong(text, error), _expected(text, error))) from None
    try:
        return _Maker(text).transform(tree)
    except VisitError as error:
        raise error.orig_exc from None


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, start="flow", parser="lalr", lexer="contextual", propagate_positions=True)


class _Part(Struct, frozen=True):
    """What may be left out."""

    name: str
    token: Token


class _Maker(Transformer[Token, Flow]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def address(self, tokens: list[Token]) -> End:
        (token,) = tokens
        address = parse_address(token.strip("[]"))
        if address is None:
            raise FlowError(_pointed(self.text, _at(token), f"{token} is no address"))
        return End("address", str(address), address, _at(token))

    def container(self, tokens: list[Token]) -> End:
        (token,) = tokens
        return End("container", str(token), None, _at(token))

    def host(self, tokens: list[Token]) -> End:
        return End("host", str(tokens[1]) if len(tokens) > 1 else "", None, _at(tokens[-1]))

    def lan(self, tokens: list[Token]) -> End:
        return End("lan", "", None, _at(tokens[0]))

    def internet(self, tokens: list[Token]) -> End:
        return End("internet", "", None, _at(tokens[0]))

    def source_port(self, tokens: list[Token]) -> _Part:
        return _Part("source", tokens[0])

    def target_port(self, tokens: list[Token]) -> _Part:
        return _Part("target", tokens[0])

    def link(self, tokens: list[Token]) -> _Part:
        return _Part("link", tokens[0])

    def flow(self, parts: list[object]) -> Flow:
        ends = [part for part in parts if isinstance(part, End)]
        named = {part.name: part.token for part in parts if isinstance(part, _Part)}
        proto = parts[0]
        assert isinstance(proto, Token)
        protocol = self.protocol(proto)
        if protocol == "icmp" and any(end.address is not None and end.address.version == 6 for end in ends):
            protocol = "ipv6-icmp"
        usual = _PORTED.get(protocol)
        for token in (named.get("source"), named.get("target")):
            if token is not None and usual is None:
                raise FlowError(_pointed(self.text, _at(token), f"{proto} has no ports"))
        link = named.get("link")
        return Flow(
            self.text,
            protocol,
            ends[0],
            ends[1],
            self.port(named.get("source"), 40000 if usual else None),
            self.port(named.get("target"), usual),
            str(link) if link is not None else None,
            _at(link) if link is not None else (0, 0),
        )

    def protocol(self, token: Token) -> str:
        name = token.lower()
        if name in _PROTOCOLS:
            return _PROTOCOLS[name]
        if name.isdecimal() and int(name) < 256:
            return name
        near = difflib.get_close_matches(name, ("tcp", "udp", "icmp"), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise FlowError(_pointed(self.text, _at(token), f"a protocol is tcp, udp, icmp or a number{hint}"))

    def port(self, token: Token | None, usual: int | None) -> int | None:
        if token is None:
            return usual
        if not 0 < int(token) < 65536:
            raise FlowError(_pointed(self.text, _at(token), "a port is a number from 1 to 65535"))
        return int(token)


def _at(token: Token) -> tuple[int, int]:
    return token.start_pos or 0, token.end_pos or 0


def _wrong(text: str, error: UnexpectedInput) -> tuple[int, int]:
    """The word at which the parser gave up."""
    token = error.token if isinstance(error, UnexpectedToken) else None
    if isinstance(error, UnexpectedEOF) or (token is not None and token.type == "$END"):
        return len(text), len(text) + 1
    start = error.pos_in_stream or 0
    end = start
    while end < len(text) and text[end] not in " :":
        end += 1
    return start, max(end, start + 1)


def _expected(text: str, error: UnexpectedInput) -> str:
    names: set[str] = set()
    if isinstance(error, UnexpectedCharacters):
        names = error.allowed or names
    elif isinstance(error, UnexpectedToken):
        names = error.accepts or set(error.expected)
    words = [word for name, word in _WORDS.items() if name in names]
    start, end = _wrong(text, error)
    keys = [word.partition(" ")[0] for word in words if not word.startswith(("a ", "an "))]
    near = difflib.get_close_matches(text[start:end].lower(), keys, n=1)
    listed = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else "".join(words)
    return f"expected {listed}" + (f"; did you mean {near[0]}?" if near and len(words) > 1 else "")


def _pointed(text: str, at: tuple[int, int], message: str) -> str:
    """`message` under the part of `text` that it is about."""
    return f"{text}\n{' ' * at[0]}{'^' * max(at[1] - at[0], 1)} {message}"
