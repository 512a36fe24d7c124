"""Services of a Compose project."""

from __future__ import annotations

from itertools import takewhile

from netlint.build.compose_ports import build_ports
from netlint.build.compose_values import Values, as_mapping
from netlint.build.interpolation import Expanded
from netlint.model.compose import Attachment, Service
from netlint.model.located import Located
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.parse.words import Quoting, split

# What says where the containers of a service come from.
_ORIGINS = ("image", "build", "extends", "provider")


def build_services(services: Mapping, values: Values, *, version_1: bool) -> list[Service]:
    """The services in order. Those of `version_1`, without `services:` above them, are on the default bridge."""
    built = []
    for key, value in services.items():
        body = values.mapping(value, f"service {key.text}")
        if body is not None:
            built.append(_service(key, body, values, version_1))
    return built


def is_partial(services: Mapping) -> bool:
    """Whether a service has no origin of its own, so that another file has to give it one."""
    return any(
        isinstance(body, Mapping) and not any(body.get(origin) is not None for origin in _ORIGINS)
        for _, body in services.items()
    )


def _service(key: Scalar, body: Mapping, values: Values, version_1: bool) -> Service:
    mode = values.string(body.get("net" if version_1 else "network_mode"))
    attachments = None if version_1 else _attachments(key, body.get("networks"), values)
    # A provider is a program on the host: no container, no network.
    if attachments is None and mode is None and not version_1 and body.get("provider") is None:
        attachments = (Attachment(network="default", span=key.part(0, len(key.text)), implicit=True),)
    deploy = body.get("deploy")
    replicas = values.integer(body.get("scale"))
    if replicas is None and isinstance(deploy, Mapping):
        replicas = values.integer(deploy.get("replicas"))
    return Service(
        name=key.text,
        span=key.part(0, len(key.text)),
        image=values.string(body.get("image")),
        container_name=values.string(body.get("container_name")),
        mode=mode,
        attachments=attachments or (),
        ports=build_ports(values.sequence(body.get("ports"), f"ports of service {key.text}"), values),
        replicas=replicas,
        environment=values.pairs(body.get("environment")),
        command=_command(body.get("command"), values),
        labels=values.pairs(body.get("labels")),
        dns=values.strings(body.get("dns")),
        profiles=tuple(profile.value for profile in values.strings(body.get("profiles"))),
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
        aliases=tuple(alias.value for alias in values.strings(body.get("aliases"))),
    )


def _command(node: Node | None, values: Values) -> tuple[Located[str], ...]:
    """The words of a command: a list, or a text that Compose splits as a shell does up to a `;`, `&` or `|`."""
    if isinstance(node, Sequence):
        return values.strings(node)
    expanded = values.expand(node)
    if expanded is None:
        return ()
    words = takewhile(lambda word: not word.text or word.text.strip(";&|"), split(expanded.word(), Quoting.SHELL).words)
    return tuple(Located(word.text, word.span, expanded.exact) for word in words)
