"""flannel: net-conf.json, subnet.env, /run/flannel/docker, and the command line of flanneld.

Sources: flannel's pkg/subnet/config.go, main.go and dist/mk-docker-opts.sh, 0.5 to 0.28.
"""

from __future__ import annotations

from collections.abc import Mapping as Names
from collections.abc import Sequence

from msgspec import structs

from netlint.build.facts import HostFacts, Parsed
from netlint.build.flags import Given, last, program_flags, switched
from netlint.build.values import address_of, as_word, at, flag_of, interface_of, number_of, prefix_of, text_of
from netlint.model.cluster import DockerFlags, Flannel, Flanneld, FlannelLease, Role
from netlint.parse.environment import EnvironmentFile, Variable
from netlint.parse.tree import Mapping, Node, Word
from netlint.parse.words import Quoting, cut, split
from netlint.source import Span

_LEASE = ("FLANNEL_NETWORK", "FLANNEL_SUBNET", "FLANNEL_MTU", "FLANNEL_IPMASQ")
_SWITCHES = frozenset(
    """--ip-masq --kube-subnet-mgr --version --help --iptables-forward-rules --auto-detect-ipv4
    --auto-detect-ipv6""".split()
)
# What flanneld reads in place of its flags (FLANNELD_IFACE); in the files of distributions they stand together.
_VARIABLES = {
    "FLANNELD_IFACE": "--iface",
    "FLANNELD_IFACE_REGEX": "--iface-regex",
    "FLANNELD_PUBLIC_IP": "--public-ip",
    "FLANNELD_IP_MASQ": "--ip-masq",
}


def build_flannel(files: list[Parsed], facts: HostFacts) -> None:
    """Add what net-conf.json files say."""
    for file in files:
        documents: list[Node] = file.tree
        found = [add_network(node, facts) for node in documents if isinstance(node, Mapping)]
        if not any(found):
            facts.leave_unread(file.source, "no network configuration of flannel")


def add_network(node: Mapping, facts: HostFacts) -> bool:
    """Add a network configuration; False where the object is none."""
    if node.get("Network") is None and node.get("IPv6Network") is None:
        return False
    backend = node.get("Backend")
    kind = as_word(at(backend, "Type"))
    network = prefix_of(as_word(node.get("Network")), facts, "Network")
    direct = flag_of(as_word(at(backend, "DirectRouting")))
    facts.cluster.flannel.append(
        Flannel(
            span=node.span,
            network=network,
            subnet_length=number_of(as_word(node.get("SubnetLen")), facts, "SubnetLen"),
            first=address_of(as_word(node.get("SubnetMin")), facts, "SubnetMin"),
            last=address_of(as_word(node.get("SubnetMax")), facts, "SubnetMax"),
            backend=text_of(kind),
            direct_routing=direct is not None and direct.value,
            port=number_of(as_word(at(backend, "Port")), facts, "Port"),
            mtu=number_of(as_word(at(backend, "MTU")), facts, "MTU"),
        )
    )
    for word, known in (("Network", network), ("IPv6Network", None)):
        prefix = known or prefix_of(as_word(node.get(word)), facts, word)
        if prefix is not None:
            facts.cluster.claim(prefix, Role.PODS, "flannel", "the flannel network")
    return True


def build_flannel_env(files: list[Parsed], facts: HostFacts) -> None:
    """Add the leases, what mk-docker-opts.sh made of them, and flanneld's own settings."""
    for file in files:
        tree: EnvironmentFile = file.tree
        for item in tree.unsupported:
            facts.unsupported(item)
        known = {variable.name.text: variable for variable in tree.variables}
        done = [_lease(known, facts), _docker_flags(known, facts), _settings(known, facts)]
        if not any(done):
            facts.leave_unread(file.source, "no lease and no settings of flannel")


def _lease(known: Names[str, Variable], facts: HostFacts) -> bool:
    found = [known[name] for name in _LEASE if name in known]
    if not found or "FLANNEL_SUBNET" not in known:
        return False
    values = {variable.name.text: variable.value for variable in found}
    network = prefix_of(values.get("FLANNEL_NETWORK"), facts, "FLANNEL_NETWORK")
    facts.cluster.leases.append(
        FlannelLease(
            span=known["FLANNEL_SUBNET"].span,
            network=network,
            subnet=interface_of(values.get("FLANNEL_SUBNET"), facts, "FLANNEL_SUBNET"),
            mtu=number_of(values.get("FLANNEL_MTU"), facts, "FLANNEL_MTU"),
            masquerades=flag_of(values.get("FLANNEL_IPMASQ")),
        )
    )
    if network is not None:
        facts.cluster.claim(network, Role.PODS, "flannel", "the flannel network")
    return True


def _docker_flags(known: Names[str, Variable], facts: HostFacts) -> bool:
    """`DOCKER_OPT_BIP="--bip=…"` and its like, or all in one variable (`DOCKER_OPTS`, `DOCKER_NETWORK_OPTIONS`)."""
    words: dict[str, Word] = {}
    place: Span | None = None
    for variable in known.values():
        for word in split(variable.value, Quoting.SYSTEMD).words:
            name, equals, _ = word.text.partition("=")
            if equals and name in ("--bip", "--mtu", "--ip-masq"):
                words[name] = structs.replace(cut(word, len(name) + 1), exact=word.exact)
                place = place or variable.span
    if place is None:
        return False
    facts.cluster.docker_flags.append(
        DockerFlags(
            span=place,
            bip=interface_of(words.get("--bip"), facts, "--bip"),
            mtu=number_of(words.get("--mtu"), facts, "--mtu"),
            masquerades=flag_of(words.get("--ip-masq")),
        )
    )
    return True


def _settings(known: Names[str, Variable], facts: HostFacts) -> bool:
    """/etc/sysconfig/flanneld: FLANNELD_…, and FLANNEL_OPTIONS with the flags that its unit passes on."""
    options = known.get("FLANNEL_OPTIONS") or known.get("FLANNEL_OPTS")
    flags = [
        Given(flag, known[name].value.span, known[name].value) for name, flag in _VARIABLES.items() if name in known
    ]
    if options is not None:
        flags += program_flags(split(options.value, Quoting.SYSTEMD).words, _SWITCHES)
    any_of_it = options is not None or any(name.startswith(("FLANNELD_", "FLANNEL_ETCD")) for name in known)
    if flags:
        facts.cluster.settings.extend(flags)
    return any_of_it


def build_flanneld(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    """Add a start of flanneld with these arguments."""
    flags = program_flags(words, _SWITCHES)
    facts.cluster.flanneld.append(
        Flanneld(
            span=span,
            interface=text_of(last(flags, "--iface")),
            pattern=text_of(last(flags, "--iface-regex")),
            public=text_of(last(flags, "--public-ip")),
            masquerades=switched(flags, "--ip-masq"),
            exact=all(word.exact and not word.text.startswith("$") for word in words),
        )
    )
