"""The engine's version and state in force, from `docker info` and `docker version`, as text and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from netlint.build.facts import HostFacts, Parsed
from netlint.model.daemon import EngineVersion, Option, Pool, Setting
from netlint.model.located import Located
from netlint.model.overlay import Swarm
from netlint.parse.docker_info import Line
from netlint.parse.tree import Mapping, Node, Scalar, Sequence, Unsupported, Word
from netlint.prefix import Prefix, parse_prefix

# Option of dockerd, its line in the text, its key in the JSON; engines 1.9 to 20.10 show them where they are set.
_CLUSTER = (
    ("cluster-store", "Cluster Store", "ClusterStore"),
    ("cluster-advertise", "Cluster Advertise", "ClusterAdvertise"),
)

_SWARM_POOL = Prefix(4, 10 << 24, 8)
_COMPOSE_KEY = re.compile(r"docker[- ]compose version", re.IGNORECASE)
_COMPOSE_TITLE = re.compile(r", (v?\d+\.\d+[^\s)]*)\)")


class _Stated(Struct, frozen=True):
    """What one output says, each value with its place. `swarm` is the node's state, `port` the data path's, `compose`
    the version of `docker compose` or docker-compose. `manager`, `nodes`, `node_address` and `swarm_pools` are said of
    the swarm."""

    version: Word | None
    swarm: Word | None
    port: Word | None
    options: tuple[tuple[str, Word, Word], ...]
    pools: tuple[tuple[Word, Word | None], ...]
    compose: Word | None = None
    manager: Word | None = None
    nodes: Word | None = None
    node_address: Word | None = None
    swarm_pools: tuple[Word, ...] = ()


def build_engine(files: list[Parsed], facts: HostFacts) -> None:
    """Add the server's version, whether it is part of a swarm, its cluster store and its address pools.

    Options and pools are added only where no configuration states them: they are the same ones, seen again.
    """
    configured = {option.name for option in facts.options}
    for file in files:
        for stated in _from_json(file.tree) if file.format.endswith("-json") else (_from_text(file.tree),):
            _add_version(stated.version, facts)
            if stated.compose is not None and (version := EngineVersion.parse(stated.compose.text)) is not None:
                facts.compose = Located(version, stated.compose.span)
            if stated.swarm is not None:
                facts.swarm = _swarm(stated, stated.swarm)
            if facts.pools is None and stated.pools:
                facts.pools = [_pool(base, size) for base, size in stated.pools]
            for name, key, value in stated.options:
                if name not in configured:
                    configured.add(name)
                    facts.options.append(
                        Option(
                            name=name,
                            value=value.text,
                            span=value.span,
                            name_span=key.span,
                            setting=Setting.RUNNING,
                        )
                    )


def _add_version(word: Word | None, facts: HostFacts) -> None:
    if word is None:
        return
    version = EngineVersion.parse(word.text)
    if version is None:
        facts.unsupported(Unsupported(word.span, f"{word.text!r} is no version of an engine"))
    else:
        facts.engines.append(Located(version, word.span))


def _swarm(stated: _Stated, state: Word) -> Swarm:
    """A node that is locked, or whose swarm fails to start, is part of it all the same."""
    port, nodes, address = _number(stated.port), _number(stated.nodes), stated.node_address
    pools = [(word, parse_prefix(word.text)) for word in stated.swarm_pools]
    found = tuple(Located(prefix, word.span) for word, prefix in pools if prefix is not None)
    default = [one.value for one in found] == [_SWARM_POOL]  # docker info shows it too where nobody chose it
    set_port = port if port is not None and port.value != 0 else None  # 0: the default
    return Swarm(
        span=state.span,
        active=state.text != "inactive",
        data_path_port=4789 if set_port is None else set_port.value,
        data_path_port_span=None if set_port is None else set_port.span,
        node_address=Located(address.text, address.span) if address is not None and address.text else None,
        default_addr_pool=() if default else found,
        manager=None if stated.manager is None else stated.manager.text.lower() == "true",
        nodes=None if nodes is None else nodes.value,
    )


def _pool(base: Word, size: Word | None) -> Pool:
    return Pool(
        span=base.span if size is None else base.span.to(size.span),
        written=Located(base.text, base.span),
        base=parse_prefix(base.text),
        size=_number(size),
        setting=Setting.RUNNING,
    )


def _number(word: Word | None) -> Located[int] | None:
    if word is None or not (word.text.isascii() and word.text.isdigit() and len(word.text) < 6):
        return None
    return Located(int(word.text), word.span)


# Text


def _from_text(lines: list[Line]) -> _Stated:
    server = [line for top in lines if not top.is_named("Client") for line in top.walk()]
    swarm = _first(server, "Swarm")
    port = swarm.get("Data Path Port") if swarm is not None else None
    options: list[tuple[str, Word, Word]] = []
    for name, title, _ in _CLUSTER:
        line = _first(server, title)
        if line is not None and line.value is not None:
            options.append((name, line.key, line.value))
    pools = _first(server, "Default Address Pools")
    return _Stated(
        version=_server_version(server),
        swarm=swarm.value if swarm is not None else None,
        port=port.value if port is not None else None,
        options=tuple(options),
        pools=tuple(_pool_line(line.value) for line in pools.lines if line.value is not None) if pools else (),
        compose=_compose_version([line for top in lines for line in top.walk()]),
        manager=_value(swarm, "Is Manager"),
        nodes=_value(swarm, "Nodes"),
        node_address=_value(swarm, "Node Address"),
        swarm_pools=_words(_value(swarm, "Default Address Pool")),
    )


def _value(above: Line | None, key: str) -> Word | None:
    line = above.get(key) if above is not None else None
    return line.value if line is not None else None


def _words(value: Word | None) -> tuple[Word, ...]:
    """The words of `10.0.0.0/8 172.30.0.0/16`."""
    if value is None:
        return ()
    found = re.finditer(r"[^\s,]+", value.text)
    return tuple(Word(one[0], value.part(one.start(), one.end())) for one in found)


def _compose_version(lines: list[Line]) -> Word | None:
    """Of `docker-compose version 1.24.1`, and of the plugin that `docker info` lists, whose version was part of its
    title at first: `compose: Docker Compose (Docker Inc., v2.3.3)`."""
    for line in lines:
        if _COMPOSE_KEY.fullmatch(line.key.text):
            return line.value
        if line.is_named("compose") and line.value is not None:
            version = line.get("Version")
            title = _COMPOSE_TITLE.search(line.value.text)
            if version is not None or title is None:
                return version.value if version is not None else None
            return Word(title[1], line.value.part(*title.span(1)))
    return None


def _first(lines: list[Line], key: str) -> Line | None:
    return next((line for line in lines if line.is_named(key)), None)


def _server_version(server: list[Line]) -> Word | None:
    """`Server Version:` of info and of old `docker version`; from 1.8 on `Version:` below Server or its Engine."""
    direct = _first(server, "Server Version")
    if direct is not None:
        return direct.value
    for key in ("Engine", "Server"):
        line = _first(server, key)
        version = line.get("Version") if line is not None else None
        if version is not None:
            return version.value
    return None


def _pool_line(value: Word) -> tuple[Word, Word | None]:
    """Base and size of `10.123.0.0/16, Size: 24`."""
    base, _, size = value.text.partition(", Size: ")
    word = Word(base, value.part(0, len(base)))
    return word, Word(size, value.part(len(value.text) - len(size), len(value.text))) if size else None


# JSON


def _from_json(documents: list[Node]) -> Iterator[_Stated]:
    for document in documents:
        if not isinstance(document, Mapping):
            continue
        swarm = document.get("Swarm")
        options: list[tuple[str, Word, Word]] = []
        for name, _, key in _CLUSTER:
            entry = document.entry(key)
            value = _word(document.get(key))
            if entry is not None and value is not None:
                options.append((name, _content(entry.key), value))
        pools = document.get("DefaultAddressPools")
        yield _Stated(
            version=_version_in(document),
            swarm=_word(_below(swarm, "LocalNodeState")),
            port=_word(_below(_below(swarm, "Cluster"), "DataPathPort")),
            manager=_word(_below(swarm, "ControlAvailable")),
            nodes=_word(_below(swarm, "Nodes")),
            node_address=_word(_below(swarm, "NodeAddr")),
            swarm_pools=_listed(_below(_below(swarm, "Cluster"), "DefaultAddrPool")),
            options=tuple(options),
            pools=tuple(
                (base, _word(_below(item, "Size")))
                for item in (pools.items if isinstance(pools, Sequence) else ())
                if (base := _word(_below(item, "Base"))) is not None
            ),
        )


def _listed(node: Node | None) -> tuple[Word, ...]:
    items = node.items if isinstance(node, Sequence) else ()
    return tuple(word for item in items if (word := _word(item)) is not None)


def _version_in(document: Mapping) -> Word | None:
    """From `docker info`, from `docker version`, or from the API, whose answer is the server's part alone."""
    version = _word(document.get("ServerVersion")) or _word(_below(document.get("Server"), "Version"))
    if version is None and document.get("Client") is None and document.get("ApiVersion") is not None:
        version = _word(document.get("Version"))
    return version


def _below(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Mapping) else None


def _word(node: Node | None) -> Word | None:
    """A string that is not empty, or a number."""
    return _content(node) if isinstance(node, Scalar) and node.value not in ("", None) else None


def _content(scalar: Scalar) -> Word:
    return Word(scalar.text, scalar.part(0, len(scalar.text)), scalar.start is not None)
