"""Containers from `docker ps`, `docker port` and `docker inspect`, each once.

Of `docker inspect` only names, addresses, ports and the network mode are taken. Environment, arguments and labels are
not looked at: they hold secrets.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from netlint.build.facts import HostFacts, Parsed
from netlint.model.compose import PortRange, PublishedPort
from netlint.model.container import Container, ContainerAddress
from netlint.model.located import Located
from netlint.parse.docker_ps import ContainerRow, PortCell
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.prefix import parse_address
from netlint.source import Span

_EVERY = ("0.0.0.0", "::", "[::]", "")


def build_containers(files: list[Parsed], facts: HostFacts) -> None:
    """Add the containers; what says most of one, `docker inspect`, comes first."""
    found: list[Container] = list(facts.containers or ())
    for file in sorted(files, key=lambda file: file.format != "docker-inspect"):
        for one in _inspected(file.tree) if file.format == "docker-inspect" else _listed(file.tree):
            known = next((at for at, other in enumerate(found) if _same(one, other)), None)
            if known is None:
                found.append(one)
            else:
                found[known] = _merge(found[known], one)
    if files:
        facts.containers = found


def _same(one: Container, other: Container) -> bool:
    if one.id is not None and other.id is not None:
        return one.id.startswith(other.id) or other.id.startswith(one.id)
    return one.name == other.name


def _merge(first: Container, second: Container) -> Container:
    return replace(
        first,
        name=first.name if first.name != first.id else second.name,
        id=first.id or second.id,
        image=first.image or second.image,
        running=first.running if first.running is not None else second.running,
        mode=first.mode or second.mode,
        networks=first.networks or second.networks,
        ports=first.ports or second.ports,
    )


def _listed(rows: list[ContainerRow]) -> Iterator[Container]:
    whole: dict[str, Container] = {}
    for row in rows:
        word = row.name or row.id
        if word is None:
            continue
        ports = tuple(port for cell in row.ports if (port := _port(cell)) is not None)
        one = Container(
            name=word.text,
            span=word.span,
            id=row.id.text if row.id is not None else None,
            image=Located(row.image.text, row.image.span) if row.image is not None else None,
            running=row.running,
            networks=tuple(ContainerAddress(name, None, None, word.span) for name in row.networks if name),
            ports=_once(ports),
        )
        known = whole.get(one.name)  # `docker port` has a line for each port
        whole[one.name] = one if known is None else replace(known, ports=_once((*known.ports, *one.ports)))
    yield from whole.values()


def _port(cell: PortCell) -> PublishedPort | None:
    if cell.published is None:
        return None
    target, published = _range(cell.target), _range(cell.published.text)
    if target is None or published is None or not published.first:
        return None
    text = cell.address.text.strip("[]") if cell.address is not None else ""
    return PublishedPort(
        target=target,
        span=cell.whole.span,
        published=published,
        published_span=cell.published.span,
        address=None if text in _EVERY or cell.address is None else Located(text, cell.address.span),
        protocol=cell.protocol,
    )


def _range(text: str) -> PortRange | None:
    first, _, last = text.partition("-")
    if not first.isdecimal() or len(first) > 5 or (last and (not last.isdecimal() or len(last) > 5)):
        return None
    ports = PortRange(int(first), int(last or first))
    return ports if ports.first <= ports.last < 65536 else None


def _once(ports: tuple[PublishedPort, ...]) -> tuple[PublishedPort, ...]:
    """0.0.0.0 and [::] are one publication on every address."""
    kept: dict[object, PublishedPort] = {}
    for port in ports:
        address = port.address.value if port.address is not None else None
        kept.setdefault((address, port.published, port.target, port.protocol), port)
    return tuple(kept.values())


def _inspected(documents: list[Node]) -> Iterator[Container]:
    for document in documents:
        for entry in document.items if isinstance(document, Sequence) else (document,):
            if isinstance(entry, Mapping):
                one = _container(entry)
                if one is not None:
                    yield one


def _container(entry: Mapping) -> Container | None:
    identity, name = _scalar(entry, "Id"), _scalar(entry, "Name")
    names = entry.get("Names")  # the engine's API lists containers so
    if name is None and isinstance(names, Sequence):
        name = next((item for item in names.items if isinstance(item, Scalar)), None)
    named = name or identity
    if named is None:
        return None
    text = named.text.lstrip("/")
    image = _scalar(entry, "Config", "Image") or _scalar(entry, "Image")
    mode = _scalar(entry, "HostConfig", "NetworkMode")
    running = _scalar(entry, "State", "Running")
    state = _scalar(entry, "State")
    up = running.value is True if running is not None else state.text == "running" if state is not None else None
    ports = entry.get("Ports") if isinstance(entry.get("Ports"), Sequence) else None
    return Container(
        name=text,
        span=named.part(len(named.text) - len(text), len(named.text)),
        id=identity.text if identity is not None else None,
        image=_located(image) if image is not None and not image.text.startswith("sha256:") else None,
        running=up,
        mode=_located(mode) if mode is not None else None,
        networks=tuple(_networks(entry)),
        ports=_once(tuple(_api_ports(ports)) if ports is not None else tuple(_bindings(entry))),
    )


def _networks(entry: Mapping) -> Iterator[ContainerAddress]:
    networks = _at(entry, "NetworkSettings", "Networks")
    if isinstance(networks, Mapping):
        for key, value in networks.items():
            if isinstance(value, Mapping):
                yield from _addresses(key.text, value, key.span)
        if networks.entries:
            return
    settings = entry.get("NetworkSettings")  # engines before 1.9
    if isinstance(settings, Mapping) and _scalar(settings, "IPAddress") is not None:
        yield from _addresses("bridge", settings, settings.span)


def _addresses(network: str, value: Mapping, span: Span) -> Iterator[ContainerAddress]:
    mac = _scalar(value, "MacAddress")
    shown = False
    for key in ("IPAddress", "GlobalIPv6Address"):
        written = _scalar(value, key)
        address = parse_address(written.text) if written is not None and written.text else None
        if address is not None and written is not None:
            shown = True
            place = written.part(0, len(written.text))
            yield ContainerAddress(network, address, mac.text.lower() if mac is not None and mac.text else None, place)
    if not shown:
        yield ContainerAddress(network, None, None, span)


def _bindings(entry: Mapping) -> Iterator[PublishedPort]:
    ports = _at(entry, "NetworkSettings", "Ports")
    if not isinstance(ports, Mapping) or not ports.entries:
        ports = _at(entry, "HostConfig", "PortBindings")
    for key, value in ports.items() if isinstance(ports, Mapping) else ():
        target, _, protocol = key.text.partition("/")
        for item in value.items if isinstance(value, Sequence) else ():
            host, number = _scalar(item, "HostIp"), _scalar(item, "HostPort")
            if number is not None:
                yield from _published(target, protocol or "tcp", number, host)


def _api_ports(ports: Node) -> Iterator[PublishedPort]:
    for item in ports.items if isinstance(ports, Sequence) else ():
        number, target = _scalar(item, "PublicPort"), _scalar(item, "PrivatePort")
        if number is not None and target is not None:
            kind = _scalar(item, "Type")
            yield from _published(target.text, kind.text if kind is not None else "tcp", number, _scalar(item, "IP"))


def _published(target: str, protocol: str, number: Scalar, host: Scalar | None) -> Iterator[PublishedPort]:
    inside, published = _range(target), _range(number.text)
    if inside is None or published is None or not published.first:
        return
    every = host is None or host.text in _EVERY
    yield PublishedPort(
        target=inside,
        span=number.part(0, len(number.text)),
        published=published,
        published_span=number.part(0, len(number.text)),
        address=None if every or host is None else _located(host),
        protocol=protocol,
    )


def _at(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _scalar(node: Node | None, *keys: str) -> Scalar | None:
    found = _at(node, *keys)
    return found if isinstance(found, Scalar) and found.value is not None else None


def _located(scalar: Scalar) -> Located[str]:
    return Located(scalar.text, scalar.part(0, len(scalar.text)))
