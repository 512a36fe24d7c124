"""Command lines of a cluster's programs, in manifests, unit files and scripts, and what kubeadm makes of its defaults.

Sources: the option lists of Kubernetes 1.6 to 1.34, k3s 1.0 to 1.33 and kubeadm's defaults (app/apis/kubeadm).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from netlint.build.embedded import json_word
from netlint.build.facts import HostFacts
from netlint.build.flags import Given, last, program_flags, switched
from netlint.build.flannel import add_network, build_flanneld
from netlint.build.values import prefixes_of, text_of
from netlint.model.cluster import Flannel, KubeProxy, Role, StoreServer
from netlint.model.located import Located
from netlint.parse.tree import Mapping, Unsupported, Word
from netlint.prefix import Prefix, parse_address
from netlint.source import Span

KUBEADM_SERVICES = Prefix(4, 10 << 24 | 96 << 16, 12)
FLANNEL_NETWORK = Prefix(4, 10 << 24 | 244 << 16, 16)
_FLANNEL_MANIFEST = re.compile(r"https?://\S*/kube-flannel[\w.-]*\.ya?ml")
_K3S_PODS = Prefix(4, 10 << 24 | 42 << 16, 16)
_K3S_SERVICES = Prefix(4, 10 << 24 | 43 << 16, 16)
# Booleans, which take a value only behind `=`.
_SWITCHES = frozenset(
    """--masquerade-all --cleanup --allocate-node-cidrs --configure-cloud-routes --leader-elect --cluster-init
    --allow-privileged --anonymous-auth --upload-certs --dry-run --skip-token-print --disable-network-policy
    --docker --server-noop --debug --profiling --enable-bootstrap-token-auth --hairpin-allowed --logtostderr
    --alsologtostderr --fail-swap-on --rotate-certificates --ipvs-strict-arp --help --version""".split()
)
_STORE_SWITCHES = frozenset(
    """--client-cert-auth --peer-client-cert-auth --auto-tls --peer-auto-tls --enable-v2 --debug --server --bootstrap
    --ui --dev --version --help""".split()
)
_HYPERKUBE = {"apiserver": "kube-apiserver", "controller-manager": "kube-controller-manager", "proxy": "kube-proxy"}
_FLANNEL_KEY = "/network/config"


def build_program(words: Sequence[Word], span: Span, facts: HostFacts) -> bool:
    """Add what the command line of a program says, `words` beginning with its name; False for other programs."""
    name = words[0].text.rpartition("/")[2] if words else ""
    if name == "hyperkube" and len(words) > 1:
        words = words[1:]
        name = _HYPERKUBE.get(words[0].text, words[0].text)
    builder = _PROGRAMS.get(name)
    if builder is None:
        return False
    builder(words[1:], span, facts)
    return True


def _ranges(flags: Sequence[Given], facts: HostFacts, name: str, role: Role, owner: str) -> list[Located[Prefix]]:
    found = prefixes_of(last(flags, name), facts, name)
    what = "pod range" if role is Role.PODS else "service range"
    for prefix in found:
        facts.cluster.claim(prefix, role, owner, f"the {what} ({owner} {name})")
    return found


def _api_server(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    flags = program_flags(words, _SWITCHES)
    facts.cluster.api_servers.append(span)
    _ranges(flags, facts, "--service-cluster-ip-range", Role.SERVICES, "kube-apiserver")


def _controller_manager(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    flags = program_flags(words, _SWITCHES)
    _ranges(flags, facts, "--cluster-cidr", Role.PODS, "kube-controller-manager")
    _ranges(flags, facts, "--service-cluster-ip-range", Role.SERVICES, "kube-controller-manager")


def _proxy(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    flags = program_flags(words, _SWITCHES)
    found = _ranges(flags, facts, "--cluster-cidr", Role.PODS, "kube-proxy")
    if last(flags, "--config") is not None:
        return  # the file counts, and not the flags beside it
    facts.cluster.proxies.append(
        KubeProxy(
            span=span,
            mode=text_of(last(flags, "--proxy-mode")),
            cluster_range=found[0] if found else None,
            masquerade_all=switched(flags, "--masquerade-all"),
            detects=last(flags, "--detect-local-mode") is not None,
            exact=all(word.exact and "$" not in word.text for word in words),
        )
    )


def _kubelet(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    flags = program_flags(words, _SWITCHES)
    _ranges(flags, facts, "--pod-cidr", Role.PODS, "kubelet")
    add_servers([last(flags, "--cluster-dns")], facts)


def add_servers(words: Iterable[Word | None], facts: HostFacts) -> None:
    """The name servers that pods are given; each word may list several."""
    for word in words:
        for text in word.text.split(",") if word is not None else ():
            address = parse_address(text.strip())
            if word is not None and address is not None:
                facts.cluster.dns.append(Located(address, word.span, word.exact))


def _kubeadm(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    if not words or words[0].text != "init":
        if words and words[0].text not in ("join", "reset", "token", "version", "config", "certs", "alpha", "upgrade"):
            facts.unsupported(Unsupported(span, "the kubeadm command"))
        return
    flags = program_flags(words[1:], _SWITCHES)
    _ranges(flags, facts, "--pod-network-cidr", Role.PODS, "kubeadm")
    if not _ranges(flags, facts, "--service-cidr", Role.SERVICES, "kubeadm") and last(flags, "--config") is None:
        assumed_services(span, facts)


def assumed_services(span: Span, facts: HostFacts) -> None:
    """The service range of a cluster that kubeadm makes without being told one."""
    prefix = Located(KUBEADM_SERVICES, span, exact=False)
    facts.cluster.claim(prefix, Role.SERVICES, "kubeadm", "kubeadm's default service range", assumed=True)


def _k3s(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    if not words or words[0].text != "server":
        return
    flags = program_flags(words[1:], _SWITCHES)
    for name, role, default in (
        ("--cluster-cidr", Role.PODS, _K3S_PODS),
        ("--service-cidr", Role.SERVICES, _K3S_SERVICES),
    ):
        if not _ranges(flags, facts, name, role, "k3s"):
            what = f"k3s' default {'pod' if role is Role.PODS else 'service'} range"
            facts.cluster.claim(Located(default, span, exact=False), role, "k3s", what, assumed=True)
    add_servers([last(flags, "--cluster-dns")], facts)


def _etcdctl(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    """`etcdctl set /coreos.com/network/config '{"Network": …}'`, which flanneld reads."""
    plain = [word for word in words if not word.text.startswith("-")]
    keys = [index for index, word in enumerate(plain) if word.text.endswith(_FLANNEL_KEY)]
    verbs = {word.text for word in plain} & {"set", "mk", "put", "update", "mkdir"}
    if not keys or not verbs or keys[0] + 1 >= len(plain):
        return
    for node in json_word(plain[keys[0] + 1], facts):
        if isinstance(node, Mapping):
            add_network(node, facts)


def _kubectl(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    """flannel's manifest, applied as it is published, has a network and a backend of its own."""
    for word in words:
        if _FLANNEL_MANIFEST.fullmatch(word.text):
            network = Located(FLANNEL_NETWORK, word.span, exact=False)
            backend = Located("vxlan", word.span, exact=False)
            facts.cluster.flannel.append(Flannel(span=word.span, network=network, backend=backend))
            facts.cluster.claim(network, Role.PODS, "flannel", "the network of flannel's manifest", assumed=True)


def _etcd(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    flags = program_flags(words, _STORE_SWITCHES)
    urls = last(flags, "--listen-client-urls")
    certificates = switched(flags, "--client-cert-auth")
    facts.cluster.stores.append(
        StoreServer(
            span=span,
            program="etcd",
            listens=tuple(_parts(urls)),
            guarded=certificates is not None and certificates.value,
        )
    )


def _consul(words: Sequence[Word], span: Span, facts: HostFacts) -> None:
    """`consul agent`: -client is where the API listens; ACLs and TLS are in files that are not at hand."""
    if not words or words[0].text != "agent":
        return
    flags = program_flags(words[1:], _STORE_SWITCHES)
    in_files = any(flag.name in ("--config-file", "--config-dir") for flag in flags)
    facts.cluster.stores.append(
        StoreServer(span=span, program="consul", listens=tuple(_parts(last(flags, "--client"))), guarded=in_files)
    )


def _parts(word: Word | None) -> Iterator[Located[str]]:
    start = 0
    for part in word.text.split(",") if word is not None else ():
        if word is not None and part:
            yield Located(part, word.part(start, start + len(part)), word.exact)
        start += len(part) + 1


_PROGRAMS: dict[str, Callable[[Sequence[Word], Span, HostFacts], None]] = {
    "kube-apiserver": _api_server,
    "kube-controller-manager": _controller_manager,
    "kube-proxy": _proxy,
    "kubelet": _kubelet,
    "kubeadm": _kubeadm,
    "flanneld": build_flanneld,
    "flanneld-start": build_flanneld,
    "k3s": _k3s,
    "rke2": _k3s,
    "etcdctl": _etcdctl,
    "kubectl": _kubectl,
    "etcd": _etcd,
    "consul": _consul,
}
PROGRAMS = (*_PROGRAMS, "hyperkube")
