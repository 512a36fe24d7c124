"""Networks from what the engine prints: `docker network inspect` and `docker network ls`."""

from __future__ import annotations

from netlint.build.facts import HostFacts, Parsed
from netlint.model.located import Located
from netlint.model.network import Endpoint, Network, Origin, Subnet
from netlint.parse.docker_network_ls import Listing, Row
from netlint.parse.tree import Mapping, Node, Scalar, Sequence, Unsupported
from netlint.prefix import Address, Prefix, parse_interface
from netlint.source import Span

# The engine makes these itself and cannot be made to drop them: a list with all three was not narrowed by hand.
_PREDEFINED = {"bridge", "host", "none"}
_DEFAULT_BRIDGE = "com.docker.network.bridge.default_bridge"


def build_networks(files: list[Parsed], facts: HostFacts) -> None:
    """Add every network to `facts.networks`, and note whether a file lists all that the engine has."""
    for file in files:
        if file.format == "docker-network-ls":
            listings = [one for one in file.tree if not _of_podman(one, file.source.path)]
            if file.tree and not listings:
                facts.leave_unread(file.source, "podman's networks: their ranges stand in podman network inspect")
            for listing in listings:
                _listing(listing, facts)
        else:
            _inspected(file.tree, facts)


def _of_podman(listing: Listing, path: str) -> bool:
    """Whether podman printed it: its default network has the same id everywhere, and there is no scope."""
    if any(row.scope is not None for row in listing.rows):
        return False
    default = any(row.name.text == "podman" and row.id.text.startswith("2f259bab93aa") for row in listing.rows)
    return default or "podman" in path.rpartition("/")[2]


def _listing(listing: Listing, facts: HostFacts) -> None:
    networks = [network for row in listing.rows if (network := _listed(row)) is not None]
    facts.networks += networks
    if not listing.filtered and {network.name for network in networks} >= _PREDEFINED:
        facts.networks_listed = True


def _listed(row: Row) -> Network | None:
    """The network of a row; None for a configuration-only network, which has no addresses and no bridge."""
    driver = row.driver.text if row.driver else "bridge"
    if driver == "null" and row.name.text != "none":
        return None
    # Engines without a SCOPE column had overlays only through a key-value store: scope global.
    scope = row.scope.text if row.scope else "global" if driver == "overlay" else "local"
    return Network(
        name=row.name.text,
        span=row.name.span,
        origin=Origin.LIST,
        driver=driver,
        driver_span=row.driver.span if row.driver else None,
        scope=scope,
        id=row.id.text,
        ingress=row.name.text == "ingress" and scope == "swarm",
        default_bridge=row.name.text == "bridge" and driver == "bridge",
    )


def _inspected(documents: list[Node], facts: HostFacts) -> None:
    names: set[str] = set()
    for document in documents:
        for entry in document.items if isinstance(document, Sequence) else (document,):
            name = entry.get("Name") if isinstance(entry, Mapping) else None
            if not isinstance(entry, Mapping) or not isinstance(name, Scalar) or not name.text:
                facts.unsupported(Unsupported(entry.span, "no entry of docker network inspect: it has no Name"))
                continue
            names.add(name.text)
            if _flag(entry, "ConfigOnly"):
                continue
            facts.networks.append(_network(entry, name, facts))
    if names >= _PREDEFINED:
        facts.networks_listed = True


def _network(entry: Mapping, name: Scalar, facts: HostFacts) -> Network:
    driver = entry.get("Driver")
    ipv6 = entry.get("EnableIPv6")
    labels = {key: value.value for key, value in _strings(entry.get("Labels"))}
    options = _strings(entry.get("Options"))
    default = any(key == _DEFAULT_BRIDGE and value.value == "true" for key, value in options)
    driver_name = driver.text if isinstance(driver, Scalar) and driver.text else "bridge"
    return Network(
        name=name.text,
        span=_content(name),
        origin=Origin.INSPECT,
        driver=driver_name,
        driver_span=_content(driver) if isinstance(driver, Scalar) else None,
        scope=_text(entry, "Scope") or "local",
        key=labels.get("com.docker.compose.network"),
        project=labels.get("com.docker.compose.project"),
        id=_text(entry, "Id"),
        subnets=_subnets(entry.get("IPAM"), facts),
        internal=_flag(entry, "Internal"),
        attachable=_flag(entry, "Attachable"),
        ingress=_flag(entry, "Ingress"),
        default_bridge=default or (name.text == "bridge" and driver_name == "bridge"),
        ipv6=Located(ipv6.value, ipv6.span) if isinstance(ipv6, Scalar) and isinstance(ipv6.value, bool) else None,
        options=options,
        labels=tuple(labels.items()),
        endpoints=_endpoints(entry.get("Containers"), facts),
    )


def _subnets(ipam: Node | None, facts: HostFacts) -> tuple[Subnet, ...]:
    config = ipam.get("Config") if isinstance(ipam, Mapping) else None
    subnets: list[Subnet] = []
    for item in config.items if isinstance(config, Sequence) else ():
        written = item.get("Subnet") if isinstance(item, Mapping) else None
        prefix = _prefix(written, facts)
        if prefix is None or not isinstance(item, Mapping) or not isinstance(written, Scalar):
            continue
        auxiliary = ((key.text, _address(value, facts)) for key, value in _items(item.get("AuxiliaryAddresses")))
        subnets.append(
            Subnet(
                prefix=prefix.value,
                written=Located(written.text, prefix.span),
                gateway=_address(item.get("Gateway"), facts),
                ip_range=_prefix(item.get("IPRange"), facts),
                reserved=tuple((key, address) for key, address in auxiliary if address is not None),
            )
        )
    return tuple(subnets)


def _endpoints(containers: Node | None, facts: HostFacts) -> tuple[Endpoint, ...] | None:
    """None where the engine lists nothing, as it does for a swarm network before a task of the node joins it."""
    if not isinstance(containers, Mapping):
        return None
    endpoints: list[Endpoint] = []
    for key, value in containers.items():
        if not isinstance(value, Mapping):
            continue
        name = value.get("Name")
        known = name if isinstance(name, Scalar) and name.text else key  # engines before 1.10 print no names
        address = _address(value.get("IPv4Address"), facts) or _address(value.get("IPv6Address"), facts)
        endpoints.append(
            Endpoint(
                container=known.text,
                span=_content(known),
                address=address.value if address is not None else None,
                mac=_text(value, "MacAddress"),
            )
        )
    return tuple(endpoints)


def _prefix(node: Node | None, facts: HostFacts) -> Located[Prefix] | None:
    parsed = _interface(node, facts)
    return Located(Prefix.of(*parsed.value), parsed.span) if parsed is not None else None


def _address(node: Node | None, facts: HostFacts) -> Located[Address] | None:
    """An address that may carry a prefix length, as gateways in old engines and endpoints in all do."""
    parsed = _interface(node, facts)
    return Located(parsed.value[0], parsed.span) if parsed is not None else None


def _interface(node: Node | None, facts: HostFacts) -> Located[tuple[Address, int]] | None:
    if not isinstance(node, Scalar) or node.text in ("", "null", "<nil>"):
        return None
    parsed = parse_interface(node.text)
    if parsed is None:
        facts.problem(node.span, f"{node.text} is no address")
        return None
    return Located(parsed, _content(node))


def _content(scalar: Scalar) -> Span:
    return scalar.part(0, len(scalar.text))


def _text(entry: Mapping, key: str) -> str | None:
    value = entry.get(key)
    return value.text if isinstance(value, Scalar) and isinstance(value.value, str) and value.text else None


def _flag(entry: Mapping, key: str) -> bool:
    value = entry.get(key)
    return isinstance(value, Scalar) and value.value is True


def _items(node: Node | None) -> list[tuple[Scalar, Node]]:
    return list(node.items()) if isinstance(node, Mapping) else []


def _strings(node: Node | None) -> tuple[tuple[str, Located[str]], ...]:
    return tuple(
        (key.text, Located(value.text, _content(value))) for key, value in _items(node) if isinstance(value, Scalar)
    )
