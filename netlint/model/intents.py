"""Where a service means to connect, read out of its environment and command.

Understood are URLs (also several hosts in one, and `tcp(host:port)` of Go's database drivers), lists of `host:port`,
the names in `Host=…;Port=…` strings, and bare names in variables whose own name says that they hold one (`DB_HOST`).
Nothing but host and port is taken: where a value is written so that a part of a password could be mistaken for one of
them, it is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, structs

from netlint.model.compose import Service
from netlint.model.located import Located
from netlint.pattern import pattern
from netlint.prefix import parse_address
from netlint.source import Span

# The port that a URL without one means. Browsers speak none of these but the last four.
SCHEMES = {
    "amqp": 5672, "amqps": 5671, "bolt": 7687, "clickhouse": 9000, "jaeger": 14268, "kafka": 9092, "ldap": 389,
    "ldaps": 636, "mariadb": 3306, "memcached": 11211, "mongo": 27017, "mongodb": 27017, "mqtt": 1883, "mysql": 3306,
    "mysql2": 3306, "nats": 4222, "neo4j": 7687, "pgsql": 5432, "postgis": 5432, "postgres": 5432, "postgresql": 5432,
    "pulsar": 6650, "redis": 6379, "rediss": 6379, "smtp": 25, "sqlserver": 1433, "mssql": 1433, "valkey": 6379,
    "http": 80, "https": 443, "ws": 80, "wss": 443,
}  # fmt: skip
WEB_SCHEMES = ("http", "https", "ws", "wss")

_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)"
_PORT = r"\d{1,5}"
_END = pattern(rf"(?P<host>{_HOST})(?::(?P<port>{_PORT})?|:\$\S*)?")
_URL = pattern(r"(?<![A-Za-z0-9])(?P<scheme>[A-Za-z][A-Za-z0-9+_.-]{0,30})://")
_URL_END = pattern(r"""[\s"'`<>;)}]|\](?![:/])|,(?=$|[\s"])""")
_GO = pattern(rf"@(?:tcp|udp)\((?P<host>{_HOST})(?::(?P<port>{_PORT}))?\)")
_PAIRS = pattern(
    rf"(?:^|;)\s*(?:Host|Server|Data Source|Address)\s*=\s*(?:tcp:)?"
    rf"(?P<host>{_HOST})(?:[,:](?P<port>{_PORT}))?\s*(?=;|$)",
    re.IGNORECASE,
)
# Each repetition can match in one way only, so that no value takes long to refuse.
_BETWEEN = r"(?:\s*[,;]\s*|\s+)"
_LIST = pattern(rf"\s*{_HOST}:{_PORT}(?:/[^\s,;]*)?(?:{_BETWEEN}{_HOST}:{_PORT}(?:/[^\s,;]*)?)*\s*")
_LISTED = pattern(rf"(?<![\w.:/@-])(?P<host>{_HOST}):(?P<port>{_PORT})(?![\w.-])")
_NAMES = pattern(rf"\s*{_HOST}(?:{_BETWEEN}{_HOST})*\s*")
_NAMED = pattern(rf"(?<![\w.-])(?P<host>{_HOST})")
_FLAG = pattern(rf"(?:-{{1,2}}[\w.-]+=)?(?P<host>{_HOST}):(?P<port>{_PORT})(?=/|$)")

# Parts of a name, in whichever style it is written: DB_HOST, spring.redis.host, dbHost, PGHOST.
_PARTS = pattern(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_OF_HOSTS = {
    "host", "hosts", "hostname", "hostnames", "addr", "addrs", "address", "addresses", "server", "servers", "url",
    "urls", "uri", "uris", "endpoint", "endpoints", "broker", "brokers", "node", "nodes", "upstream", "backend",
    "pghost", "seeds", "peers", "dsn", "connect",
}  # fmt: skip
# What the service itself is called, listens on, lets in or tells others, and what it does not ask a proxy for.
_NO_TARGETS = {
    "advertise", "advertised", "allow", "allowed", "allowlist", "bind", "binding", "bypass", "cert", "cors", "csr",
    "csrf", "domain", "domains", "exclude", "ignore", "listen", "listener", "listeners", "listening", "origin",
    "origins", "public", "sans", "trusted", "virtual", "whitelist",
}  # fmt: skip
_NO_TARGETS_AT_ALL = ("HOSTNAME", "NO_PROXY", "no_proxy", "HOST", "LISTENADDRESS")


# Variables and options whose value is nobody's business, even where it looks like `host:port`.
_SECRET = pattern(r"pass|pwd|secret|token|key|cred|auth|salt|private|cert|hash|seed|license", re.IGNORECASE)


class Intent(Struct, frozen=True):
    """A host that a service means to reach, or itself to be reached at for an advertised address.

    `span` covers host and port where the value stands in the source as it is, else the whole value. `name` is that of
    the variable, "command" for a word of the command. `scheme` is in lower case, empty where there is none. `exact` is
    False where a variable decides the value.
    """

    host: str
    port: int | None
    span: Span
    name: str
    scheme: str = ""
    exact: bool = True

    @property
    def is_loopback(self) -> bool:
        """Whether it is the container itself."""
        address = parse_address(self.host.strip("[]"))
        return self.host.lower() == "localhost" if address is None else address.is_loopback

    @property
    def is_web(self) -> bool:
        return self.scheme in WEB_SCHEMES


def intents(service: Service) -> Iterator[Intent]:
    """Everything that the service means to connect to. A port that a sibling variable gives (`DB_PORT` to `DB_HOST`) is
    taken over."""
    values = {name: value.value.strip() for name, value in service.environment}
    for name, value in service.environment:
        if not is_target(name):
            continue
        for intent in _of_value(name, value):
            yield structs.replace(intent, port=_sibling(name, values)) if intent.port is None else intent
    for word in service.command:
        yield from _of_word(word)


def advertised(service: Service) -> Iterator[tuple[str, Intent]]:
    """The listeners that a message broker tells its clients to connect to, with their names."""
    for name, value in service.environment:
        if "ADVERTISED" in name.upper() and "LISTENERS" in name.upper():
            for intent in _urls("", value):
                yield intent.scheme, structs.replace(intent, name=name)


def listeners(service: Service) -> dict[str, int]:
    """The ports of a message broker's listeners, by their names in lower case."""
    found: dict[str, int] = {}
    for name, value in service.environment:
        upper = name.upper()
        if "LISTENERS" in upper and "ADVERTISED" not in upper:
            for part in value.value.split(","):
                listener, _, address = part.strip().partition("://")
                port = address.rpartition(":")[2]
                if port.isdecimal():
                    found[listener.lower()] = int(port)
    return found


@lru_cache(maxsize=4096)
def is_target(name: str) -> bool:
    """Whether a variable of this name may hold something to connect to."""
    return name not in _NO_TARGETS_AT_ALL and not _NO_TARGETS & set(_parts(name))


@lru_cache(maxsize=4096)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in _PARTS.findall(name))


def _of_value(name: str, value: Located[str]) -> Iterator[Intent]:
    text = value.value
    if "://" in text:
        yield from _urls(name, value)
        return
    parts = _parts(name)
    names_hosts = bool(parts) and (parts[-1] in _OF_HOSTS or parts[-1].endswith("host"))
    if _SECRET.search(name) and not names_hosts:
        return
    found = list(_GO.finditer(text)) or list(_PAIRS.finditer(text))
    if not found and _LIST.fullmatch(text):
        found = list(_LISTED.finditer(text))
    if not found and names_hosts and _NAMES.fullmatch(text):
        found = list(_NAMED.finditer(text))
    for match in found:
        port = match["port"] if "port" in match.re.groupindex else None
        end = match.end("host" if port is None else "port")
        yield Intent(match["host"], _number(port), _span(value, match.start("host"), end), name, "", value.exact)


def _of_word(word: Located[str]) -> Iterator[Intent]:
    if "://" in word.value:
        yield from _urls("command", word)
        return
    match = _FLAG.match(word.value)
    if match is not None and not _SECRET.search(word.value[: match.start("host")]):
        yield Intent(
            match["host"],
            _number(match["port"]),
            _span(word, match.start("host"), match.end()),
            "command",
            "",
            word.exact,
        )


def _urls(name: str, value: Located[str]) -> Iterator[Intent]:
    """The hosts of every URL in the value."""
    found = list(_URL.finditer(value.value))
    ends = [*(url.start() for url in found[1:]), len(value.value)]
    for url, following in zip(found, ends, strict=False):
        rest = value.value[url.end() : following]
        end = _URL_END.search(rest)
        authority = re.split(r"[/?#]", rest[: end.start()] if end is not None else rest, maxsplit=1)[0]
        # a login that holds a slash or a blank would end the authority too early
        if "@" in rest[len(authority) :]:
            continue
        login = authority.rfind("@") + 1
        at = url.end() + login
        for host in authority[login:].split(","):
            match = _END.fullmatch(host)
            if match is not None:
                scheme = url["scheme"].lower()
                yield Intent(
                    match["host"],
                    _number(match["port"]),
                    _span(value, at, at + len(host)),
                    name,
                    next((part for part in re.split(r"[+.]", scheme) if part in SCHEMES), scheme),
                    value.exact,
                )
            at += len(host) + 1


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and 0 < int(text) < 65536 else None


def _sibling(name: str, values: dict[str, str]) -> int | None:
    """The port in `DB_PORT` for `DB_HOST`, in `db.port` for `db.host`."""
    for word, other in (("HOSTNAME", "PORT"), ("HOST", "PORT"), ("ADDRESS", "PORT"), ("ADDR", "PORT"),
                        ("SERVER", "PORT"), ("hostname", "port"), ("host", "port"), ("Host", "Port")):  # fmt: skip
        if name.endswith(word):
            port = values.get(name[: -len(word)] + other, "")
            return _number(port) if port.isdecimal() and len(port) < 6 else None
    return None


def _span(value: Located[str], start: int, end: int) -> Span:
    """The place of a part; of the whole where the text is not the source's own."""
    whole = value.span
    return whole.part(start, end) if value.exact and whole.end - whole.start == len(value.value) else whole
