"""CNI configurations: /etc/cni/net.d, the ConfigMaps that fill it, and Multus' attachments.

Sources: the CNI specification 1.0, and the documentation of its reference plugins.
"""

from __future__ import annotations

from netlint.build.embedded import inner_json
from netlint.build.facts import HostFacts, Parsed
from netlint.build.flannel import add_network
from netlint.build.values import any_of, as_word, at, flag_of, items, mappings, number_of, prefix_of, text_of
from netlint.model.cluster import CniNetwork, Role
from netlint.parse.tree import Mapping, Node, Scalar
from netlint.source import Source

# Plugins that make interfaces; the others (portmap, bandwidth, tuning, firewall, sbr) work on one that is there.
_MAKERS = frozenset(
    """bridge ptp macvlan ipvlan host-device vlan flannel calico weave-net kindnet cilium-cni antrea azure-vnet aws-cni
    kube-ovn ovn-k8s-cni-overlay win-bridge win-overlay kube-router loopback multus""".split()
)

# Those whose subnet is the cluster's own; that of macvlan and its like is the LAN.
_OWN_SUBNET = ("bridge", "ptp", "kindnet", "kube-router")


def build_cni(files: list[Parsed], facts: HostFacts) -> None:
    """Add the networks of configuration files."""
    for file in files:
        documents: list[Node] = file.tree
        if not any_of(add_cni(node, facts) for node in documents):
            facts.leave_unread(file.source, "no CNI network")


def add_cni(node: Node, facts: HostFacts) -> bool:
    """Add the plugins of a configuration or a list of them; False where the node is neither."""
    if not isinstance(node, Mapping):
        return False
    name = as_word(node.get("name"))
    listed = mappings(node.get("plugins"))
    plugins = [one for one in (listed or [node]) if one.get("type") is not None]
    for plugin in plugins:
        kind = text_of(as_word(plugin.get("type")))
        if kind is not None and kind.value in _MAKERS:
            _add(plugin, name.text if name is not None else "", facts)
    return bool(plugins)


def _add(plugin: Mapping, name: str, facts: HostFacts) -> None:
    kind = text_of(as_word(plugin.get("type")))
    if kind is None:
        return
    ipam = plugin.get("ipam")
    places = [ipam, *(one for group in items(at(ipam, "ranges")) for one in mappings(group))]
    subnets = [word for place in places if (word := as_word(at(place, "subnet"))) is not None]
    # `usePodCidr` is what kubelet's node was given
    subnets = [word for word in subnets if word.text.lower() != "usepodcidr"]
    found = [prefix for word in subnets if (prefix := prefix_of(word, facts, "subnet")) is not None]
    if kind.value in _OWN_SUBNET:
        for prefix in found:
            facts.cluster.claim(prefix, Role.PODS, "CNI", f"the CNI network {name}".rstrip())
    bridge = text_of(as_word(plugin.get("bridge")))
    ip_masq = flag_of(as_word(plugin.get("ipMasq")) or as_word(at(plugin, "delegate", "ipMasq")))
    facts.cluster.cni.append(
        CniNetwork(
            span=plugin.span,
            name=name,
            type=kind,
            bridge=bridge,
            subnet=found[0] if found else None,
            mtu=number_of(as_word(plugin.get("mtu")), facts, "mtu"),
            masquerades=ip_masq,
        )
    )


def add_attachment(document: Mapping, source: Source, facts: HostFacts) -> bool:
    """A NetworkAttachmentDefinition, whose configuration is JSON in a string."""
    config = at(document, "spec", "config")
    if not isinstance(config, Scalar):
        return False
    return any_of(add_cni(node, facts) for node in inner_json(config, source, facts))


def add_configuration(scalar: Scalar, source: Source, facts: HostFacts) -> bool:
    """The network configuration of flannel or of a plugin that a value of a ConfigMap holds."""
    done = False
    for node in inner_json(scalar, source, facts):
        if isinstance(node, Mapping):
            done = add_network(node, facts) or add_cni(node, facts) or done
    return done
