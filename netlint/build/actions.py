"""What setup scripts and unit files do to a host, in the order in which they do it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from netlint.build.actions_docker import build_docker
from netlint.build.actions_files import OF_HOSTS, build_written
from netlint.build.actions_frontends import build_firewall_cmd, build_ufw_command
from netlint.build.actions_host import build_echo, build_ifconfig, build_ip, build_route, build_sysctl
from netlint.build.actions_iptables import build_firewall
from netlint.build.actions_links import build_brctl, build_bridge
from netlint.build.dockerd_flags import read_flags
from netlint.build.facts import HostFacts, Parsed
from netlint.build.kube_programs import PROGRAMS, build_program
from netlint.build.weave import build_weave_command, build_weave_manifest
from netlint.model.action import DockerStart
from netlint.parse.command_line import daemon_command
from netlint.parse.provision import Provision
from netlint.parse.shell import Command, Script
from netlint.parse.tree import Unsupported


def _build_kubectl(command: Command, facts: HostFacts) -> None:
    """Manifests that are applied as they are published."""
    build_weave_manifest(command, facts)
    build_program(command.words, command.span, facts)


_BUILDERS: dict[str, Callable[[Command, HostFacts], None]] = {
    "docker": build_docker,
    "weave": build_weave_command,
    "kubectl": _build_kubectl,
    "ip": build_ip,
    "route": build_route,
    "ifconfig": build_ifconfig,
    "brctl": build_brctl,
    "bridge": build_bridge,
    "sysctl": build_sysctl,
    "ufw": build_ufw_command,
    "firewall-cmd": build_firewall_cmd,
    "echo": build_echo,
    "printf": build_echo,
    "tee": build_echo,
}
# They change the network and have no model; all other programs are of no account here.
_NOT_MODELLED = ("ebtables", "ipset", "ipvsadm", "nmcli", "tc")
# Of these, what only shows: `tc qdisc show`, `ipset list`, `nmcli con show`, `ebtables -t nat -L`.
_SHOWS = frozenset("show list ls save test status monitor version help s l sh".split())
_LISTS = re.compile(r"-(?:[LSlT]\w*|-list(?:-all)?|-save|-test|-version|-help|[hV])")
_STARTS = ("start", "restart", "try-restart", "force-reload", "enable")
_ONLY_TELLS = frozenset(("--validate", "--version", "-v", "--help", "-h"))
_UNITS = ("docker", "docker.service")


def build_actions(files: list[Parsed], facts: HostFacts) -> None:
    """Add what the scripts do: actions, networks, kernel settings, options of dockerd, a swarm and weave."""
    for file in files:
        script: Script = file.tree
        if not facts.implied:
            facts.host_sources.add(file.source.path)
        for item in script.unsupported:
            facts.unsupported(item)
        add_commands(script.commands, facts)
        _add_here_documents(file, script, facts)


def build_provisions(files: list[Parsed], facts: HostFacts) -> None:
    """Add what cloud-init or Ansible runs; files that they write are read with all others (build/provisioned.py)."""
    for file in files:
        provision: Provision = file.tree
        facts.host_sources |= {file.source.path, *(text.path for text in provision.texts)}
        for item in provision.unsupported:
            facts.unsupported(item)
        add_commands(provision.commands, facts)


def _add_here_documents(file: Parsed, script: Script, facts: HostFacts) -> None:
    """Manifests that the script hands to kubectl, or writes for kubeadm."""
    bodies = [redirect.body for command in script.commands for redirect in command.redirects]
    wanted = [one for one in bodies if one is not None and ("apiVersion" in one.text or '"Network"' in one.text)]
    if wanted:
        from netlint.build.kubernetes import build_here_document  # noqa: PLC0415 - few scripts hold one

        for body in wanted:
            build_here_document(body, file.source, facts)


def add_commands(commands: Iterable[Command], facts: HostFacts) -> None:
    """Add what these commands do."""
    for command in commands:
        builder = _BUILDERS.get(command.program)
        build_written(command, facts)
        if command.program in OF_HOSTS:
            facts.host_sources.add(command.span.source)
        if starts_docker(command):
            facts.actions.append(DockerStart(span=command.span, certain=command.certain))
            _read_options(command, facts)
        elif builder is not None:
            builder(command, facts)
        elif command.program in PROGRAMS:
            build_program(command.words, command.span, facts)
        elif not build_firewall(command, facts) and command.program in _NOT_MODELLED and not _only_shows(command):
            facts.unsupported(Unsupported(command.span, f"the {command.program} command"))


def _only_shows(command: Command) -> bool:
    words = [word.text for word in command.words[1:]]
    if command.program in ("ebtables", "ipvsadm"):
        return not words or any(_LISTS.fullmatch(word) for word in words)
    return len(words) < 2 or any(word in _SHOWS or _LISTS.fullmatch(word) for word in words[:4])


def starts_docker(command: Command) -> bool:
    """True for dockerd itself and for what has the service manager start it."""
    words = [word.text for word in command.words]
    match [command.program, *words[1:]]:
        case ["systemctl", *rest]:
            names = [word for word in rest if not word.startswith("-")]
            now = names[:1] != ["enable"] or "--now" in rest
            return now and names[:1] != [] and names[0] in _STARTS and any(name in _UNITS for name in names[1:])
        case ["service", "docker", verb, *_] | ["rc-service", "docker", verb, *_]:
            return verb in _STARTS
        case ["docker", verb, *_] if "/init.d/" in words[0]:
            return verb in _STARTS
        case ["snap", "start" | "restart", "docker", *_]:
            return True
        case ["dockerd" | "docker", *_]:
            return daemon_command(command.words) is not None and _ONLY_TELLS.isdisjoint(words)
        case _:
            return False


def _read_options(command: Command, facts: HostFacts) -> None:
    started = daemon_command(command.words)
    if started is not None and command.certain:
        options, pools = read_flags(started.arguments)
        facts.options += options
        if pools:
            facts.pools = [*(facts.pools or []), *pools]
