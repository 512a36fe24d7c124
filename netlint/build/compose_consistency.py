"""What Compose refuses once a project is merged (compose-go 2.9, loader/validate.go and graph): services that do not
fit together.

Networks that nobody defines and `network_mode` beside `networks` have rules of their own. A service that only a profile
starts is taken to be there: which profiles are on, no file says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netlint.build.compose_values import Values
from netlint.build.interpolation import expand
from netlint.model.compose import Service
from netlint.model.located import Located
from netlint.parse.tree import Mapping, Node, Scalar
from netlint.parse.tree import Sequence as SequenceNode
from netlint.pattern import pattern

_CONTAINER_NAME = pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_SHOWN = 5  # services of a circle that a message names


def check_consistency(services: Sequence[Service], values: Values, *, complete: bool) -> None:
    """Report what Compose does not start of the services; `complete`: no other file can define more of them."""
    known = {service.name for service in services}
    for service in services:
        for name, what in _needs(service) if complete else ():
            if name.exact and name.value not in known:
                values.problem(name.span, f"service {service.name} {what} {name.value}, which is not defined")
        _check_containers(service, values)
    _check_circles(services, values)
    _check_container_names(services, values)


def check_variables(documents: Iterable[Mapping], values: Values) -> None:
    """Report variables that Compose cannot read, wherever they stand: it interpolates every value of a file."""
    pending: list[Node] = list(documents)
    visited: set[int] = set()  # what aliases share is looked at once
    while pending:
        match pending.pop():
            case Scalar() as scalar if "$" in scalar.text:
                error = expand(scalar).error
                if error is not None:
                    values.wrong_variable(error)
            case SequenceNode(items=items) if id(items) not in visited:
                visited.add(id(items))
                pending.extend(items)
            case Mapping(entries=entries) if id(entries) not in visited:
                visited.add(id(entries))
                pending.extend(entry.value for entry in entries)


def _needs(service: Service) -> Iterator[tuple[Located[str], str]]:
    """The services that a service waits for, each with what it does."""
    for name in service.depends_on:
        yield name, "depends on"
    for link in service.links:
        yield Located(link.value.partition(":")[0], link.span, link.exact), "links to"
    if service.mode is not None and service.mode.value.startswith("service:"):
        mode = service.mode
        yield Located(mode.value.partition(":")[2], mode.span, mode.exact), "shares the network of"


def _check_containers(service: Service, values: Values) -> None:
    name, replicas = service.container_name, service.replicas
    if name is None or not name.exact:
        return
    if _CONTAINER_NAME.fullmatch(name.value) is None:
        values.problem(name.span, f"{name.value!r} is no name for a container")
    elif replicas is not None and replicas.exact and replicas.value > 1:
        values.problem(
            name.span,
            f"service {service.name} has {replicas.value} replicas and one container name: names are unique",
            "remove container_name",
        )


def _check_container_names(services: Iterable[Service], values: Values) -> None:
    """Report names that two services want which Compose starts together: both always, or both with one profile."""
    first: dict[tuple[str, str], Service] = {}
    for service in services:
        name = service.container_name
        if name is None or not name.exact:
            continue
        for profile in service.profiles or ("",):
            other = first.setdefault((name.value, profile), service)
            if other is not service:
                message = f"container name {name.value} of service {service.name} is that of service {other.name} too"
                values.problem(name.span, message)


def _check_circles(services: Iterable[Service], values: Values) -> None:
    """Report circles of services that wait for each other."""
    needs = {service.name: [name for name, _ in _needs(service) if name.exact] for service in services}
    done: set[str] = set()
    for start, first in needs.items():
        path: dict[str, Iterator[Located[str]]] = {}
        if start not in done:
            path[start] = iter(first)
        while path:
            last = next(reversed(path))
            need = next(path[last], None)
            if need is None:
                done.add(last)
                del path[last]
            elif need.value in path:
                names = list(path)
                circle = [*names[names.index(need.value) :], need.value]
                shown = circle if len(circle) <= _SHOWN else [*circle[: _SHOWN - 2], "…", *circle[-2:]]
                values.problem(need.span, f"services wait for each other in a circle: {' > '.join(shown)}")
            elif need.value in needs and need.value not in done:
                path[need.value] = iter(needs[need.value])
