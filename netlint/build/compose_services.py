"""Services of a Compose project."""

from __future__ import annotations

import re
from itertools import takewhile

from netlint.build.compose_ports import build_ports
from netlint.build.compose_values import Values, as_mapping, as_pairs
from netlint.build.interpolation import Expanded
from netlint.model.compose import Attachment, MisplacedKey, Misplacement, Service
from netlint.model.located import Located
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.parse.words import Quoting, split

# What says where the containers of a service come from.
_ORIGINS = ("image", "build", "extends", "provider")
# What `docker compose` passes over in `deploy`.
_SWARM_ONLY = ("placement", "update_config", "rollback_config", "endpoint_mode", "mode")


def build_services(services: Mapping, values: Values, *, version_1: bool) -> list[Service]:
    """The services in order. Those of `version_1`, without `services:` above them, are on the default bridge."""
    built = []
    for key, value in services.items():
        body = values.mapping(value, f"service {key.text}")
        if body is not None:
            built.append(_service(key, body, values, version_1))
    return built


def first_partial(services: Mapping) -> Scalar | None:
    """The first service without an origin of its own, to which another file has to give one."""
    return next(
        (
            key
            for key, body in services.items()
            if isinstance(body, Mapping) and not any(body.get(origin) is not None for origin in _ORIGINS)
        ),
        None,
    )


def _service(key: Scalar, body: Mapping, values: Values, version_1: bool) -> Service:
    mode = values.string(body.get("net" if version_1 else "network_mode"))
    attachments = None if version_1 else _attachments(key, body.get("networks"), values)
    # A provider is a program on the host: no container, no network.
    if attachments is None and mode is None and not version_1 and body.get("provider") is None:
        attachments = (Attachment(network="default", span=key.part(0, len(key.text)), implicit=True),)
    for name in ("ipv4_address", "ipv6_address", "aliases"):
        entry = body.entry(name)
        if entry is not None and not version_1:
            span = entry.key.part(0, len(name))
            values.misplaced.append(MisplacedKey(name, span, f"service {key.text}", Misplacement.SERVICE))
    deploy = body.get("deploy")
    replicas = values.integer(body.get("scale"))
    scaled = replicas is not None
    if replicas is None and isinstance(deploy, Mapping):
        replicas = values.integer(deploy.get("replicas"))
    return Service(
        name=key.text,
        span=key.part(0, len(key.text)),
        image=values.string(body.get("image")),
        container_name=values.string(body.get("container_name")),
        hostname=values.string(body.get("hostname")),
        mac_address=values.string(body.get("mac_address")),
        mode=mode,
        attachments=attachments or (),
        ports=build_ports(
            values.sequence(body.get("ports"), f"ports of service {key.text}"), values, f"service {key.text}"
        ),
        replicas=replicas,
        environment=values.environment(body.get("environment"), body.get("env_file")),
        command=_command(body.get("command"), values),
        labels=values.pairs(body.get("labels")),
        deploy_labels=values.pairs(deploy.get("labels")) if isinstance(deploy, Mapping) else (),
        dns=values.distinct(body.get("dns")),
        profiles=tuple(profile.value for profile in values.distinct(body.get("profiles"))),
        links=values.distinct(body.get("links")),
        external_links=values.strings(body.get("external_links")),
        depends_on=_names(body.get("depends_on"), values),
        extra_hosts=_extra_hosts(body.get("extra_hosts"), values),
        expose=values.distinct(body.get("expose")),
        for_swarm=isinstance(deploy, Mapping) and any(deploy.get(key) is not None for key in _SWARM_ONLY),
        scaled=scaled,
        extends=body.get("extends") is not None,
    )


def _attachments(service: Scalar, node: Node | None, values: Values) -> tuple[Attachment, ...] | None:
    """The networks that a service names, but for those that only a variable tells; None where it names none."""
    if isinstance(node, Sequence):
        node = as_mapping(node)
    body = values.mapping(node, f"networks of service {service.text}")
    if body is None or not body.entries:
        return None
    return tuple(
        _attachment(name, key, value, f"service {service.text} on network {name.text}", values)
        for key, value in body.items()
        if (name := values.known(key)) is not None
    )


def _attachment(name: Expanded, key: Scalar, value: Node, where: str, values: Values) -> Attachment:
    body = values.mapping(value, where) or Mapping(span=value.span, entries=())
    return Attachment(
        network=name.text,
        span=key.part(0, len(key.text)),
        ipv4=values.address(body.get("ipv4_address"), "ipv4_address", where, 4),
        ipv6=values.address(body.get("ipv6_address"), "ipv6_address", where, 6),
        aliases=tuple(alias.value for alias in values.distinct(body.get("aliases"))),
        priority=values.integer(body.get("priority")),
        gw_priority=values.integer(body.get("gw_priority")),
        interface_name=values.string(body.get("interface_name")),
    )


def _names(node: Node | None, values: Values) -> tuple[Located[str], ...]:
    """The names of a list, or the keys of a mapping."""
    if isinstance(node, Mapping):
        return tuple(Located(key.text, key.part(0, len(key.text))) for key, _ in node.items())
    return values.strings(node)


def _extra_hosts(node: Node | None, values: Values) -> tuple[tuple[str, Located[str]], ...]:
    """Names and addresses, of `name=address` or `name:address`, where the name ends at the first of both signs."""
    found = []
    for line in values.distinct(as_pairs(node)) if node is not None else ():
        name = re.match(r"[^=:]*", line.value)
        end = name.end() if name is not None else 0
        found.append((line.value[:end], Located(line.value[end + 1 :], line.span, line.exact)))
    return tuple(found)


def _command(node: Node | None, values: Values) -> tuple[Located[str], ...]:
    """The words of a command: a list, or a text that Compose splits as a shell does up to a `;`, `&` or `|`."""
    if isinstance(node, Sequence):
        return values.strings(node, guarded=True)
    expanded = values.expand(node, guarded=True)
    if expanded is None:
        return ()
    words = takewhile(lambda word: not word.text or word.text.strip(";&|"), split(expanded.word(), Quoting.SHELL).words)
    return tuple(Located(word.text, word.span, expanded.exact) for word in words)
