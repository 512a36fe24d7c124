"""What `docker compose config` and netlint make of the same files, in one form that can be compared."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from netlint.model.compose import Project, PublishedPort, Service
from netlint.model.located import Located
from netlint.model.network import Network

CACHE = Path(os.environ.get("NETLINT_LAB_CACHE", "/var/cache/netlint-lab"))
COMPOSE = CACHE / "28.5/bin/docker-compose"
ABSENT = f"no docker-compose at {COMPOSE}: run tests/lab/fetch-engines.sh"

# A view is {"name": …, "services": {…}, "networks": {…}}; a value that only a variable tells is OPEN in netlint's.
View = dict[str, Any]
OPEN = object()


class Refused(Exception):
    """Compose refuses the files; the text is what it says."""


def reference(
    folder: Path,
    *options: str,
    config: Sequence[str] = (),
    profiles: Sequence[str] = ("*",),
    environment: dict[str, str] | None = None,
) -> View:
    """What Compose makes of the project in the folder, with the services of the profiles, or of all. `options` are
    those of `docker compose`, `config` those of its `config`."""
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    command = [str(COMPOSE), *chosen, *options, "config", "--format", "json", *config]
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **(environment or {})}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, check=False, timeout=60)
    if done.returncode:
        raise Refused(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "")
    model = json.loads(done.stdout)
    return {
        "name": model["name"],
        "services": {name: _reference_service(body) for name, body in model.get("services", {}).items()},
        "networks": {key: _reference_network(body) for key, body in (model.get("networks") or {}).items()},
    }


def _reference_service(body: dict[str, Any]) -> View:
    networks = body.get("networks") or {}
    return {
        "network_mode": body.get("network_mode"),
        "networks": {
            key: {
                "ipv4": (attached or {}).get("ipv4_address"),
                "ipv6": (attached or {}).get("ipv6_address"),
                "aliases": (attached or {}).get("aliases", []),
                "priority": (attached or {}).get("priority", 0),
                "gw_priority": (attached or {}).get("gw_priority", 0),
            }
            for key, attached in networks.items()
        },
        "replicas": body.get("scale", (body.get("deploy") or {}).get("replicas")),
        "container_name": body.get("container_name"),
        "dns": body.get("dns", []),
        "links": body.get("links", []),
        "external_links": body.get("external_links", []),
        "depends_on": _depends_on(body),
        "extra_hosts": sorted(body.get("extra_hosts", [])),
        "expose": body.get("expose", []),
        "labels": body.get("labels") or {},
        "deploy_labels": (body.get("deploy") or {}).get("labels") or {},
        "ports": sorted(
            (
                (
                    port.get("host_ip"),
                    port.get("published"),
                    port.get("target", 0),
                    port["protocol"].lower(),
                    port.get("mode", "ingress"),
                )
                for port in body.get("ports", [])
            ),
            key=str,
        ),
        "environment": sorted(body.get("environment") or {}),
        "profiles": body.get("profiles", []),
    }


def _depends_on(body: dict[str, Any]) -> View:
    """The services in depends_on; those that Compose adds because of other keys are OPEN."""
    modes = [body.get(key, "") for key in ("network_mode", "ipc", "pid")]
    implied = {mode.partition(":")[2] for mode in modes if mode.startswith("service:")}
    implied |= {text.partition(":")[0] for key in ("links", "volumes_from") for text in body.get(key, [])}
    return {name: OPEN if name in implied else True for name in body.get("depends_on") or {}}


def _reference_network(body: dict[str, Any]) -> View:
    if body.get("external"):
        return {"name": body.get("name", ""), "external": True}
    config = (body.get("ipam") or {}).get("config") or []
    return {
        "name": body["name"],
        "external": False,
        "driver": body.get("driver") or "bridge",
        "internal": body.get("internal", False),
        "attachable": body.get("attachable", False),
        "ipv4": body.get("enable_ipv4"),
        "ipv6": body.get("enable_ipv6"),
        "ipam": (body.get("ipam") or {}).get("driver") or "default",
        "labels": body.get("labels") or {},
        "options": {key: str(value) for key, value in (body.get("driver_opts") or {}).items()},
        "subnets": [
            (entry["subnet"], entry.get("gateway"), entry.get("ip_range"), entry.get("aux_addresses") or {})
            for entry in config
            if entry.get("subnet")
        ],
    }


def view(project: Project) -> View:
    """What netlint makes of a project."""
    return {
        "name": project.name,
        "services": {service.name: _service(service) for service in project.services},
        "networks": {network.key: _network(network) for network in project.networks if project.uses(network.key or "")},
    }


def _service(service: Service) -> View:
    return {
        "network_mode": _text(service.mode.value) if service.mode is not None else None,
        "networks": {
            one.network: {
                "ipv4": str(one.ipv4.value) if one.ipv4 is not None else None,
                "ipv6": str(one.ipv6.value) if one.ipv6 is not None else None,
                "aliases": list(one.aliases),
                "priority": one.priority.value if one.priority is not None else 0,
                "gw_priority": one.gw_priority.value if one.gw_priority is not None else 0,
            }
            for one in service.attachments
        },
        "replicas": service.replicas.value if service.replicas is not None else None,
        "container_name": _text(service.container_name.value) if service.container_name is not None else None,
        "dns": _texts(service.dns),
        "links": _texts(service.links),
        "external_links": _texts(service.external_links),
        "depends_on": {one.value: True for one in service.depends_on},
        "extra_hosts": OPEN
        if any("$" in name + value.value for name, value in service.extra_hosts)
        else sorted(f"{name}={value.value.strip('[]')}" for name, value in service.extra_hosts),
        "expose": _texts(service.expose),
        "labels": {name: _text(value.value) for name, value in service.labels},
        "deploy_labels": {name: _text(value.value) for name, value in service.deploy_labels},
        "ports": sorted((triple for port in service.ports for triple in _ports(port)), key=str),
        "environment": sorted(name for name, _ in service.environment),
        "profiles": list(service.profiles),
    }


def _ports(port: PublishedPort) -> Iterable[Sequence[object]]:
    """A port as Compose writes it: a range of container ports one by one, one of host ports for one port whole."""
    address: object = port.address.value if port.address is not None else OPEN if port.address_open else None
    for number in range(len(port.target)):
        published: object = str(port.published) if port.published is not None else None
        if port.published is None and port.published_span is not None:
            published = OPEN
        elif port.published is not None and len(port.target) > 1:
            published = str(port.published.first + number)
        yield address, published, port.target.first + number, port.protocol, port.mode


def _network(network: Network) -> View:
    if network.external:
        return {"name": _text(network.name), "external": True}
    return {
        "name": _text(network.name),
        "external": False,
        "driver": network.driver,
        "internal": network.internal,
        "attachable": network.attachable,
        "ipv4": network.ipv4.value if network.ipv4 is not None else None,
        "ipv6": network.ipv6.value if network.ipv6 is not None else None,
        "ipam": _text(network.ipam_driver.value) if network.ipam_driver is not None else "default",
        "labels": {name: _text(value) for name, value in network.labels},
        "options": {key: _text(value.value) for key, value in network.options},
        "subnets": OPEN
        if network.subnets_open
        else [
            (
                subnet.written.value,
                str(subnet.gateway.value) if subnet.gateway is not None else None,
                str(subnet.ip_range.value) if subnet.ip_range is not None else None,
                {name: str(address.value) for name, address in subnet.reserved},
            )
            for subnet in network.subnets
        ],
    }


def _text(text: str) -> object:
    return OPEN if "$" in text else text


def _texts(values: Iterable[Located[str]]) -> list[object]:
    return [_text(value.value) for value in values]


def differences(ours: object, theirs: object, where: str = "") -> list[str]:
    """Where the two differ, as lines of text; what is OPEN differs from nothing."""
    if OPEN in (ours, theirs):
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"{where}: only netlint has {key}" for key in ours.keys() - theirs.keys()]
        found += [f"{where}: only Compose has {key}" for key in theirs.keys() - ours.keys() if theirs[key] is not OPEN]
        for key in sorted(ours.keys() & theirs.keys()):
            found += differences(ours[key], theirs[key], f"{where}.{key}")
        return found
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple) and len(ours) == len(theirs):
        return [line for one, other in zip(ours, theirs, strict=True) for line in differences(one, other, where)]
    return [] if ours == theirs else [f"{where}: netlint {ours!r}, Compose {theirs!r}"]
