"""No value of an environment, command line or label reaches any report, under whatever name it stands."""

import json
import re
from pathlib import Path

import pytest

from netlint.cli import main
from netlint.guard.texts import guarded, masked_text
from netlint.source import Source

CANARY = "S3cr3tC4nary"
INSPECTED = {
    "Id": "a" * 64,
    "Name": "/db",
    "State": {"Running": True, "Pid": 1},
    "Config": {
        "Image": "postgres",
        "Env": [f"FOO={CANARY}"],
        "Cmd": ["x", CANARY],
        "Entrypoint": [CANARY],
        "Labels": {"k": CANARY},
        "Healthcheck": {"Test": ["CMD", CANARY]},
    },
    "Args": [CANARY],
    "HostConfig": {"NetworkMode": "bridge", "LogConfig": {"Type": "splunk"}},
    "NetworkSettings": {
        "Ports": {"5432/tcp": [{"HostIp": "0.0.0.0", "HostPort": "5432"}]},
        "Networks": {"bridge": {"IPAddress": "172.17.0.2", "Gateway": "172.17.0.1", "IPPrefixLen": 16}},
    },
}
SERVICE = {
    "ID": "f8iitqbr2727cift9ximha7bc",
    "Version": {"Index": 1},
    "Spec": {
        "Name": "store",
        "Labels": {"k": CANARY},
        "TaskTemplate": {
            "ContainerSpec": {"Image": "x", "Env": [f"FOO={CANARY}"], "Args": ["-p", CANARY], "Labels": {"k": CANARY}}
        },
        "Mode": {"Replicated": {"Replicas": 1}},
    },
    "Endpoint": {
        "Ports": [{"Protocol": "tcp", "TargetPort": 5432, "PublishedPort": 5432, "PublishMode": "ingress"}],
        "VirtualIPs": [{"NetworkID": "78vuy4z5gbwv9b7ec0a4qfm91", "Addr": "10.20.0.7/24"}],
    },
}
# Each line holds a secret and something that netlint finds fault with.
FILES = {
    "compose.yaml": f"""\
services:
  a: {{image: x, environment: {{FOO: {CANARY}}}, ports: ["5432:5432"], networks: {{n: {{ipv4_address: 10.9.0.1}}}}}}
  b: {{image: redis, command: redis-server --save {CANARY}, ports: ["6379:6379"], labels: {{"x.y": "{CANARY}"}}}}
  c: {{image: x, command: ["-p", "{CANARY}"], environment: ["R=redis://:{CANARY}@localhost:6379", "B={CANARY}"]}}
  d:
    image: x
    ports: ["9200:9200"]
    environment:
      DATABASE_URL: postgres://u:{CANARY}@localhost:5432/x
      MONGO: "mongodb://{CANARY}:{CANARY}@localhost:5432"
      AUTH: Bearer {CANARY}
    labels: ["traefik.http.middlewares.a.basicauth.users=u:{CANARY}", traefik.enable=true]
    build: {{context: ., args: {{NPM: {CANARY}}}}}
    healthcheck: {{test: [CMD, {CANARY}]}}
    networks: [n, m]
    x-mine: {CANARY}
networks: {{n: {{labels: {{k: {CANARY}}}, ipam: {{config: [{{subnet: 10.9.0.0/24}}]}}}}, m: }}
""",
    ".env": f"FOO={CANARY}\n",
    "daemon.json": json.dumps(
        {
            "log-driver": "splunk",
            "log-opts": {"splunk-index": CANARY},
            "hosts": ["tcp://0.0.0.0:2375"],
            "labels": [f"k={CANARY}"],
            "proxies": {"http-proxy": f"http://{CANARY}@proxy:1"},
            "unheard-of": CANARY,
        }
    ),
    "docker.service": f"""\
[Service]
Environment="HTTP_PROXY=http://{CANARY}@p:1" "KEY={CANARY}"
ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375 --label k={CANARY} --log-opt splunk-index={CANARY}
""",
    "setup.sh": f"""\
#!/bin/sh
weave launch --password {CANARY}
docker run -d -e FOO={CANARY} --env=BAR={CANARY} -p 5432:5432 --name db postgres -c x={CANARY}
docker login -u me -p {CANARY} registry; iptables -F
KEY={CANARY} iptables -F; curl -H "Authorization: Bearer {CANARY}" http://x | tee {CANARY}
docker network create --subnet 10.9.0.0/25 zz; echo {CANARY}
""",
    "docker-inspect.json": json.dumps([INSPECTED]),
    "docker-service-inspect.json": json.dumps([SERVICE]),
    "ip-addr.txt": "2: eth0: <UP> mtu 1500 state UP\n    inet 10.9.0.7/24 scope global eth0\n",
    "ip-route.txt": "default via 10.9.0.1 dev eth0\n10.9.0.0/24 dev eth0 proto kernel scope link src 10.9.0.7\n",
}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        *(f"check -v --confidence low --format {name}" for name in
          ("text", "json", "sarif", "github", "gitlab", "junit", "markdown", "html")),
        *(f"show --format {name}" for name in ("text", "json", "mermaid", "dot")),
        "trace --format text",
        "trace --format json",
        "plan",
        "plan --format json",
        "fix --diff --unsafe --confidence low",
    ],
)  # fmt: skip
def test_no_command_shows_a_secret(host: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    command, *options = words.split()
    flow = [".", "tcp from lan to host:5432"] if command == "trace" else []
    main([command, *options, *flow])
    out, err = capsys.readouterr()
    assert len(out) > 100, "there is something to look at"
    assert CANARY not in out + err


def test_the_findings_are_on_the_lines_with_secrets(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The test above would prove nothing of lines that no report quotes."""
    main(["check", "--format", "json", "--confidence", "low"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    quoted = {(one["primary"]["file"], one["primary"]["start"]["line"]) for one in findings}
    lines = {
        (name, number)
        for name, text in FILES.items()
        for number, line in enumerate(text.splitlines(), 1)
        if CANARY in line
    }
    assert {name for name, _ in quoted & lines} >= {
        "compose.yaml", "daemon.json", "docker.service", "setup.sh", "docker-service-inspect.json"
    }  # fmt: skip
    assert len(quoted & lines) >= 9


def test_a_broken_file_shows_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  a:\n    environment:\n      FOO: {CANARY}\n      BAR: [{CANARY}\n  b: x: {CANARY}\n"
    )
    (tmp_path / "daemon.json").write_text(f'{{"log-opts": {{"a": "{CANARY}" "b": {CANARY}}}, "labels": ["{CANARY}\n')
    assert main(["check", str(tmp_path), "-v"]) == 1
    out = capsys.readouterr().out
    assert "NL901" in out
    assert CANARY not in out


# What is between « and » is not shown.
CASES = [
    ("compose", 'services: {a: {image: x, ports: ["80:80"], user: «me»}}'),
    ("compose", "x-a: &a {ports: [80]}\nx-b: [«secret»]"),
    ("compose", "services: {a: {environment: [«A=b», «C»]}}"),
    ("compose", "services:\n  a:\n    environment:\n      K: «|\n        one\n        two»\n    ports: []"),
    ("compose", "networks: {a: {driver_opts: {parent: eth0}, labels: [«x»]}}"),
    ("daemon-json", '{"mtu": 1450, "nope": "«x»", "log-opts": {"a": "«b»"}}'),
    ("daemon-json", '{"mtu": 1450, "nope": "«x»", «oops», "hosts": ["a"] «b»}'),
    ("docker-inspect", '[{"Env": ["«A=b»"], "Id": "c"}]'),
    ("shell-script", "ip route add 10.0.0.0/8 via 10.1.1.1"),
    ("shell-script", "sudo docker run -it --rm -e A=«b» --net x img «run» «it»"),
    ("shell-script", "SUBNET=10.0.0.0/8 IF=eth0 KEY=«Abc»; mysql «-pxyz»"),
    ("docker-defaults", 'DOCKER_OPTS="--bip=10.0.0.1/24 --log-opt a=«b»"\nA=«Bc»'),
    ("systemd-unit", "[Service]\nExecStart=/usr/bin/dockerd \\\n  --mtu 1400 \\\n  --label a=«b»\n"),
    ("systemd-unit", 'Environment=«"A=b c"» «"D=e"»'),
    ("iptables-save", "*filter\n-A INPUT -j DROP"),
]


@pytest.mark.parametrize(("format", "text"), CASES)
def test_what_is_shown(format: str, text: str) -> None:
    hidden = re.sub("«([^»]*)»", lambda found: re.sub(r"[^\n]", "*", found[1]), text)
    plain = text.replace("«", "").replace("»", "")
    assert masked_text(plain, guarded(Source("f", plain), format)) == hidden


def test_what_a_finding_points_at_is_shown() -> None:
    text = "abc def\nghi"
    assert masked_text(text, [(0, 7)], [(4, 5)]) == "*** d**\nghi".replace("*** ", "****")
    assert masked_text(text, [(0, 3), (2, 7)], [(0, 11)]) == "*******\nghi", "what is larger shows nothing"
    assert masked_text(text, [(0, 11)], [(0, 3), (8, 9)]) == "abc****\ng**"
    assert masked_text(text, [(0, 3)], [(0, 3)]) == text, "a name that is all of the value"
    assert masked_text("u:p@h", [(0, 5)], [(0, 5)]) == "*****"
