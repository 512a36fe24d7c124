"""Networks of a Compose project."""

from __future__ import annotations

from netlint.build.compose_values import Values
from netlint.model.compose import MisplacedKey, Misplacement
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.parse.tree import Mapping, Node, Scalar
from netlint.prefix import Address


def build_networks(declared: Node | None, project: str, values: Values) -> list[Network]:
    """The networks that the top-level `networks` declares, in order, named as the engine will know them."""
    node = values.mapping(declared, "networks")
    if node is None:
        return []
    networks = []
    for key, value in node.items():
        body = values.mapping(value, f"network {key.text}")
        networks.append(_network(key, body or Mapping(span=value.span, entries=()), project, values))
    return networks


# What belongs into an entry of the list `config` under `ipam`.
_IPAM_KEYS = ("subnet", "gateway", "ip_range", "aux_addresses")


def _note_misplaced(
    body: Mapping, network: str, where: Misplacement, values: Values, beside: Node | None = None
) -> None:
    for name in _IPAM_KEYS:
        entry = body.entry(name)
        if entry is not None:
            place = beside.span if beside is not None else None
            span = entry.key.part(0, len(name))
            values.misplaced.append(MisplacedKey(name, span, f"network {network}", where, place))


def _network(key: Scalar, body: Mapping, project: str, values: Values) -> Network:
    span = key.part(0, len(key.text))
    name = values.string(body.get("name"))
    external = body.get("external")
    if isinstance(external, Mapping):  # the form of file format 2 and 3.0 to 3.4
        name = values.string(external.get("name")) or name
    if isinstance(external, Mapping) or _is_external(external, values):
        return Network(
            name=name.value if name is not None else key.text,
            span=span,
            origin=Origin.COMPOSE,
            key=key.text,
            project=project,
            external=True,
            default_bridge=(name.value if name is not None else key.text) == "bridge",
        )
    _note_misplaced(body, key.text, Misplacement.NETWORK, values)
    driver = values.string(body.get("driver"))
    ipam = values.mapping(body.get("ipam"), f"ipam of network {key.text}")
    subnets, subnets_open = _subnets(ipam, key.text, values)
    ipam_driver = values.string(ipam.get("driver")) if ipam is not None else None
    return Network(
        name=name.value if name is not None else f"{project}_{key.text}",
        span=span,
        origin=Origin.COMPOSE,
        driver=driver.value if driver is not None else "bridge",
        driver_span=driver.span if driver is not None else None,
        scope="swarm" if driver is not None and driver.value == "overlay" else "local",
        key=key.text,
        project=project,
        subnets=subnets,
        subnets_open=subnets_open,
        ipam_driver=ipam_driver if ipam_driver is not None and ipam_driver.value != "default" else None,
        internal=_flag(body, "internal", values),
        attachable=_flag(body, "attachable", values),
        ipv4=values.boolean(body.get("enable_ipv4")),
        ipv6=values.boolean(body.get("enable_ipv6")),
        options=values.pairs(body.get("driver_opts"), guarded=False),
        labels=tuple((label, value.value) for label, value in values.pairs(body.get("labels"))),
    )


def _is_external(node: Node | None, values: Values) -> bool:
    """True also where only a variable tells: then nothing of the network is known."""
    expanded = values.expand(node)
    flag = values.boolean(node)
    return expanded is not None and (flag is None or flag.value)


def _flag(body: Mapping, key: str, values: Values) -> bool:
    flag = values.boolean(body.get(key))
    return flag is not None and flag.value


def _subnets(body: Mapping | None, network: str, values: Values) -> tuple[tuple[Subnet, ...], bool]:
    """The subnets of an `ipam`, and whether there is one that only a variable tells."""
    if body is not None:
        _note_misplaced(body, network, Misplacement.IPAM, values)
    items = values.sequence(body.get("config"), f"ipam config of network {network}") if body is not None else ()
    where = f"network {network}"
    subnets: list[Subnet] = []
    is_open = False
    first = next((item.get("subnet") for item in items if isinstance(item, Mapping) and item.get("subnet")), None)
    for item in items:
        entry = values.mapping(item, f"an entry in the ipam config of network {network}")
        if entry is None:
            continue
        if entry.get("subnet") is None:
            _note_misplaced(entry, network, Misplacement.ENTRY, values, first)
        written = values.expand(entry.get("subnet"))
        if written is not None and not written.known and written.error is None:
            is_open = True
        prefix = values.prefix(entry.get("subnet"), "subnet", where)
        ip_range = values.prefix(entry.get("ip_range"), "ip_range", where)
        gateway = values.address(entry.get("gateway"), "gateway", where)
        reserved = _reserved(entry.get("aux_addresses"), network, values)
        if prefix is None or written is None:
            continue
        subnets.append(
            Subnet(
                prefix=prefix.value,
                written=Located(written.text, written.span, written.exact),
                gateway=gateway,
                ip_range=ip_range,
                reserved=reserved,
            )
        )
    return tuple(subnets), is_open


def _reserved(node: Node | None, network: str, values: Values) -> tuple[tuple[str, Located[Address]], ...]:
    body = values.mapping(node, f"aux_addresses of network {network}")
    if body is None:
        return ()
    found = (
        (key.text, values.address(value, f"auxiliary address {key.text}", f"network {network}"))
        for key, value in body.items()
    )
    return tuple((name, address) for name, address in found if address is not None)
