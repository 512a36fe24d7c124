"""What flannel, Calico, kubeadm and their companions say of a cluster's addresses, wherever they say it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.build.site import SiteBuilder
from netlint.discover import Input
from netlint.hosts import HostInputs
from netlint.model.cluster import Role
from netlint.model.host import Host
from netlint.sniff import sniff
from netlint.source import Source, Span

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def read(**files: str) -> tuple[Host, SiteBuilder, dict[str, Source]]:
    """The host that files of these names (`_` for `.`, `__` for `/`) describe."""
    builder = SiteBuilder()
    inputs = []
    for name, text in files.items():
        path = name.replace("__", "/").replace("_", ".")
        kind = sniff(text, path)
        assert kind is not None, path
        inputs.append(Input(Source(path, text), kind, "/"))
    builder.add(HostInputs("host", False, inputs))
    return builder.hosts[0], builder, {item.source.path: item.source for item in inputs}


def ranges(host: Host) -> list[tuple[str, Role, str]]:
    return [(str(one.prefix.value), one.role, one.owner) for one in host.cluster.ranges]


CONFIG_MAP = """\
kind: ConfigMap
apiVersion: v1
metadata:
  name: kube-flannel-cfg
data:
  cni-conf.json: |
    {"name": "cbr0", "cniVersion": "0.3.1", "plugins": [{"type": "flannel"}, {"type": "portmap"}]}
  net-conf.json: |
    {
      "Network": "10.33.0.0/16",
      "SubnetLen": 25,
      "Backend": {"Type": "vxlan", "DirectRouting": true, "Port": 8473}
    }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-flannel-ds}
spec:
  template:
    spec:
      containers:
      - name: kube-flannel
        image: quay.io/coreos/flannel:v0.9.1
        command: ["/opt/bin/flanneld", "--ip-masq", "--iface=eth1"]
"""


def test_flannel_in_a_config_map() -> None:
    host, builder, sources = read(kube__flannel_yaml=CONFIG_MAP)
    (found,) = host.cluster.flannel
    assert found.network is not None
    assert found.backend is not None
    assert sources["kube/flannel.yaml"].slice(found.network.span) == "10.33.0.0/16"
    assert sources["kube/flannel.yaml"].slice(found.backend.span) == "vxlan"
    assert (found.hosts_length, found.direct_routing, found.port and found.port.value) == (25, True, 8473)
    (daemon,) = host.cluster.flanneld
    assert daemon.interface is not None
    assert sources["kube/flannel.yaml"].slice(daemon.interface.span) == "eth1"
    assert daemon.masquerades is not None
    assert [one.type.value for one in host.cluster.cni] == ["flannel"]
    assert not builder.unreadable
    assert ranges(host) == [("10.33.0.0/16", Role.PODS, "flannel")]


def test_manifests_inside_a_script() -> None:
    text = (
        "kubeadm init --config kubeadm.yaml\ncat <<'EOF' | kubectl apply -f -\napiVersion: projectcalico.org/v3\n"
        "kind: IPPool\nmetadata: {name: blue}\nspec:\n  cidr: 10.7.0.0/16\nEOF\n"
        'cat > net-conf.json <<EOF\n{"Network": "10.8.0.0/16", "Backend": {"Type": "vxlan"}}\nEOF\n'
        "cat > kubeadm.yaml <<EOF\napiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nnetworking:\n"
        "  podSubnet: $PODS\n  serviceSubnet: 10.9.0.0/16\nEOF\n"
    )
    host, builder, sources = read(setup_sh=text)
    assert sorted(ranges(host)) == [
        ("10.7.0.0/16", Role.PODS, "Calico"),
        ("10.8.0.0/16", Role.PODS, "flannel"),
        ("10.9.0.0/16", Role.SERVICES, "kubeadm"),
    ]
    placed = {str(one.prefix.value): sources["setup.sh"].slice(one.prefix.span) for one in host.cluster.ranges}
    assert placed["10.7.0.0/16"] == "10.7.0.0/16"
    assert placed["10.8.0.0/16"] == "10.8.0.0/16"
    assert not builder.unreadable


def test_json_in_an_escaped_string() -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap", "data": {"net-conf.json": "{\\"Network\\": \\"10.9.0.0/16\\"}"}}'
    host, _, sources = read(cm_json=text)
    (found,) = host.cluster.ranges
    assert sources["cm.json"].slice(found.prefix.span).startswith('"{')
    assert str(found.prefix.value) == "10.9.0.0/16"


def test_kubeadm_configuration_inside_a_config_map() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubeadm-config}\ndata:\n  ClusterConfiguration: |\n"
        "    apiVersion: kubeadm.k8s.io/v1beta3\n    kind: ClusterConfiguration\n    networking:\n"
        "      podSubnet: 10.244.0.0/16,fd00:10:244::/56\n      serviceSubnet: 10.96.0.0/12\n"
    )
    host, _, sources = read(cm_yaml=text)
    assert ranges(host) == [
        ("10.244.0.0/16", Role.PODS, "kubeadm"),
        ("fd00:10:244::/56", Role.PODS, "kubeadm"),
        ("10.96.0.0/12", Role.SERVICES, "kubeadm"),
    ]
    assert [sources["cm.yaml"].slice(one.prefix.span) for one in host.cluster.ranges] == [
        "10.244.0.0/16",
        "fd00:10:244::/56",
        "10.96.0.0/12",
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("setup_sh", "kubeadm init --pod-network-cidr 10.244.0.0/16\n", [
            ("10.244.0.0/16", Role.PODS, "kubeadm"), ("10.96.0.0/12", Role.SERVICES, "kubeadm")]),
        ("setup_sh", "kubeadm init --config kubeadm.yaml\n", []),
        ("setup_sh", "kubeadm join 10.0.0.1:6443 --token x\n", []),
        ("setup_sh", "k3s server --cluster-cidr=10.50.0.0/16\n", [
            ("10.50.0.0/16", Role.PODS, "k3s"), ("10.43.0.0/16", Role.SERVICES, "k3s")]),
        ("setup_sh", "etcdctl set /coreos.com/network/config '{\"Network\": \"10.1.0.0/16\"}'\n", [
            ("10.1.0.0/16", Role.PODS, "flannel")]),
        ("api_service", "[Service]\nExecStart=/usr/bin/kube-apiserver --service-cluster-ip-range=10.254.0.0/16\n",
         [("10.254.0.0/16", Role.SERVICES, "kube-apiserver")]),
        ("k3s__config_yaml", "cluster-cidr: 10.52.0.0/16\nflannel-backend: host-gw\n", [
            ("10.52.0.0/16", Role.PODS, "k3s"), ("10.43.0.0/16", Role.SERVICES, "k3s")]),
        ("proxy_yaml", "apiVersion: x/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.8.0.0/16\n",
         [("10.8.0.0/16", Role.PODS, "kube-proxy")]),
        ("subnet_env", "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.5.1/24\nFLANNEL_MTU=1450\n", [
            ("10.1.0.0/16", Role.PODS, "flannel")]),
    ],
)  # fmt: skip
def test_ranges(name: str, text: str, expected: list[tuple[str, Role, str]]) -> None:
    host, builder, _ = read(**{name: text})
    assert ranges(host) == expected
    assert not builder.unreadable


@pytest.mark.parametrize(
    ("spec", "encapsulation", "masquerades"),
    [
        ("{cidr: 10.4.0.0/16, ipipMode: Always, natOutgoing: true}", "IPIP", True),
        ("{cidr: 10.4.0.0/16, ipipMode: CrossSubnet, vxlanMode: Never}", "IPIPCrossSubnet", None),
        ("{cidr: 10.4.0.0/16, ipipMode: Never, vxlanMode: Always}", "VXLAN", None),
        ("{cidr: 10.4.0.0/16, ipipMode: Never, natOutgoing: false}", "None", False),
        ("{cidr: 10.4.0.0/16, encapsulation: VXLANCrossSubnet, natOutgoing: Enabled}", "VXLANCrossSubnet", True),
    ],
)
def test_calico_pool(spec: str, encapsulation: str, masquerades: bool | None) -> None:
    host, _, _ = read(
        pool_yaml=f"apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {{name: blue}}\nspec: {spec}\n"
    )
    (pool,) = host.cluster.pools
    assert pool.name == "blue"
    assert pool.encapsulation is not None
    assert pool.encapsulation.value == encapsulation
    assert (pool.masquerades.value if pool.masquerades is not None else None) is masquerades


def test_a_disabled_pool_takes_no_addresses() -> None:
    host, _, _ = read(p_yaml="apiVersion: a/v3\nkind: IPPool\nspec: {cidr: 10.4.0.0/16, disabled: true}\n")
    assert host.cluster.pools[0].disabled
    assert not host.cluster.ranges


def test_options_that_a_unit_takes_from_flannel() -> None:
    host, _, sources = read(
        subnet_env="FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.5.1/24\nFLANNEL_MTU=1450\n",
        docker_service="[Service]\nEnvironmentFile=/run/flannel/subnet.env\n"
        "ExecStart=/usr/bin/dockerd --bip=${FLANNEL_SUBNET} --mtu=${FLANNEL_MTU}\n",
    )
    assert host.daemon is not None
    bip = host.daemon.text("bip")
    assert bip is not None
    assert bip.value == "10.1.5.1/24"
    assert sources[bip.span.source].slice(bip.span)


def test_what_is_not_modelled_is_said() -> None:
    _, builder, _ = read(p_yaml="apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: x}\n")
    assert [item.message for item in builder.not_understood] == ["a BGPPeer"]
    _, builder, _ = read(p_yaml="apiVersion: v1\nkind: Service\nmetadata: {name: x}\n")
    assert [(file.status, bool(file.reason)) for file in builder.files] == [("unread", True)]


def test_a_bad_range_has_a_place() -> None:
    _, builder, sources = read(p_yaml="apiVersion: a/v3\nkind: IPPool\nspec: {cidr: 10.4.0.0/99}\n")
    (problem,) = builder.unreadable
    assert sources["p.yaml"].slice(problem.span) == "10.4.0.0/99"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of public files is not beside the project")
def test_every_file_of_the_corpus_is_read_or_says_why() -> None:
    for line in (CORPUS / "k8s.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = (CORPUS / row["file"]).read_text(encoding="utf-8", errors="replace")
        kind = sniff(text, row["file"])
        if kind is None:
            continue
        builder = SiteBuilder()
        builder.add(HostInputs("host", False, [Input(Source(row["file"], text), kind, "/")]))
        assert all(file.status != "unread" or file.reason for file in builder.files)
        for span in _spans(builder.hosts[0].cluster):
            assert 0 <= span.start <= span.end <= len(text)


def _spans(value: object) -> list[Span]:
    if isinstance(value, Span):
        return [value]
    if isinstance(value, tuple):
        return [span for item in value for span in _spans(item)]
    fields = getattr(value, "__struct_fields__", ())
    return [span for field in fields for span in _spans(getattr(value, field))]


SNIPPETS = st.sampled_from(
    ["kind: IPPool", "kind: ConfigMap", "apiVersion: v1", "spec:", "  cidr: 10.0.0.0/8", "data:", "  net-conf.json: |",
     '    {"Network": "10.1.0.0/16",', '     "Backend": {"Type": 7}}', "  - [", "---", "items: 3", "kind: List",
     "  containers: [{command: [kube-proxy, --cluster-cidr]}]", "networking: {podSubnet: [1]}",
     "kind: ClusterConfiguration",
     "    {", "\tx", "spec: {cidr: {a: b}}", "metadata: 7", "kind: {a: b}"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(SNIPPETS, max_size=12))
def test_nothing_stops_the_reader(lines: list[str]) -> None:
    builder = SiteBuilder()
    source = Source("any.yaml", "\n".join(lines) + "\n")
    builder.add(HostInputs("host", False, [Input(source, "kubernetes", "/")]))
    for span in _spans(builder.hosts[0].cluster):
        assert 0 <= span.start <= span.end <= len(source.text)


CHART = """\
{{- if .Values.flannel.enabled }}
kind: ConfigMap
apiVersion: v1
metadata:
  name: kube-flannel-cfg
  namespace: {{ .Release.Namespace }}
data:
  net-conf.json: |
    {"Network": "{{ .Values.podCidr }}", "Backend": {"Type": "vxlan"}}
{{- end }}
"""
JINJA = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: weave-net}
spec:
  template:
    spec:
      containers:
      - name: weave
        image: weaveworks/weave-kube:{{ weave_version }}
        {% if weave_password %}
        env: [{name: WEAVE_PASSWORD, value: "{{ weave_password }}"}]
        {% endif %}
"""
POOLS = """\
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: first}
spec:
  cidr: {{ .Values.cidr }}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: second}
spec: {cidr: 10.5.0.0/16}
"""


@pytest.mark.parametrize("text", [CHART, JINJA], ids=["helm", "jinja"])
def test_template_that_is_no_yaml(text: str) -> None:
    """It is said to be a template, and nothing else: what stands between its marks is no error of syntax."""
    host, builder, _ = read(kube_yaml=text)
    (file,) = builder.files
    assert file.reason == "a template: give what it is rendered to"
    assert not builder.unreadable
    assert not builder.not_understood
    assert not host.cluster


def test_literal_parts_of_a_template() -> None:
    host, builder, _ = read(calico_yaml=POOLS)
    assert ranges(host) == [("10.5.0.0/16", Role.PODS, "Calico")]
    assert not builder.unreadable
    assert "a template of Kubernetes manifest" in builder.not_understood[0].message
