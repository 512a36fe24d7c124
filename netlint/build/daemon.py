"""All that configures dockerd on one host: daemon.json, its units, their environment files and bare command lines.

A file of defaults (/etc/default/docker, /etc/sysconfig/docker) counts in one of two ways. Where a unit of docker with
an `ExecStart=` is given, only the variables count that this unit reads and refers to; the rest is `unused_defaults`.
Where no unit is given at all, the file is taken for that of sysvinit or upstart, whose scripts source it, and its
variables are the command line. The options are `exact` then too: what they say does not depend on which way it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from netlint.build.daemon_json import read_options, read_pools
from netlint.build.docker_units import (
    Unit,
    docker_units,
    environment,
    expand,
    expand_sourced,
    first_line,
    is_drop_in,
    read_by,
)
from netlint.build.dockerd_flags import read_flags
from netlint.build.dockerd_values import is_exact
from netlint.build.facts import HostFacts, Parsed
from netlint.model.daemon import Daemon, ExecStart, UnusedDefault
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.parse.command_line import CommandLines
from netlint.parse.environment import EnvironmentFile, Variable
from netlint.parse.systemd import UnitFile
from netlint.parse.tree import Mapping, Node, Word
from netlint.parse.words import Quoting, split
from netlint.prefix import Address, Prefix, parse_address, parse_interface, parse_prefix
from netlint.source import Span

# What the scripts that source a file of defaults pass on: of Docker's packages, Red Hat's, flannel's mk-docker-opts.sh.
_SOURCED = (
    "DOCKER_OPTS",
    "OPTIONS",
    "other_args",
    "DOCKER_NETWORK_OPTIONS",
    "DOCKER_STORAGE_OPTIONS",
    "INSECURE_REGISTRY",
    "ADD_REGISTRY",
    "BLOCK_REGISTRY",
)
# The parts of flannel's DOCKER_OPTS, for those who pass them on one by one.
_SOURCED_PARTS = ("DOCKER_OPT_BIP", "DOCKER_OPT_IPMASQ", "DOCKER_OPT_MTU")


def build_daemon(files: list[Parsed], facts: HostFacts) -> None:
    """Fill the options, pools, files and starts of dockerd, and the default bridge where they state its subnet."""
    by_format = {name: [file for file in files if file.format == name] for name in {file.format for file in files}}
    for file in by_format.get("daemon-json", []):
        _read_file(file, facts)
    units = docker_units(by_format.get("systemd-unit", []))
    defaults = by_format.get("docker-defaults", [])
    applied: set[Span] = set()
    passed_on: set[str] = set()
    leased = by_format.get("flannel-env", [])  # what flannel gives dockerd, where a unit names it
    for unit in units:
        _read_unit(unit, [*defaults, *(leased if not unit.excerpt else [])], facts, applied, passed_on)
    for file in defaults:
        facts.daemon_files.append(first_line(file))
        _report_unsupported(file.tree, facts)
    if not units:
        _read_sourced(defaults, facts)
    elif any(unit.starts for unit in units):
        facts.unused_defaults += [
            UnusedDefault(variable.name.text, tuple(_flags(variable)), variable.span)
            for file in defaults
            for variable in file.tree.variables
            if variable.span not in applied and _is_unused(variable, file, passed_on)
        ]
    for file in by_format.get("dockerd-command", []):
        lines: CommandLines = file.tree
        _report_unsupported(lines, facts)
        if lines.commands:
            facts.daemon_files.append(first_line(file))
        for command in lines.commands:
            _apply(command.arguments, facts)
    network = (
        _default_bridge(Daemon(span=facts.options[0].span, options=tuple(facts.options))) if facts.options else None
    )
    if network is not None:
        facts.networks.append(network)


def _read_file(file: Parsed, facts: HostFacts) -> None:
    facts.daemon_files.append(first_line(file))
    documents: list[Node] = file.tree
    for root in documents:
        if isinstance(root, Mapping):
            facts.options += read_options(root, file.source)
            pools = read_pools(root)
            if pools is not None:
                facts.pools = [*(facts.pools or []), *pools]
        else:
            facts.problem(root.span, "daemon.json holds no object", "dockerd reads one object with its options as keys")


def _read_unit(
    unit: Unit, defaults: Sequence[Parsed], facts: HostFacts, applied: set[Span], passed_on: set[str]
) -> None:
    for file in unit.files:
        facts.daemon_files.append(first_line(file))
        _report_unsupported(file.tree, facts)
    files = read_by(unit, defaults)
    known = environment(unit, files)
    used: set[str] = set()
    for start in unit.starts:
        facts.exec_starts.append(
            ExecStart(
                span=start.assignment.span,
                program=start.program,
                effective=start.effective,
                file=start.assignment.span.source,
                unit=unit.name,
                drop_in=is_drop_in(PurePosixPath(start.assignment.span.source)),
                after_reset=start.after_reset,
                excerpt=unit.excerpt,
            )
        )
        if start.effective and start.command is not None:
            words = expand(start.command.arguments, known, used)
            passed_on.update(word.text for word in words)
            _apply(words, facts)
    for file in files:
        tree: EnvironmentFile = file.tree
        applied.update(variable.span for variable in tree.variables if variable.name.text in used)


def _read_sourced(defaults: Iterable[Parsed], facts: HostFacts) -> None:
    known: dict[str, list[Word]] = {}
    for file in defaults:
        for variable in file.tree.variables:
            known.setdefault(variable.name.text, []).insert(0, variable.value)
    whole = [name for name in _SOURCED if name in known]
    used: set[str] = set()
    for name in whole if any(name.startswith("DOCKER_") for name in whole) else [*whole, *_SOURCED_PARTS]:
        if name not in used:
            _apply(expand_sourced(name, known, used), facts)


def _is_unused(variable: Variable, file: Parsed, passed_on: set[str]) -> bool:
    """Whether options for dockerd stand here that nothing passes on. Files of other programs have options too."""
    if "docker" not in file.source.path.lower() and "DOCKER" not in variable.name.text:
        return False
    options = {word.text for word in split(variable.value, Quoting.SYSTEMD).words if word.text.startswith("-")}
    return bool(options - passed_on)


def _flags(variable: Variable) -> Iterable[str]:
    """The names of the flags in the variable's value, which may hold secrets."""
    words = split(variable.value, Quoting.SYSTEMD).words
    return dict.fromkeys(word.text.partition("=")[0] for word in words if word.text.startswith("-"))


def _apply(words: Sequence[Word], facts: HostFacts) -> None:
    options, pools = read_flags(words)
    facts.options += options
    if pools:
        facts.pools = [*(facts.pools or []), *pools]


def _report_unsupported(tree: UnitFile | EnvironmentFile | CommandLines, facts: HostFacts) -> None:
    for item in tree.unsupported:
        facts.unsupported(item)


def _default_bridge(daemon: Daemon) -> Network | None:
    """The network `bridge` on docker0, where the configuration states a subnet of it; None where it is switched off."""
    if daemon.text("bridge") is not None:
        return None
    v4 = _subnet(daemon, "bip", "fixed-cidr", "default-gateway", 4)
    ipv6 = daemon.get("ipv6")
    enabled = Located(True, ipv6.span) if ipv6 is not None and ipv6.value is True else None
    v6 = None
    if enabled is not None:
        v6 = _subnet(daemon, "bip6", "fixed-cidr-v6", "default-gateway-v6", 6) or _fixed_subnet(daemon)
    subnets = tuple(subnet for subnet in (v4, v6) if subnet is not None)
    if not subnets:
        return None
    return Network(
        name="bridge",
        span=subnets[0].span,
        origin=Origin.DAEMON,
        default_bridge=True,
        subnets=subnets,
        ipv6=enabled,
        options=_bridge_options(daemon),
    )


def _subnet(daemon: Daemon, address: str, range: str, gateway: str, version: int) -> Subnet | None:
    """The subnet that the bridge's own address gives, which is the containers' gateway too."""
    written = daemon.text(address)
    if written is None or "/" not in written.value:
        return None
    parsed = parse_interface(written.value)
    if parsed is None or parsed[0].version != version:
        return None
    own, length = parsed
    other = _address(daemon.text(gateway), version)
    return Subnet(
        prefix=Prefix.of(own, length),
        written=written,
        gateway=Located(own, written.span),
        ip_range=_prefix(daemon.text(range), version),
        reserved=() if other is None else (("DefaultGatewayIPv4" if version == 4 else "DefaultGatewayIPv6", other),),
    )


def _fixed_subnet(daemon: Daemon) -> Subnet | None:
    """Without bip6, fixed-cidr-v6 is the subnet itself."""
    written = daemon.text("fixed-cidr-v6")
    prefix = _prefix(written, 6)
    return Subnet(prefix=prefix.value, written=written) if written is not None and prefix is not None else None


def _prefix(text: Located[str] | None, version: int) -> Located[Prefix] | None:
    prefix = parse_prefix(text.value) if text is not None and "/" in text.value else None
    return Located(prefix, text.span) if text is not None and prefix is not None and prefix.version == version else None


def _address(text: Located[str] | None, version: int) -> Located[Address] | None:
    address = parse_address(text.value) if text is not None else None
    matches = text is not None and address is not None and address.version == version
    return Located(address, text.span) if matches and text is not None and address is not None else None


def _bridge_options(daemon: Daemon) -> tuple[tuple[str, Located[str]], ...]:
    """The driver options that dockerd gives its default bridge (daemon_unix.go, initBridgeDriver)."""
    names = {
        "icc": "com.docker.network.bridge.enable_icc",
        "ip-masq": "com.docker.network.bridge.enable_ip_masquerade",
        "ip": "com.docker.network.bridge.host_binding_ipv4",
        "mtu": "com.docker.network.driver.mtu",
    }
    found: list[tuple[str, Located[str]]] = []
    for key, name in names.items():
        option = daemon.get(key)
        if option is not None and isinstance(option.value, str | bool | int):
            text = str(option.value).lower()
            found.append((name, Located(text, option.span, is_exact(text))))
    return tuple(found)
