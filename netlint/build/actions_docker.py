"""What the docker commands of a script make: containers, networks, a swarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from msgspec.structs import replace

from netlint.build.arguments import Flag, read_flags
from netlint.build.compose_ports import build_ports
from netlint.build.compose_values import Values
from netlint.build.facts import HostFacts
from netlint.build.weave import build_weave_plugin
from netlint.model.action import ContainerRun
from netlint.model.compose import PublishedPort
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.model.overlay import Swarm
from netlint.parse.shell import Command
from netlint.parse.tree import Scalar, Unsupported, Word
from netlint.parse.words import cut
from netlint.prefix import Address, Prefix, parse_address, parse_prefix

_GLOBAL_SWITCHES = frozenset("-D --debug --tls --tlsverify -v --version --help".split())
_RUN_SWITCHES = frozenset(
    "-d --detach -i --interactive -t --tty --rm --privileged --init -P --publish-all --read-only --no-healthcheck "
    "--oom-kill-disable --sig-proxy --disable-content-trust -q --quiet --use-api-socket --help".split()
)
_NETWORK_SWITCHES = frozenset("--attachable --config-only --ingress --internal --ipv4 --ipv6 --help".split())
_SWARM_SWITCHES = frozenset("--autolock --force-new-cluster --help".split())
# In a word that is not exact: an expansion or a placeholder.
_OPEN = frozenset("$`<")
_NOT_MODELLED = {
    ("service", "create"),
    ("service", "update"),
    ("stack", "deploy"),
    ("network", "connect"),
    ("network", "disconnect"),
}


def build_docker(command: Command, facts: HostFacts) -> None:
    """Add what one `docker …` command does."""
    _, words = read_flags(command.words[1:], _GLOBAL_SWITCHES, interspersed=False)
    names = [word.text for word in takewhile(lambda word: not word.text.startswith("-"), words)]
    match names:
        case ["run" | "create", *_]:
            build_run(command, words[1:], facts)
        case ["container", "run" | "create", *_]:
            build_run(command, words[2:], facts)
        case ["network", "create", *_]:
            _network(words[2:], command, facts)
        case ["swarm", "init" | "join" | "leave" as operation, *_]:
            _swarm(operation, words[2:], command, facts)
        case ["plugin", "install" | "set", *_]:
            build_weave_plugin(command, words[2:], facts)
        case [first, second, *_] if (first, second) in _NOT_MODELLED:
            if first in ("service", "stack") and facts.swarm is None:
                # managers alone do it
                facts.swarm = Swarm(span=command.span, active=True, pools_known=False)
            facts.unsupported(Unsupported(command.span, f"docker {first} {second}"))
        case _:
            pass


def build_run(command: Command, words: Sequence[Word], facts: HostFacts) -> ContainerRun:
    """Add the container that `docker run` or `docker create` with these arguments makes."""
    flags, rest = read_flags(words, _RUN_SWITCHES, interspersed=False)
    network, address = _attached(flags)
    published = [flag.value for flag in _named(flags, "-p", "--publish") if flag.value is not None]
    run = ContainerRun(
        span=command.span,
        image=_located(rest[0]) if rest else None,
        name=_last(flags, "--name"),
        network=network,
        ports=tuple(_ports(published, facts)),
        command=tuple(_located(word) for word in rest[1:]),
        address=address,
        dns=tuple(_located(flag.value) for flag in _named(flags, "--dns") if flag.value is not None),
        detached=_switched(flags, "-d") or _switched(flags, "--detach"),
        certain=command.certain,
    )
    facts.actions.append(run)
    return run


def _ports(words: Iterable[Word], facts: HostFacts) -> Iterator[PublishedPort]:
    """The ports of `--publish`, whose syntax is Compose's short one; what a variable leaves open is passed over."""
    values = Values(facts)
    for word in words:
        if word.exact or _OPEN.isdisjoint(word.text):
            start = word.span.start if word.verbatim else None
            text = _short(word.text)
            scalar = Scalar(span=word.span, text=text, value=text, start=start if text == word.text else None)
            for port in build_ports([scalar], values):
                yield port if word.exact else replace(port, exact=False)


def _short(text: str) -> str:
    """A port in the short syntax; `docker run` takes `published=8080,target=80` too (docker/cli, container/opts.go)."""
    if "=" not in text:
        return text
    fields = dict(part.partition("=")[::2] for part in text.split(","))
    published = f"{fields['published']}:" if fields.get("published") else ""
    return f"{published}{fields.get('target', '')}/{fields.get('protocol', 'tcp')}"


def _attached(flags: Sequence[Flag]) -> tuple[Located[str] | None, Located[Address] | None]:
    """The network and the address in it; `--network` also takes `name=web,ip=10.0.0.5`."""
    given = _named(flags, "--network", "--net")
    name = given[0].value if given else None
    addresses = [flag.value for flag in _named(flags, "--ip") if flag.value is not None]
    if name is not None and name.text.startswith(("name=", "ip=")):
        fields, at = {}, 0
        for field in name.text.split(","):
            key, _, value = field.partition("=")
            fields[key] = cut(name, at + len(key) + 1, at + len(key) + 1 + len(value))
            at += len(field) + 1
        addresses += [fields["ip"]] if "ip" in fields else []
        name = fields.get("name")
    address = parse_address(addresses[-1].text) if addresses else None
    return (
        _located(name) if name is not None else None,
        Located(address, addresses[-1].span, addresses[-1].exact) if address is not None else None,
    )


def _network(words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    flags, rest = read_flags(words, _NETWORK_SWITCHES)
    if not rest:
        facts.problem(command.span, "docker network create without a name")
        return
    name = rest[0]
    driver = _last(flags, "-d", "--driver")
    subnets = [prefix for flag in _named(flags, "--subnet") if (prefix := _prefix(flag, facts)) is not None]
    facts.networks.append(
        Network(
            name=name.text,
            span=name.span,
            origin=Origin.SCRIPT,
            driver=driver.value if driver is not None else "bridge",
            driver_span=driver.span if driver is not None else None,
            scope="swarm" if driver is not None and driver.value == "overlay" else "local",
            subnets=tuple(_subnet(written, prefix, flags, facts) for written, prefix in subnets),
            subnets_open=len(subnets) < len(_named(flags, "--subnet")),
            internal=_switched(flags, "--internal"),
            attachable=_switched(flags, "--attachable"),
            ingress=_switched(flags, "--ingress"),
            ipv6=next((Located(_is_on(flag), flag.word.span) for flag in _named(flags, "--ipv6")), None),
            options=tuple(_pair(flag.value) for flag in _named(flags, "-o", "--opt") if flag.value is not None),
            labels=tuple(
                (label[0], label[1].value)
                for flag in _named(flags, "--label")
                if flag.value is not None
                for label in [_pair(flag.value)]
            ),
        )
    )


def _subnet(written: Word, prefix: Prefix, flags: Sequence[Flag], facts: HostFacts) -> Subnet:
    """The subnet with the gateway, range and addresses that lie in it, as the docker command sorts them."""
    gateway: Located[Address] | None = None
    ip_range: Located[Prefix] | None = None
    reserved: list[tuple[str, Located[Address]]] = []
    for flag in flags:
        if flag.value is None:
            continue
        match flag.name:
            case "--gateway":
                address = parse_address(flag.value.text)
                if address is not None and prefix.holds(address):
                    gateway = Located(address, flag.value.span, flag.value.exact)
            case "--ip-range":
                found = parse_prefix(flag.value.text)
                if found is not None and prefix.contains(found):
                    ip_range = Located(found, flag.value.span, flag.value.exact)
            case "--aux-address":
                key, value = _pair(flag.value)
                address = parse_address(value.value)
                if address is not None and prefix.holds(address):
                    reserved.append((key, Located(address, value.span, value.exact)))
    return Subnet(
        prefix=prefix, written=_located(written), gateway=gateway, ip_range=ip_range, reserved=tuple(reserved)
    )


def _swarm(operation: str, words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    flags, rest = read_flags(words, _SWARM_SWITCHES)
    pools = [prefix for flag in _named(flags, "--default-addr-pool") if (prefix := _prefix(flag, facts)) is not None]
    port = _number(flags, "--data-path-port", facts)
    stated = facts.swarm
    # what the engine itself says of its state counts more than what a script would make of it
    reported = stated is not None and stated.span.source != command.span.source
    facts.swarm = Swarm(
        span=command.span,
        active=stated.active if stated is not None and reported else operation != "leave",
        data_path_port=4789 if port is None else port.value,
        data_path_port_span=None if port is None else port.span,
        advertise_addr=_last(flags, "--advertise-addr"),
        listen_addr=_last(flags, "--listen-addr"),
        data_path_addr=_last(flags, "--data-path-addr"),
        default_addr_pool=tuple(Located(prefix, written.span, written.exact) for written, prefix in pools),
        pool_length=_number(flags, "--default-addr-pool-mask-length", facts),
        manager=True if operation == "init" else stated.manager if stated is not None and reported else None,
        nodes=stated.nodes if stated is not None and reported else None,
        joined=_located(rest[-1]) if operation == "join" and rest else None,
    )


def _named(flags: Sequence[Flag], *names: str) -> list[Flag]:
    return [flag for flag in flags if flag.name in names]


def _last(flags: Sequence[Flag], *names: str) -> Located[str] | None:
    values = [flag.value for flag in _named(flags, *names) if flag.value is not None]
    return _located(values[-1]) if values else None


def _number(flags: Sequence[Flag], name: str, facts: HostFacts) -> Located[int] | None:
    found = _last(flags, name)
    if found is None or not found.value.isdecimal():
        if found is not None and found.exact:
            facts.problem(found.span, f"{name} {found.value} is no number")
        return None
    return Located(int(found.value), found.span, found.exact)


def _prefix(flag: Flag, facts: HostFacts) -> tuple[Word, Prefix] | None:
    if flag.value is None:
        facts.problem(flag.word.span, f"{flag.name} without a value")
        return None
    prefix = parse_prefix(flag.value.text)
    if prefix is not None:
        return flag.value, prefix
    if flag.value.exact:
        facts.problem(flag.value.span, f"{flag.name} {flag.value.text} is no range of addresses")
    return None


def _switched(flags: Sequence[Flag], name: str) -> bool:
    return any(_is_on(flag) for flag in _named(flags, name))


def _is_on(flag: Flag) -> bool:
    return flag.value is None or flag.value.text.lower() in ("1", "t", "true")


def _located(word: Word) -> Located[str]:
    return Located(word.text, word.span, word.exact)


def _pair(word: Word) -> tuple[str, Located[str]]:
    """Name and value of `name=value`; the value is empty and stands at the name where there is none."""
    name, equals, value = word.text.partition("=")
    span = word.part(len(name) + 1, len(word.text)) if equals and value else word.span
    return name, Located(value, span, word.exact)
