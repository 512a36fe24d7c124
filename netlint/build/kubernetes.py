"""Kubernetes objects as far as they say which addresses a cluster takes, and by which means its packets travel.

Sources: the API types of Kubernetes (kubeadm v1beta1 to v1beta4, kubeproxy v1alpha1, kubelet v1beta1), of Calico 2 to
3.30 and of its operator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from netlint.build.calico import enabled, encapsulation_of
from netlint.build.cni import add_attachment, add_configuration
from netlint.build.embedded import inner_yaml
from netlint.build.facts import HostFacts, Parsed
from netlint.build.kube_programs import add_servers, assumed_services, build_program
from netlint.build.metallb import add_old_pools, add_pool
from netlint.build.values import (
    any_of,
    as_word,
    at,
    flag_of,
    items,
    mappings,
    number_of,
    prefix_of,
    prefixes_of,
    text_of,
)
from netlint.build.weave import add_kubernetes_weave
from netlint.model.cluster import Calico, CalicoPool, KubeProxy, Role
from netlint.model.located import Located
from netlint.parse.tree import Mapping, Node, Scalar, Unsupported, Word
from netlint.parse.tree import Sequence as Items
from netlint.source import Source, Span

_FLANNEL_OR_CNI = re.compile(r'"(?:cniVersion|Network|IPv6Network)"\s*:')
_MANIFEST = re.compile(r"^apiVersion[ \t]*:", re.MULTILINE)
_COMPONENT = re.compile(
    r"^[ \t]*kind[ \t]*:[ \t]*(KubeProxyConfiguration|ClusterConfiguration|KubeletConfiguration|MasterConfiguration)\b",
    re.MULTILINE,
)
# Objects that shape a cluster's network in ways netlint does not model.
_NOT_MODELLED = frozenset(
    """BGPPeer BGPFilter HostEndpoint GlobalNetworkPolicy GlobalNetworkSet IPReservation NetworkPolicy
    CiliumNetworkPolicy EgressGatewayPolicy""".split()
)
_NODE_IMAGE = re.compile(r"(?:.*/)?(?:calico/node|calico-node|mirrored-calico-node)(?::.*|@.*)?")
_IMAGE_PROGRAM = re.compile(
    r"(?:.*/)?(?P<name>flannel|kube-proxy|kube-apiserver|kube-controller-manager)(?:-\w+)?(?::.*|@.*)?"
)


def build_kubernetes(files: list[Parsed], facts: HostFacts) -> None:
    """Add what the objects of the files say."""
    for file in files:
        reader = _Reader(file.source, facts)
        documents: list[Node] = file.tree
        done = [reader.read(one) for document in documents for one in _objects(document)]
        weave = add_kubernetes_weave(file, facts)
        if not any(done) and not weave:
            facts.leave_unread(file.source, "no object in it says which addresses a cluster takes")


def build_here_document(body: Word, source: Source, facts: HostFacts) -> None:
    """Add what a manifest or flannel's configuration inside a script says."""
    start = body.span.start if body.verbatim else None
    scalar = Scalar(span=body.span, text=body.text, value=body.text, start=start)
    if _FLANNEL_OR_CNI.search(body.text) and body.text.lstrip().startswith("{"):
        add_configuration(scalar, source, facts)
    elif _MANIFEST.search(body.text):
        reader = _Reader(source, facts)
        for document in inner_yaml(scalar, source, facts):
            for one in _objects(document):
                reader.read(one)


def _objects(document: Node) -> Iterator[Mapping]:
    """The object, or those of a List."""
    if not isinstance(document, Mapping):
        return
    kind = as_word(document.get("kind"))
    if kind is not None and kind.text.endswith("List") and isinstance(document.get("items"), Items):
        for item in mappings(document.get("items")):
            yield from _objects(item)
    else:
        yield document


class _Reader:
    """Reads the objects of one file. A method returns whether there was something to read."""

    def __init__(self, source: Source, facts: HostFacts) -> None:
        self.source = source
        self.facts = facts
        self.cluster = facts.cluster

    def read(self, document: Mapping) -> bool:
        word = as_word(document.get("kind"))
        kind = word.text if word is not None else ""
        if kind == "BGPPeer":
            self.cluster.bgp_peers.append(document.span)
        if kind in _NOT_MODELLED:
            self.facts.unsupported(Unsupported(word.span if word is not None else document.span, f"a {kind}"))
            return True
        known: dict[str, Callable[[Mapping], bool]] = {
            "IPPool": self.pool,
            "ipPool": self.old_pool,
            "Installation": self.installation,
            "FelixConfiguration": self.felix,
            "BGPConfiguration": self.bgp,
            "ConfigMap": self.config_map,
            "ClusterConfiguration": self.kubeadm,
            "Cluster": self.outer_cluster,
            "MasterConfiguration": self.kubeadm,
            "InitConfiguration": lambda _: True,
            "JoinConfiguration": lambda _: True,
            "KubeProxyConfiguration": self.proxy,
            "KubeletConfiguration": self.kubelet,
            "IPAddressPool": lambda one: add_pool(at(one, "spec", "addresses"), self.facts),
            "NetworkAttachmentDefinition": lambda one: add_attachment(one, self.source, self.facts),
            "": self.k3s,
        }
        return known[kind](document) if kind in known else self.containers(document)

    # Calico

    def pool(self, document: Mapping) -> bool:
        name = as_word(at(document, "metadata", "name"))
        return self.add_pool(document.get("spec"), name.text if name is not None else "", document.span)

    def add_pool(self, spec: Node | None, name: str, span: Span) -> bool:
        prefix = prefix_of(as_word(at(spec, "cidr")), self.facts, "cidr")
        if prefix is None:
            return at(spec, "cidr") is not None
        disabled = flag_of(as_word(at(spec, "disabled")))
        off = disabled is not None and disabled.value
        outgoing = as_word(at(spec, "natOutgoing")) or as_word(at(spec, "nat-outgoing"))
        self.cluster.pools.append(
            CalicoPool(
                span=span,
                name=name,
                prefix=prefix,
                encapsulation=self.encapsulation(spec),
                masquerades=flag_of(outgoing) or enabled(outgoing),
                disabled=off,
            )
        )
        if not off:
            self.cluster.claim(prefix, Role.PODS, "Calico", f"the Calico pool {name}".rstrip())
        return True

    def encapsulation(self, spec: Node | None) -> Located[str] | None:
        """Of an Installation's pool one word, of an IPPool two modes."""
        if (word := as_word(at(spec, "encapsulation"))) is not None:
            return text_of(word)
        return encapsulation_of(as_word(at(spec, "ipipMode")), as_word(at(spec, "vxlanMode")))

    def old_pool(self, document: Mapping) -> bool:
        """Version 1 of the API: the range is the object's name."""
        prefix = prefix_of(as_word(at(document, "metadata", "cidr")), self.facts, "cidr")
        if prefix is None:
            return False
        enabled = flag_of(as_word(at(document, "spec", "ipip", "enabled")))
        mode = as_word(at(document, "spec", "ipip", "mode"))
        kind = None
        if enabled is not None and enabled.value:
            cross = mode is not None and mode.text.lower() == "cross-subnet"
            kind = Located("IPIPCrossSubnet" if cross else "IPIP", enabled.span)
        outgoing = flag_of(as_word(at(document, "spec", "nat-outgoing")))
        self.cluster.pools.append(
            CalicoPool(span=document.span, name="", prefix=prefix, encapsulation=kind, masquerades=outgoing)
        )
        self.cluster.claim(prefix, Role.PODS, "Calico", "the Calico pool")
        return True

    def installation(self, document: Mapping) -> bool:
        network = at(document, "spec", "calicoNetwork")
        found = mappings(at(network, "ipPools"))
        for pool in found:
            name = as_word(pool.get("name"))
            self.add_pool(pool, name.text if name is not None else "", pool.span)
        detection = at(network, "nodeAddressAutodetectionV4")
        first = detection.entries[0] if isinstance(detection, Mapping) and detection.entries else None
        chosen = as_word(first.value) if first is not None else None
        self.cluster.calico.append(
            Calico(
                span=document.span,
                is_node=chosen is not None,
                mtu=number_of(as_word(at(network, "mtu")), self.facts, "mtu"),
                autodetection=text_of(chosen),
            )
        )
        return True

    def felix(self, document: Mapping) -> bool:
        wireguard = flag_of(as_word(at(document, "spec", "wireguardEnabled")))
        self.cluster.calico.append(
            Calico(span=document.span, wireguard=wireguard.span if wireguard and wireguard.value else None)
        )
        return True

    def bgp(self, document: Mapping) -> bool:
        mesh = flag_of(as_word(at(document, "spec", "nodeToNodeMeshEnabled")))
        self.cluster.calico.append(Calico(span=document.span, mesh=mesh.value if mesh is not None else None))
        for one in mappings(at(document, "spec", "serviceClusterIPs")):
            prefix = prefix_of(as_word(one.get("cidr")), self.facts, "cidr")
            if prefix is not None:
                self.cluster.claim(prefix, Role.SERVICES, "Calico", "the service range (BGPConfiguration)")
        return True

    # kubeadm, kube-proxy, kubelet, k3s

    def kubeadm(self, document: Mapping) -> bool:
        networking = document.get("networking")
        for key, role in (("podSubnet", Role.PODS), ("serviceSubnet", Role.SERVICES)):
            what = f"the {'pod' if role is Role.PODS else 'service'} range (kubeadm {key})"
            for prefix in prefixes_of(as_word(at(networking, key)), self.facts, key):
                self.cluster.claim(prefix, role, "kubeadm", what)
        if at(networking, "serviceSubnet") is None:
            kind = document.get("kind")
            assumed_services(kind.span if kind is not None else document.span, self.facts)
        for part, program in (("apiServer", "kube-apiserver"), ("controllerManager", "kube-controller-manager")):
            extra = at(document, part, "extraArgs")
            if isinstance(extra, Mapping):  # v1beta4 has a list of names and values
                pairs = [(key.text, as_word(value)) for key, value in extra.items()]
            else:
                pairs = [
                    (name.text, as_word(one.get("value")))
                    for one in mappings(extra)
                    if (name := as_word(one.get("name"))) is not None
                ]
            words = [Word(program, document.span)]
            for flag, value in pairs:
                if value is not None:
                    words += [Word(f"--{flag}", value.span, verbatim=False), value]
            if len(words) > 1:
                build_program(words, document.span, self.facts)
        return True

    def outer_cluster(self, document: Mapping) -> bool:
        """A cluster as kind and Cluster API make it."""
        found = False
        network = at(document, "spec", "clusterNetwork")
        for role, key, block in ((Role.PODS, "podSubnet", "pods"), (Role.SERVICES, "serviceSubnet", "services")):
            what = f"the {'pod' if role is Role.PODS else 'service'} range (Cluster)"
            blocks = items(at(network, block, "cidrBlocks"))
            for word in map(as_word, (at(document, "networking", key), *blocks)):
                for prefix in prefixes_of(word, self.facts, key):
                    found = True
                    self.cluster.claim(prefix, role, "kubeadm", what)
        return found

    def proxy(self, document: Mapping) -> bool:
        ranges = prefixes_of(as_word(document.get("clusterCIDR")), self.facts, "clusterCIDR")
        for prefix in ranges:
            self.cluster.claim(prefix, Role.PODS, "kube-proxy", "the pod range (kube-proxy clusterCIDR)")
        place = document.get("kind")
        every = [flag_of(as_word(at(document, mode, "masqueradeAll"))) for mode in ("iptables", "nftables")]
        self.cluster.proxies.append(
            KubeProxy(
                span=place.span if place is not None else document.span,
                mode=text_of(as_word(document.get("mode"))),
                cluster_range=ranges[0] if ranges else None,
                masquerade_all=next((one for one in every if one is not None), None),
                detects=as_word(document.get("detectLocalMode")) is not None,
                exact=(word := as_word(document.get("clusterCIDR"))) is None or word.exact,
            )
        )
        return True

    def kubelet(self, document: Mapping) -> bool:
        for prefix in prefixes_of(as_word(document.get("podCIDR")), self.facts, "podCIDR"):
            self.cluster.claim(prefix, Role.PODS, "kubelet", "the pod range (kubelet podCIDR)")
        add_servers(map(as_word, items(document.get("clusterDNS"))), self.facts)
        return True

    def k3s(self, document: Mapping) -> bool:
        """/etc/rancher/k3s/config.yaml, whose keys are the flags of `k3s server`."""
        keys = ("cluster-cidr", "service-cidr", "flannel-backend", "cluster-dns")
        found = [key for key in keys if document.get(key) is not None]
        words = [Word("k3s", document.span), Word("server", document.span)]
        for key in found:
            value = document.get(key)
            text = as_word(value if isinstance(value, Scalar) else next(iter(items(value)), None))
            if text is not None:
                words += [Word(f"--{key}", text.span, verbatim=False), text]
        return bool(found) and build_program(words, document.span, self.facts)

    # what others hold

    def config_map(self, document: Mapping) -> bool:
        data = document.get("data")
        done = False
        for key, value in data.items() if isinstance(data, Mapping) else ():
            if not isinstance(value, Scalar):
                continue
            if _FLANNEL_OR_CNI.search(value.text):
                done = add_configuration(value, self.source, self.facts) or done
            elif _COMPONENT.search(value.text):
                for inner in inner_yaml(value, self.source, self.facts):
                    done = any_of(self.read(one) for one in _objects(inner)) or done
            elif key.text == "config" and "address-pools" in value.text:
                done = (
                    any_of(add_old_pools(one, self.facts) for one in inner_yaml(value, self.source, self.facts)) or done
                )
            elif key.text == "veth_mtu" and (mtu := number_of(as_word(value), self.facts, key.text)) is not None:
                self.cluster.calico.append(Calico(span=value.span, mtu=mtu if mtu.value else None))
                done = True
        return done

    def containers(self, document: Mapping) -> bool:
        """The programs that run in the containers of a workload, at any depth."""
        done = False
        for container in containers_of(document):
            image = as_word(container.get("image"))
            words = [
                word for key in ("command", "args") for item in items(container.get(key)) if (word := as_word(item))
            ]
            entry = _IMAGE_PROGRAM.fullmatch(image.text) if image is not None else None
            if image is not None and entry is not None and container.get("command") is None:
                program = "flanneld" if entry["name"] == "flannel" else entry["name"]
                words = [Word(program, image.span, verbatim=False), *words]
            done = self.program(words) or done
            called = as_word(container.get("name"))
            named = image is None and called is not None and called.text == "calico-node"
            if named or (image is not None and _NODE_IMAGE.fullmatch(image.text)):
                done = self.calico_node(container) or done
        return done

    def program(self, words: list[Word]) -> bool:
        if not words:
            return False
        span = words[0].span.to(words[-1].span) if words[-1].span.end > words[0].span.start else words[0].span
        if words[0].text.rpartition("/")[2] not in ("sh", "bash", "ash", "exec"):
            return build_program(words, span, self.facts)
        from netlint.parse.shell import commands_of  # noqa: PLC0415 - few manifests need a shell

        return any_of(build_program(command.words, command.span, self.facts) for command in commands_of(words))

    def calico_node(self, container: Mapping) -> bool:
        """What the environment of calico-node asks for; its pools are made where there is none yet."""
        image = as_word(container.get("image"))
        env = {
            name.text: as_word(one.get("value"))
            for one in mappings(container.get("env"))
            if (name := as_word(one.get("name"))) is not None
        }
        self.cluster.calico.append(
            Calico(
                span=image.span if image is not None else container.span,
                is_node=True,
                autodetection=text_of(env.get("IP_AUTODETECTION_METHOD")),
            )
        )
        prefix = prefix_of(env.get("CALICO_IPV4POOL_CIDR"), self.facts, "CALICO_IPV4POOL_CIDR")
        no_pools = flag_of(env.get("NO_DEFAULT_POOLS"))
        if prefix is None or (no_pools is not None and no_pools.value):
            return True
        outgoing = flag_of(env.get("CALICO_IPV4POOL_NAT_OUTGOING"))
        self.cluster.pools.append(
            CalicoPool(
                span=prefix.span,
                name="default-ipv4-ippool",
                prefix=prefix,
                encapsulation=encapsulation_of(env.get("CALICO_IPV4POOL_IPIP"), env.get("CALICO_IPV4POOL_VXLAN")),
                masquerades=outgoing,
            )
        )
        self.cluster.claim(prefix, Role.PODS, "Calico", "the Calico pool (CALICO_IPV4POOL_CIDR)")
        return True


def containers_of(node: Node) -> Iterator[Mapping]:
    """The containers that stay, at any depth; those of initContainers end before."""
    if isinstance(node, Items):
        for item in node.items:
            yield from containers_of(item)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key.text == "containers" and isinstance(value, Items):
                yield from mappings(value)
            elif key.text != "initContainers":
                yield from containers_of(value)
