"""Hosts and their networks as a drawing, in the languages of Mermaid and of Graphviz."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

from msgspec import Struct

from netlint.addresses.claims import Claim
from netlint.addresses.links import docker_bridges, is_container_link, is_docker_link
from netlint.model.compose import PublishedPort
from netlint.model.host import Host, Site
from netlint.model.interface import Interface
from netlint.prefix import Prefix
from netlint.report.plan import address_plan
from netlint.report.terminal import clean

# A drawing of more is no drawing. (Mermaid itself stops at 500 edges and 50,000 characters.)
MAX_HOSTS, MAX_NETWORKS, MAX_SERVICES, MAX_EDGES = 20, 40, 40, 300
_LONGEST = 60  # characters of a line


class Node(Struct, frozen=True):
    """`kind` is "link", "interface", "network", "service", "port", "claim" or "more"."""

    id: str
    kind: str
    lines: tuple[str, ...]


class Group(Struct, frozen=True):
    """The nodes of a host, under its name."""

    id: str
    title: str
    nodes: list[Node]


class Edge(Struct, frozen=True):
    """A line between two nodes. `clash`: they claim the same addresses."""

    start: str
    end: str
    text: str = ""
    clash: bool = False


class Drawing:
    """What is to be drawn: a group for each host, the links between hosts, and what is connected."""

    def __init__(self, site: Site) -> None:
        self.groups: list[Group] = []
        self.between: list[Node] = []
        self.edges: list[Edge] = []
        self._count = 0
        self._links: dict[Prefix, list[tuple[str, str]]] = {}
        self._wide: dict[tuple[str, str], list[str]] = {}
        hosts = [host for host in site.hosts if _drawable(host)]
        for host in hosts[:MAX_HOSTS]:
            self._host(host, site)
        self._join_hosts()
        if len(hosts) > MAX_HOSTS:
            self.between.append(self._node("more", f"and {len(hosts) - MAX_HOSTS} more hosts"))
        self.edges = self.edges[:MAX_EDGES]

    def __bool__(self) -> bool:
        return bool(self.groups)

    def _node(self, kind: str, *lines: str) -> Node:
        self._count += 1
        return Node(f"n{self._count}", kind, tuple(_short(line) for line in lines if line))

    def _host(self, host: Host, site: Site) -> None:
        group = Group(f"h{len(self.groups)}", _short(_title(host)), [])
        self.groups.append(group)
        networks = self._networks(host, group)
        links: dict[str, str] = {}
        for interface in islice(_own_links(host), MAX_NETWORKS):
            node = self._node("interface", interface.name, *_addresses(interface)[:4])
            group.nodes.append(node)
            links[interface.name] = node.id
            for address in () if is_container_link(interface.name) else interface.addresses:
                if not address.address.is_link_local and not address.prefix.is_host:
                    self._links.setdefault(address.prefix, []).append((group.id, node.id))
        self._holders(host, group, networks)
        self._clashes(host, site, group, networks, links)

    def _networks(self, host: Host, group: Group) -> dict[str, str]:
        """The node of each network that is drawn, by the network's name."""
        shown = [network for network in host.networks if network.driver not in ("host", "null", "none")]
        nodes: dict[str, str] = {}
        for network in shown[:MAX_NETWORKS]:
            subnets = [str(subnet.prefix) for subnet in network.subnets]
            flags = [name for name in ("internal", "external") if getattr(network, name)]
            about = " ".join([network.driver, *flags, network.bridge or ""]).strip()
            node = self._node("network", network.name, about, *subnets[:4])
            group.nodes.append(node)
            nodes[network.name] = node.id
            if network.driver == "overlay" and not host.implied:
                self._wide.setdefault((network.driver, network.name), []).append(node.id)
        if len(shown) > MAX_NETWORKS:
            group.nodes.append(self._node("more", f"and {len(shown) - MAX_NETWORKS} more networks"))
        return nodes

    def _holders(self, host: Host, group: Group, networks: dict[str, str]) -> None:
        """What is on the networks: services, and containers that no service is known to have made."""
        every = [*_services(host), *_containers(host)]
        for holder in every[:MAX_SERVICES]:
            node = self._node("service", holder.name)
            group.nodes.append(node)
            self.edges += [Edge(node.id, networks[name], text) for name, text in holder.networks if name in networks]
            if holder.ports:
                more = [f"and {len(holder.ports) - 6} more"] if len(holder.ports) > 6 else []
                port = self._node("port", *holder.ports[:6], *more)
                group.nodes.append(port)
                self.edges.append(Edge(port.id, node.id))
        if len(every) > MAX_SERVICES:
            group.nodes.append(self._node("more", f"and {len(every) - MAX_SERVICES} more services and containers"))

    def _clashes(self, host: Host, site: Site, group: Group, networks: dict[str, str], links: dict[str, str]) -> None:
        """An edge between two that claim the same addresses; what is not drawn yet gets a node."""
        nodes: dict[int, str] = {}
        done: set[frozenset[str]] = set()

        def node_of(claim: Claim) -> str | None:
            if claim.network is not None:
                return networks.get(claim.network.name)
            if claim.interface is not None and claim.interface.name in links:
                return links[claim.interface.name]
            if id(claim) not in nodes and len(nodes) < MAX_NETWORKS:
                node = self._node("claim", claim.what, str(claim.prefix))
                group.nodes.append(node)
                nodes[id(claim)] = node.id
            return nodes.get(id(claim))

        for entry in address_plan(host, site):
            for rival in entry.rivals:
                one, other = node_of(entry.claim), node_of(rival)
                if one is not None and other is not None and one != other and frozenset((one, other)) not in done:
                    done.add(frozenset((one, other)))
                    self.edges.append(Edge(one, other, "same addresses", clash=True))

    def _join_hosts(self) -> None:
        """The links that several hosts are on, and the networks that span hosts."""
        for prefix, ends in self._links.items():
            if len({host for host, _ in ends}) > 1:
                link = self._node("link", str(prefix))
                self.between.append(link)
                self.edges += [Edge(node, link.id) for _, node in ends]
        for (driver, _), ids in self._wide.items():
            self.edges += [Edge(one, other, driver) for one, other in pairwise(ids)]


class _Holder(Struct, frozen=True):
    """A service or container: the networks that it is on, each with its address there or "", and published ports."""

    name: str
    networks: list[tuple[str, str]]
    ports: list[str]


def _services(host: Host) -> Iterator[_Holder]:
    ports: dict[int, list[PublishedPort]] = {}
    for publication in host.publications():
        if publication.service is not None:
            ports.setdefault(id(publication.service), []).append(publication.port)
    for project in host.projects:
        for service in project.services:
            ends = []
            for attachment in service.attachments:
                network = host.network_of(project, attachment.network)
                address = attachment.ipv4 or attachment.ipv6
                if network is not None:
                    ends.append((network.name, str(address.value) if address is not None else ""))
            yield _Holder(service.name, ends, _published(ports.get(id(service), [])))


def _containers(host: Host) -> Iterator[_Holder]:
    """The running containers but those of the projects, which are drawn as their services."""
    made = [
        re.escape(project.name) + "[-_]" + re.escape(one.name) for project in host.projects for one in project.services
    ]
    named = [one.container_name.value for project in host.projects for one in project.services if one.container_name]
    of_projects = re.compile("|".join([rf"(?:{'|'.join(made)})[-_]\d+", *map(re.escape, named)])) if made else None
    for container in host.containers or ():
        if container.running is False or (of_projects is not None and of_projects.fullmatch(container.name)):
            continue
        ends = [(one.network, str(one.address) if one.address is not None else "") for one in container.networks]
        yield _Holder(container.name, ends, _published(container.ports))


def _published(ports: Iterable[PublishedPort]) -> list[str]:
    found: dict[str, None] = {}
    for port in ports:
        if port.published is not None:
            text = f"{port.published}/{port.protocol}"
            found[f"{port.address.value}:{text}" if port.address is not None else text] = None
    return list(found)


def _drawable(host: Host) -> bool:
    return bool(host.networks or host.interfaces or host.projects or host.containers)


def _title(host: Host) -> str:
    if host.implied or host.name is None:
        files = [file for project in host.projects for file in project.files]
        return files[0] if files else "deployment"
    engine = f", Docker {host.engine.value}" if host.engine is not None else ""
    return f"host {host.name}{engine}"


def _own_links(host: Host) -> Iterator[Interface]:
    """The interfaces that lead out of the host."""
    bridges = docker_bridges(host)
    for interface in host.interfaces or ():
        if _addresses(interface) and interface.name != "lo" and not is_docker_link(interface.name, bridges):
            yield interface


def _addresses(interface: Interface) -> list[str]:
    return [f"{one.address}/{one.prefix.length}" for one in interface.addresses if not one.address.is_link_local]


def _short(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


_SHAPES = {
    "link": ("[[", "]]"),
    "interface": ("([", "])"),
    "network": ("[", "]"),
    "service": ("(", ")"),
    "port": (">", "]"),
    "claim": ("{{", "}}"),
    "more": ("[", "]"),
}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,/-_:+=*…")


def mermaid(drawing: Drawing) -> str:
    """A flowchart. Every character that could mean something to Mermaid or to HTML is written as its number."""
    lines = ["flowchart LR"]
    for group in drawing.groups:
        lines.append(f'  subgraph {group.id}["{_mermaid(group.title)}"]')
        lines += [f"    {_mermaid_node(node)}" for node in group.nodes]
        lines.append("  end")
    lines += [f"  {_mermaid_node(node)}" for node in drawing.between]
    for edge in drawing.edges:
        arrow = ("-.-" if edge.clash else "---") + (f'|"{_mermaid(edge.text)}"|' if edge.text else "")
        lines.append(f"  {edge.start} {arrow} {edge.end}")
    clashes = {node for edge in drawing.edges if edge.clash for node in (edge.start, edge.end)}
    if clashes:
        lines.append("  classDef clash stroke:#c62828,stroke-width:2px")
        lines.append(f"  class {','.join(sorted(clashes, key=lambda name: int(name[1:])))} clash")
    return "\n".join(lines) + "\n"


def _mermaid_node(node: Node) -> str:
    left, right = _SHAPES[node.kind]
    return f'{node.id}{left}"{"<br>".join(_mermaid(line) for line in node.lines)}"{right}'


def _mermaid(text: str) -> str:
    return "".join(character if character in _PLAIN else f"#{ord(character)};" for character in text) or " "


_STYLES = {
    "link": "shape=box, peripheries=2",
    "interface": "shape=box, style=rounded",
    "network": "shape=box",
    "service": "shape=ellipse",
    "port": "shape=cds",
    "claim": "shape=hexagon",
    "more": "shape=plaintext",
}


def dot(drawing: Drawing) -> str:
    """A graph for Graphviz."""
    lines = ["graph netlint {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    clashes = {node for edge in drawing.edges if edge.clash for node in (edge.start, edge.end)}

    def node_line(node: Node) -> str:
        color = ", color=red" if node.id in clashes else ""
        return f"{node.id} [label={_dot(*node.lines)}, {_STYLES[node.kind]}{color}];"

    for group in drawing.groups:
        lines.append(f"  subgraph cluster_{group.id} {{")
        lines.append(f"    label={_dot(group.title)};")
        lines += [f"    {node_line(node)}" for node in group.nodes]
        lines.append("  }")
    lines += [f"  {node_line(node)}" for node in drawing.between]
    for edge in drawing.edges:
        text = f"label={_dot(edge.text)}" if edge.text else ""
        style = "style=dashed, color=red" if edge.clash else ""
        options = ", ".join(filter(None, (text, style)))
        lines.append(f"  {edge.start} -- {edge.end}{f' [{options}]' if options else ''};")
    return "\n".join([*lines, "}"]) + "\n"


def _dot(*lines: str) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
