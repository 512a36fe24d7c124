"""Weave Net, wherever it is set up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.build.actions import build_actions
from netlint.build.actions_units import build_unit_actions
from netlint.build.facts import HostFacts, Parsed
from netlint.build.kubernetes import build_kubernetes
from netlint.build.weave import build_weave_services
from netlint.model.action import WeaveAddress
from netlint.model.compose import Project, Service
from netlint.model.located import Located
from netlint.model.overlay import WEAVE_DEFAULT_RANGE, Weave
from netlint.parse import shell, systemd, yaml
from netlint.source import Source, Span

SHARED = Path(__file__).resolve().parents[2] / "../shared"


def script(text: str) -> tuple[HostFacts, Source]:
    source, facts = Source("setup.sh", text), HostFacts("host")
    build_actions([Parsed(source, "shell-script", shell.parse(source)[0])], facts)
    return facts, source


def weave(text: str) -> tuple[Weave, Source]:
    facts, source = script(text)
    (found,) = facts.weave
    return found, source


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("weave launch", None),
        ("weave launch --no-fastdp", "--no-fastdp"),
        ("WEAVE_NO_FASTDP=true weave launch", "WEAVE_NO_FASTDP=true"),
        ("WEAVE_NO_FASTDP=false weave launch", "WEAVE_NO_FASTDP=false"),
        ("export WEAVE_NO_FASTDP=0\nweave launch", "WEAVE_NO_FASTDP=0"),
        ("WEAVE_NO_FASTDP=1\nexport WEAVE_NO_FASTDP\nsudo -E weave launch", "WEAVE_NO_FASTDP=1"),
        ("WEAVE_NO_FASTDP= weave launch", None),
        ("WEAVE_NO_FASTDP=1\nweave launch", None),
        ("export WEAVE_NO_FASTDP=1; unset WEAVE_NO_FASTDP; weave launch", None),
        ("sudo WEAVE_NO_FASTDP=1 /usr/local/bin/weave --local launch-router", "WEAVE_NO_FASTDP=1"),
    ],
)
def test_fast_datapath_switched_off(text: str, reason: str | None) -> None:
    found, source = weave(text)
    assert (found.user_space.value if found.user_space else None) == reason
    if found.fastdp_off is not None:
        assert source.slice(found.fastdp_off.span) in ("WEAVE_NO_FASTDP", "--no-fastdp")


def test_settings_that_are_not_exported() -> None:
    found, source = weave("WEAVE_MTU=8916\nexport WEAVE_PASSWORD=x\nweave launch")
    assert [(one.value, source.slice(one.span)) for one in found.not_exported] == [("WEAVE_MTU", "WEAVE_MTU")]
    assert found.mtu is None
    assert found.password is not None


@pytest.mark.parametrize(
    "text",
    [
        "weave launch --password s3cret --ipalloc-range 10.2.0.0/16 --mtu=8000 10.0.0.2",
        "WEAVE_MTU=8000 weave launch -password=s3cret -iprange 10.2.0.0/16",
    ],
)
def test_launch(text: str) -> None:
    found, source = weave(text)
    assert found.range is not None
    assert (str(found.range.value), source.slice(found.range.span)) == ("10.2.0.0/16", "10.2.0.0/16")
    assert found.mtu is not None
    assert (found.mtu.value, source.slice(found.mtu.span)) == (8000, "8000")
    assert found.password is not None
    assert source.slice(found.password).lstrip("-") == "password"
    assert "s3cret" not in repr(found)
    assert found.allocates == found.range.value


def test_defaults() -> None:
    found, source = weave("a\nweave launch\n")
    assert (found.range, found.mtu, found.password, found.fastdp_off) == (None, None, None, None)
    assert found.allocates == WEAVE_DEFAULT_RANGE
    assert str(WEAVE_DEFAULT_RANGE) == "10.32.0.0/12"
    assert source.slice(found.span) == "weave launch"


def test_wrong_settings() -> None:
    facts, source = script("weave launch --mtu big --ipalloc-range 10.2 --password=hunter2; weave launch --mtu $M")
    assert [(item.message, source.slice(item.span)) for item in facts.unreadable] == [
        ("--mtu=big is no number", "big"),
        ("--ipalloc-range=10.2 is no range of addresses", "10.2"),
    ]


def test_addresses() -> None:
    facts, source = script(
        "weave run 10.0.1.1/24 -d --name web nginx\nweave attach 10.0.0.1/24 10.1.0.1/24 db\n"
        "weave expose 10.0.1.9/24\nweave expose\nweave run net:10.2.0.0/16 -d nginx\n"
    )
    found = [action for action in facts.actions if isinstance(action, WeaveAddress)]
    assert [
        (one.command, f"{one.address.value}/{one.length}", one.container and one.container.value) for one in found
    ] == [
        ("run", "10.0.1.1/24", "web"),
        ("attach", "10.0.0.1/24", "db"),
        ("attach", "10.1.0.1/24", "db"),
        ("expose", "10.0.1.9/24", None),
    ]
    assert source.slice(found[0].address.span) == "10.0.1.1/24"
    assert len(facts.actions) == 4


@pytest.mark.parametrize(
    ("version", "password", "reason"),
    [
        (None, True, None),
        ((1, 1), False, "version 1.1"),
        ((1, 2), False, None),
        ((1, 8, 2), True, "a password with version 1.8.2"),
        ((1, 8, 2), False, None),
        ((1, 9, 0), True, None),
        ((2, 6, 1), False, "version 2.6.1"),
        ((2, 6, 0), False, None),
        ((2, 6, 2), True, None),
    ],
)
def test_user_space_by_version(version: tuple[int, ...] | None, password: bool, reason: str | None) -> None:
    span = Span("x", 0, 1)
    found = Weave(
        span=span,
        version=None if version is None else Located(version, span),
        password=span if password else None,
    )
    assert (found.user_space.value if found.user_space else None) == reason


def test_plugin() -> None:
    found, source = weave(
        "docker plugin install --grant-all-permissions weaveworks/net-plugin:2.6.1 WEAVE_MTU=1400 WEAVE_PASSWORD=x"
    )
    assert found.version is not None
    assert (found.version.value, source.slice(found.version.span)) == ((2, 6, 1), "2.6.1")
    assert (found.mtu and found.mtu.value, found.password and source.slice(found.password)) == (1400, "WEAVE_PASSWORD")
    assert script("docker plugin install vieux/sshfs A=b")[0].weave == []


def test_manifest_by_address() -> None:
    found, source = weave(
        "kubectl apply -f 'https://cloud.weave.works/k8s/net?k8s-version=1.16&env.IPALLOC_RANGE=10.9.0.0/16"
        "&env.WEAVE_NO_FASTDP=1&password-secret=weave-passwd'"
    )
    assert found.range is not None
    assert (str(found.range.value), source.slice(found.range.span)) == ("10.9.0.0/16", "10.9.0.0/16")
    assert found.fastdp_off is not None
    assert source.slice(found.fastdp_off.span) == "env.WEAVE_NO_FASTDP"
    assert found.password is not None
    assert source.slice(found.password) == "password-secret"
    found, _ = weave(
        "kubectl apply -f https://github.com/weaveworks/weave/releases/download/v2.6.1/weave-daemonset.yaml"
    )
    assert found.version is not None
    assert found.version.value == (2, 6, 1)
    facts, _ = script(
        'kubectl apply -f "https://cloud.weave.works/k8s/net?v=$(kubectl version | base64)&env.WEAVE_MTU=$M"'
    )
    assert [one.mtu for one in facts.weave] == [None]
    assert facts.unreadable == []


def test_unit() -> None:
    source = Source(
        "weave.service",
        '[Service]\nEnvironment="WEAVE_NO_FASTDP=1" WEAVE_PASSWORD=s3cret\n'
        "ExecStartPre=/usr/local/bin/weave launch --ipalloc-range 10.9.0.0/16 $PEERS\n"
        "ExecStart=/usr/bin/docker attach weave\n",
    )
    facts = HostFacts("host")
    build_unit_actions([Parsed(source, "systemd-unit", systemd.parse(source)[0])], facts)
    (found,) = facts.weave
    assert found.user_space is not None
    assert (found.user_space.value, source.slice(found.user_space.span)) == (
        "WEAVE_NO_FASTDP=1",
        "WEAVE_NO_FASTDP",
    )
    assert str(found.allocates) == "10.9.0.0/16"
    assert found.password is not None
    assert source.slice(found.password) == "WEAVE_PASSWORD"
    assert "s3cret" not in repr(found)


def test_compose_service() -> None:
    def at(text: str) -> Located[str]:
        return Located(text, Span("compose.yaml", 0, len(text)))

    service = Service(
        name="weave",
        span=Span("compose.yaml", 0, 5),
        image=at("docker.io/weaveworks/weave:1.8.2"),
        environment=(("WEAVE_PASSWORD", at("s3cret")), ("OTHER", at("1"))),
        command=(at("--no-fastdp"),),
    )
    other = Service(name="web", span=Span("compose.yaml", 6, 9), image=at("weaveworks/weave-npc:2.6.1"))
    facts = HostFacts("host")
    facts.projects.append(Project(name="p", span=service.span, files=("compose.yaml",), services=(service, other)))
    build_weave_services([], facts)
    (found,) = facts.weave
    assert found.version is not None
    assert found.version.value == (1, 8, 2)
    assert found.fastdp_off is not None
    assert found.fastdp_off.value == "--no-fastdp"
    assert found.password is not None
    assert "s3cret" not in repr(found)


DAEMON_SET = """\
apiVersion: v1
kind: List
items:
- kind: DaemonSet
  spec:
    template:
      spec:
        initContainers:
        - {name: weave-init, image: 'weaveworks/weave-kube:2.6.1'}
        containers:
        - name: weave
          image: 'docker.io/weaveworks/weave-kube:2.6.1'
          env:
          - name: WEAVE_NO_FASTDP
            value: "false"
          - {name: IPALLOC_RANGE, value: 10.5.0.0/16}
          - name: WEAVE_MTU
            value: "8916"
          - name: WEAVE_PASSWORD
            valueFrom: {secretKeyRef: {name: weave-passwd, key: p}}
          - name:
        - {name: weave-npc, image: 'weaveworks/weave-npc:2.6.1'}
"""


def kubernetes(text: str) -> tuple[HostFacts, Source]:
    source, facts = Source("weave.yaml", text), HostFacts("host")
    build_kubernetes([Parsed(source, "kubernetes", yaml.parse(source)[0])], facts)
    return facts, source


def test_kubernetes() -> None:
    facts, source = kubernetes(DAEMON_SET)
    (found,) = facts.weave
    assert found.version is not None
    assert (found.version.value, source.slice(found.version.span)) == ((2, 6, 1), "2.6.1")
    assert found.fastdp_off is not None
    assert (found.fastdp_off.value, source.slice(found.fastdp_off.span)) == ("WEAVE_NO_FASTDP=false", "WEAVE_NO_FASTDP")
    assert str(found.allocates) == "10.5.0.0/16"
    assert found.mtu is not None
    assert found.mtu.value == 8916
    assert found.password is not None
    assert source.slice(found.password) == "WEAVE_PASSWORD"
    assert facts.not_understood == []


@pytest.mark.parametrize("text", ["", "kind: Service\n", "a: [1, {containers: [x, {image: [1]}]}]\n", "containers:\n"])
def test_other_manifests_are_left_unread(text: str) -> None:
    facts, source = kubernetes(text)
    assert facts.weave == []
    assert list(facts.unread) == [source.key]


KEYS = st.sampled_from(["containers", "env", "image", "name", "value", "items", "args", "command"])
LEAVES = st.sampled_from(["weaveworks/weave:1.0", "WEAVE_MTU", "x", "1", "null", "'10.0.0.0/8'", "--no-fastdp"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(KEYS, inner, max_size=4).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        ),
    ),
)


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_kubernetes_never_raises(text: str) -> None:
    facts, _ = kubernetes(text)
    assert bool(facts.weave) != bool(facts.unread)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the incident and corpus collections are not beside the project")
def test_real_material() -> None:
    broken, fixed = (
        next((SHARED / "incidents/dev").glob(f"b-088*/{part}/setup.sh")).read_text() for part in ("broken", "fixed")
    )
    assert weave(broken)[0].user_space is None
    assert [one.value for one in weave(broken)[0].not_exported] == ["WEAVE_NO_FASTDP"]
    assert weave(fixed)[0].user_space is not None
    for path in (SHARED / "corpus/k8s/weaveworks+weave/prog/weave-kube").glob("*.yaml"):
        facts, _ = kubernetes(path.read_text())
        assert [one.user_space for one in facts.weave] == [None]
