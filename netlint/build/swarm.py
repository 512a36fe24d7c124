"""Services and nodes of a swarm, from what a manager lists.

Of a service's specification only name, image, mode, networks and ports are taken. Environment, arguments, labels,
mounts and secrets are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from netlint.build.facts import HostFacts, Parsed
from netlint.model.compose import PortRange, PublishedPort
from netlint.model.daemon import EngineVersion
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.model.overlay import Swarm, SwarmNode, SwarmService, VirtualAddress
from netlint.parse.docker_swarm import Listing, Record
from netlint.parse.tree import Mapping, Node, Scalar, Sequence, Word
from netlint.prefix import Address, Prefix, parse_address, parse_interface
from netlint.source import Span

_PORT = re.compile(r"(?:\*?:)?(?P<published>\d+(?:-\d+)?)->(?P<target>\d+(?:-\d+)?)/(?P<protocol>tcp|udp|sctp)")
_REPLICAS = re.compile(r"\d+/(?P<wanted>\d+)")


def build_swarm(files: list[Parsed], facts: HostFacts) -> None:
    """Add services and nodes, each once; what `inspect` says of one comes first."""
    services: list[SwarmService] = []
    nodes: list[SwarmNode] = []
    for file in sorted(files, key=lambda file: not file.tree.documents):
        listing: Listing = file.tree
        before = len(services) + len(nodes)
        for entry in _entries(listing):
            if (service := _service(entry)) is not None:
                services.append(service)
            elif (node := _node(entry)) is not None:
                nodes.append(node)
        for record in listing.records:
            if "hostname" in record.cells:
                nodes.append(_listed_node(record))
            elif "mode" in record.cells and "name" in record.cells:
                services.append(_listed_service(record))
        if before == len(services) + len(nodes) and _are_tasks(listing):
            facts.leave_unread(file.source, "tasks: where each runs and how it fares, nothing of networks")
    facts.swarm_services = _merged_services(services)
    facts.swarm_nodes = _merged_nodes(nodes)
    facts.networks += _networks(facts)
    _add_swarm(facts)


def _are_tasks(listing: Listing) -> bool:
    """Whether the listing is one of `docker service ps`, `docker node ps` or `docker stack ps`."""
    entries = list(_entries(listing))
    return any("desired state" in record.cells for record in listing.records) or any(
        entry.get("DesiredState") is not None for entry in entries
    )


def _add_swarm(facts: HostFacts) -> None:
    """That the host is a manager, which alone lists services and nodes; `docker info` says more of it."""
    listed: list[SwarmNode | SwarmService] = [*facts.swarm_nodes, *facts.swarm_services]
    if not listed:
        return
    nodes = len(facts.swarm_nodes) if any(node.this for node in facts.swarm_nodes) else None
    if facts.swarm is None:
        facts.swarm = Swarm(span=listed[0].span, active=True, manager=True, nodes=nodes, pools_known=False)
    elif facts.swarm.nodes is None or facts.swarm.manager is None:
        facts.swarm = replace(facts.swarm, manager=True, nodes=facts.swarm.nodes or nodes)


def _networks(facts: HostFacts) -> Iterator[Network]:
    """The networks of which only the address of a service tells."""
    known = {one.id[:12] for one in facts.networks if one.id is not None and one.subnets}
    for service in facts.swarm_services:
        for one in service.addresses:
            if one.network[:12] in known:
                continue
            known.add(one.network[:12])
            yield Network(
                name=one.network[:12],
                span=one.address.span,
                origin=Origin.SERVICE,
                driver="overlay",
                scope="swarm",
                id=one.network,
                ingress=bool(service.ports) and one.network not in service.networks,
                subnets=(Subnet(prefix=one.prefix, written=Located(str(one.prefix), one.address.span, exact=False)),),
            )


def _entries(listing: Listing) -> Iterator[Mapping]:
    for document in listing.documents:
        for entry in document.items if isinstance(document, Sequence) else (document,):
            if isinstance(entry, Mapping):
                yield entry


def _merged_services(services: list[SwarmService]) -> list[SwarmService]:
    found: dict[str, SwarmService] = {}
    for one in services:
        known = found.get(one.name)
        if known is not None:
            one = replace(  # noqa: PLW2901
                known,
                image=known.image or one.image,
                mode=known.mode or one.mode,
                replicas=known.replicas if known.replicas is not None else one.replicas,
                endpoint_mode=known.endpoint_mode or one.endpoint_mode,
                ports=known.ports or one.ports,
                networks=known.networks or one.networks,
                addresses=known.addresses or one.addresses,
            )
        found[one.name] = one
    return list(found.values())


def _merged_nodes(nodes: list[SwarmNode]) -> list[SwarmNode]:
    """Each node once: names of hosts may repeat, ids do not."""
    found: dict[str, SwarmNode] = {}
    for one in nodes:
        key = one.id or one.hostname
        known = found.get(key)
        if known is not None:
            one = replace(  # noqa: PLW2901
                known,
                address=known.address or one.address,
                state=known.state or one.state,
                availability=known.availability or one.availability,
                role=known.role or one.role,
                reachability=known.reachability or one.reachability,
                manager_address=known.manager_address or one.manager_address,
                engine=known.engine or one.engine,
                this=known.this if known.this is not None else one.this,
            )
        found[key] = one
    return list(found.values())


# JSON


def _service(entry: Mapping) -> SwarmService | None:
    if _at(entry, "Replicas") is not None:
        return _service_line(entry)
    name = _scalar(entry, "Spec", "Name")
    if name is None or _at(entry, "Spec", "TaskTemplate") is None:
        return None
    mode = _at(entry, "Spec", "Mode")
    endpoint = _scalar(entry, "Spec", "EndpointSpec", "Mode") or _scalar(entry, "Endpoint", "Spec", "Mode")
    image, replicas = (
        _scalar(entry, "Spec", "TaskTemplate", "ContainerSpec", "Image"),
        _scalar(entry, "Spec", "Mode", "Replicated", "Replicas"),
    )
    ports = _at(entry, "Endpoint", "Ports") or _at(entry, "Spec", "EndpointSpec", "Ports")
    networks = _at(entry, "Spec", "TaskTemplate", "Networks") or _at(entry, "Spec", "Networks")
    targets = (_scalar(item, "Target") for item in _items(networks))
    identity = _scalar(entry, "ID")
    return SwarmService(
        name=name.text,
        span=_content(name),
        id=identity.text if identity is not None else None,
        image=Located(image.text, _content(image)) if image is not None else None,
        mode=next((key.text.lower() for key, _ in mode.items()), None) if isinstance(mode, Mapping) else None,
        replicas=replicas.value if replicas is not None and isinstance(replicas.value, int) else None,
        endpoint_mode=endpoint.text if endpoint is not None else None,
        ports=tuple(port for item in _items(ports) if (port := _port(item)) is not None),
        networks=tuple(target.text for target in targets if target is not None),
        addresses=tuple(_addresses(entry)),
    )


def _service_line(entry: Mapping) -> SwarmService | None:
    """A line of `docker service ls --format json`."""
    name, mode, replicas, ports = (_scalar(entry, key) for key in ("Name", "Mode", "Replicas", "Ports"))
    if name is None:
        return None
    image, identity = _scalar(entry, "Image"), _scalar(entry, "ID")
    wanted = _REPLICAS.match(replicas.text) if replicas is not None else None
    return SwarmService(
        name=name.text,
        span=_content(name),
        id=identity.text if identity is not None else None,
        image=Located(image.text, _content(image)) if image is not None else None,
        mode=mode.text.partition(" ")[0] if mode is not None else None,
        replicas=int(wanted["wanted"]) if wanted is not None else None,
        ports=tuple(_cells(_word(ports))) if ports is not None else (),
    )


def _port(item: Node) -> PublishedPort | None:
    target, published = _scalar(item, "TargetPort"), _scalar(item, "PublishedPort")
    protocol, mode = _scalar(item, "Protocol"), _scalar(item, "PublishMode")
    inside, outside = _range(target.text if target else ""), _range(published.text if published else "")
    if inside is None or outside is None or published is None or not outside.first:
        return None
    return PublishedPort(
        target=inside,
        span=_content(published),
        published=outside,
        published_span=_content(published),
        protocol=protocol.text if protocol is not None else "tcp",
        mode=mode.text if mode is not None else "ingress",
    )


def _addresses(entry: Mapping) -> Iterator[VirtualAddress]:
    for item in _items(_at(entry, "Endpoint", "VirtualIPs")):
        network, address = _scalar(item, "NetworkID"), _scalar(item, "Addr")
        parsed = parse_interface(address.text) if address is not None else None
        if network is not None and address is not None and parsed is not None:
            yield VirtualAddress(network.text, Located(parsed[0], _content(address)), Prefix.of(*parsed))


def _node(entry: Mapping) -> SwarmNode | None:
    if _at(entry, "Hostname") is not None:
        return _node_line(entry)
    hostname = _scalar(entry, "Description", "Hostname")
    if hostname is None:
        return None
    leader = _scalar(entry, "ManagerStatus", "Leader")
    address, identity = _scalar(entry, "Status", "Addr"), _scalar(entry, "ID")
    manager, engine = _scalar(entry, "ManagerStatus", "Addr"), _scalar(entry, "Description", "Engine", "EngineVersion")
    leads = leader is not None and leader.value is True
    return SwarmNode(
        hostname=hostname.text,
        span=_content(hostname),
        id=identity.text if identity is not None else None,
        address=_address(_word(address)) if address is not None else None,
        manager_address=Located(manager.text, _content(manager)) if manager is not None else None,
        engine=_version(_word(engine)) if engine is not None else None,
        state=_lower(entry, "Status", "State"),
        availability=_lower(entry, "Spec", "Availability"),
        role=_lower(entry, "Spec", "Role"),
        reachability="leader" if leads else _lower(entry, "ManagerStatus", "Reachability"),
    )


def _lower(entry: Mapping, *keys: str) -> str | None:
    found = _scalar(entry, *keys)
    return found.text.lower() if found is not None else None


def _node_line(entry: Mapping) -> SwarmNode | None:
    """A line of `docker node ls --format json`."""
    hostname, status, manager = (_scalar(entry, key) for key in ("Hostname", "Status", "ManagerStatus"))
    if hostname is None:
        return None
    this, engine, identity = _scalar(entry, "Self"), _scalar(entry, "EngineVersion"), _scalar(entry, "ID")
    reachability = manager.text.lower() if manager is not None else ""
    return SwarmNode(
        hostname=hostname.text,
        span=_content(hostname),
        id=identity.text if identity is not None else None,
        state=status.text.lower() if status is not None else None,
        role="manager" if reachability else "worker",
        reachability=reachability or None,
        engine=_version(_word(engine)) if engine is not None else None,
        this=this.value is True if this is not None else None,
    )


# Text


def _listed_service(record: Record) -> SwarmService:
    cells = record.cells
    name, replicas = cells["name"], cells.get("replicas")
    wanted = _REPLICAS.match(replicas.text) if replicas is not None else None
    number = wanted["wanted"] if wanted is not None else replicas.text if replicas is not None else ""
    ports = tuple(_cells(cells["ports"])) if "ports" in cells else ()
    return SwarmService(
        name=name.text,
        span=name.span,
        id=cells["id"].text,
        image=_located(cells.get("image")),
        mode=cells["mode"].text.lower().partition(" ")[0],
        replicas=int(number) if number.isdecimal() else None,
        endpoint_mode=cells["endpoint mode"].text if "endpoint mode" in cells else None,
        ports=ports or tuple(port for one in record.ports if (port := _pretty_port(one)) is not None),
        networks=tuple(cells["networks"].text.split()) if "networks" in cells else (),
    )


def _cells(word: Word) -> Iterator[PublishedPort]:
    """The ports in `*:8080->80/tcp, *:7000-7002->80-82/udp`; those of mode host are not listed there."""
    for found in _PORT.finditer(word.text):
        target, published = _range(found["target"]), _range(found["published"])
        if target is not None and published is not None:
            span = word.part(found.start(), found.end()) if word.verbatim else word.span
            yield PublishedPort(
                target=target, span=span, published=published, published_span=span, protocol=found["protocol"]
            )


def _pretty_port(cells: dict[str, Word]) -> PublishedPort | None:
    published, target = cells.get("publishedport"), cells.get("targetport")
    inside, outside = _range(target.text if target else ""), _range(published.text if published else "")
    if published is None or inside is None or outside is None or not outside.first:
        return None
    protocol, mode = cells.get("protocol"), cells.get("publishmode")
    return PublishedPort(
        target=inside,
        span=published.span,
        published=outside,
        published_span=published.span,
        protocol=protocol.text if protocol is not None else "tcp",
        mode=mode.text if mode is not None else "ingress",
    )


def _listed_node(record: Record) -> SwarmNode:
    """A row of `docker node ls`, or a node of `docker node inspect --pretty`."""
    cells = record.cells
    manager, leader = cells.get("manager status"), cells.get("leader")
    reachability = manager.text.lower() if manager is not None else ""
    if leader is not None and leader.text.lower() == "yes":
        reachability = "leader"
    pretty = "address" in cells
    return SwarmNode(
        hostname=cells["hostname"].text,
        span=cells["hostname"].span,
        id=cells["id"].text,
        address=_address(cells["address"]) if pretty else None,
        state=cells["status"].text.lower() if "status" in cells else None,
        availability=cells["availability"].text.lower() if "availability" in cells else None,
        role="manager" if reachability else "worker",
        reachability=reachability or None,
        manager_address=_located(cells.get("manager address")),
        engine=_version(cells["engine version"]) if "engine version" in cells else None,
        this=None if pretty else record.this,
    )


def _address(word: Word) -> Located[Address] | None:
    address = parse_address(word.text)
    return Located(address, word.span) if address is not None else None


def _version(word: Word) -> Located[EngineVersion] | None:
    version = EngineVersion.parse(word.text)
    return Located(version, word.span) if version is not None else None


def _located(word: Word | None) -> Located[str] | None:
    return Located(word.text, word.span) if word is not None else None


def _range(text: str) -> PortRange | None:
    first, _, last = text.partition("-")
    if not first.isdecimal() or len(first) > 5 or (last and (not last.isdecimal() or len(last) > 5)):
        return None
    ports = PortRange(int(first), int(last or first))
    return ports if ports.first <= ports.last < 65536 else None


def _at(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _items(node: Node | None) -> tuple[Node, ...]:
    return tuple(node.items) if isinstance(node, Sequence) else ()


def _scalar(node: Node | None, *keys: str) -> Scalar | None:
    found = _at(node, *keys)
    return found if isinstance(found, Scalar) and found.value is not None and found.text else None


def _content(scalar: Scalar) -> Span:
    return scalar.part(0, len(scalar.text))


def _word(scalar: Scalar) -> Word:
    return Word(scalar.text, _content(scalar), scalar.start is not None)
