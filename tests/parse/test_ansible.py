"""Playbooks and tasks of Ansible: what is literal has its effects at its places, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.guard.texts import guarded, masked_text
from netlint.model.action import (
    AddressChange,
    ChainChange,
    ContainerRun,
    DockerStart,
    FirewallChange,
    FirewallFlush,
    RouteChange,
)
from netlint.model.host import Host, Site
from netlint.parse.ansible import parse
from netlint.rule import load_rules, rules_folder
from netlint.source import Source


def commands(text: str) -> list[str]:
    """The commands of the tasks, with `?` before those that only may run."""
    provision, problems = parse(Source("site.yml", text))
    assert not problems
    return [("" if one.certain else "? ") + " ".join(word.text for word in one.words) for one in provision.commands]


def said(text: str) -> list[str]:
    return [one.what for one in parse(Source("site.yml", text))[0].unsupported]


def play(tasks: str) -> str:
    return "- hosts: all\n  tasks:\n" + "".join(f"    {line}\n" for line in tasks.splitlines())


def site(folder: Path, text: str, name: str = "site.yml") -> Site:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return build(discover([str(folder)]), Config())[0]


def host_of(folder: Path, tasks: str) -> Host:
    (host,) = site(folder, play(tasks)).hosts
    return host


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("- command: ip link add br0 type bridge", ["ip link add br0 type bridge"]),
        ("- ansible.builtin.shell: ip a && sysctl -w a.b=1", ["ip a", "sysctl -w a.b=1"]),
        ("- shell: |\n    A=1\n    ip route add 10.$A.0.0/16 via 10.0.0.1", ["ip route add 10.1.0.0/16 via 10.0.0.1"]),
        ("- raw: ip a\n  when: x", ["? ip a"]),
        ("- command: {cmd: ip a, chdir: /}", ["ip a"]),
        ("- command:\n    argv: [ip, route, add, 10.0.0.0/8, dev, eth 0]", ["ip route add 10.0.0.0/8 dev eth 0"]),
        ("- command: docker swarm init creates=/x chdir=/", ["? docker swarm init"]),
        ("- command: docker swarm init\n  args: {creates: /x}", ["? docker swarm init"]),
        ("- action: command ip a", ["ip a"]),
        ("- shell: exit 1\n- shell: ip a", ["exit 1", "ip a"]),
        ("- command: ip a\n  when: false", []),
        ("- command: ip a\n  when: true", ["ip a"]),
        ("- command: ip a\n  tags: [never, x]", ["? ip a"]),
        ("- command: ip a\n  check_mode: yes", []),
        ("- block:\n    - command: a\n  rescue:\n    - command: b\n  always:\n    - command: c", ["a", "? b", "c"]),
        ("- block:\n    - command: a\n  when: x", ["? a"]),
        (
            "- command: ip route add {{ item }} dev x\n  loop: [10.0.0.0/8, 10.1.0.0/16]",
            ["ip route add 10.0.0.0/8 dev x", "ip route add 10.1.0.0/16 dev x"],
        ),
        (
            (
                "- command: ip r add {{ n.to }} via {{ n['gw'] }}\n  with_items:\n    - {to: 1.0.0.0/8, gw: 10.0.0.1}\n"
                "  loop_control: {loop_var: n}"
            ),
            ["ip r add 1.0.0.0/8 via 10.0.0.1"],
        ),
        ('- command: ip a {{ item }}\n  loop: "{{ all }}"', ["? ip a ${_item__}"]),
        ("- command: ip a {{ item }}\n  with_fileglob: [x]", ["? ip a ${_item__}"]),
        ("- ansible.posix.sysctl: {name: net.ipv4.ip_forward, value: yes}", ["sysctl -w net.ipv4.ip_forward=1"]),
        ("- sysctl: name=net.ipv4.ip_forward value=0 state=present", ["sysctl -w net.ipv4.ip_forward=0"]),
        ("- sysctl: {name: net.ipv4.ip_forward, state: absent}", []),
        ("- systemd: {name: docker, state: restarted}", ["systemctl restart docker"]),
        ("- service: name=docker state=started enabled=yes", ["systemctl start docker"]),
        ("- service: {name: docker, enabled: yes}", []),
        (
            (
                "- community.docker.docker_network:\n    name: web\n    driver: macvlan\n"
                "    driver_options: {parent: eth0.5}\n    internal: yes\n    ipam_config:\n"
                "      - {subnet: 10.0.0.0/24, gateway: 10.0.0.1, iprange: 10.0.0.128/25}\n"
            ),
            [
                (
                    "docker network create --driver macvlan -o parent=eth0.5 --subnet 10.0.0.0/24 --gateway 10.0.0.1 "
                    "--ip-range 10.0.0.128/25 --internal web"
                )
            ],
        ),
        ("- docker_network: {name: web, state: absent}", []),
        (
            (
                "- docker_container:\n    name: web\n    image: nginx\n    ports: ['80:80', 127.0.0.1:81:81]\n"
                "    networks: [{name: front, ipv4_address: 10.0.0.5}]\n    env: {A: b}"
            ),
            ["docker run -d --name web --network front --ip 10.0.0.5 -p 80:80 -p 127.0.0.1:81:81 nginx"],
        ),
        (
            "- docker_container: {name: web, image: nginx, network_mode: host, state: present}",
            ["docker create --name web --network host nginx"],
        ),
        ("- docker_container: {name: web, state: absent}", []),
        (
            "- docker_swarm: {advertise_addr: 10.0.0.1, default_addr_pool: [10.9.0.0/16], subnet_size: 24}",
            [
                (
                    "docker swarm init --advertise-addr 10.0.0.1 --default-addr-pool 10.9.0.0/16 "
                    "--default-addr-pool-mask-length 24"
                )
            ],
        ),
        (
            "- docker_swarm: {state: join, remote_addrs: ['10.0.0.1:2377'], join_token: planted}",
            ["docker swarm join 10.0.0.1:2377"],
        ),
        ("- docker_swarm: {state: absent}", []),
        (
            "- iptables: {chain: INPUT, protocol: tcp, destination_ports: ['80', '443'], ctstate: [NEW], jump: ACCEPT}",
            ["iptables -A INPUT -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW -j ACCEPT"],
        ),
        (
            (
                "- iptables: {table: nat, chain: POSTROUTING, source: 10.0.0.0/8, out_interface: '!docker0',"
                " jump: MASQUERADE, action: insert, rule_num: 2}"
            ),
            ["iptables -t nat -I POSTROUTING 2 -s 10.0.0.0/8 ! -o docker0 -j MASQUERADE"],
        ),
        ("- iptables: {chain: FORWARD, policy: DROP, ip_version: ipv6}", ["ip6tables -P FORWARD DROP"]),
        ("- iptables: {flush: yes}", ["iptables -F"]),
        ("- iptables: {chain: X, chain_management: true}", ["iptables -N X"]),
        ("- iptables: {chain: INPUT, jump: DROP, state: absent}", ["iptables -D INPUT -j DROP"]),
        ("- ufw: {state: enabled, policy: deny}", ["ufw default deny", "ufw enable"]),
        (
            "- community.general.ufw: {rule: allow, port: '22', proto: tcp, from_ip: 10.0.0.0/8}",
            ["ufw allow proto tcp from 10.0.0.0/8 to any port 22"],
        ),
        ("- apt: {name: docker.io}\n- debug: {msg: ip route}\n- my.own.command: ip a", []),
        # for another host
        ("- command: ip a\n  delegate_to: localhost\n- local_action: command ip a", []),
    ],
)
def test_tasks(task: str, expected: list[str]) -> None:
    assert commands(play(task)) == expected


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("- command: ip route add {{ net }} via 10.0.0.1", ["a command that a template completes"]),
        ("- command: systemctl status {{ x }}\n- shell: echo {{ y }}", []),
        ("- command: ip link show {{ x }}\n- shell: docker ps -f {{ y }}\n- raw: iptables -C {{ z }} -j DROP", []),
        (
            "- shell: |\n    {% for x in y %}\n    ip route add {{ x }} dev z\n    {% endfor %}",
            ["a command that a template completes"],
        ),
        ("- command: {argv: [ip, route, add, '{{ x }}']}", ["a command that a template completes"]),
        ("- sysctl: {name: net.ipv4.ip_forward, value: '{{ x }}'}", ["a setting that a template completes"]),
        ("- docker_network: {name: '{{ x }}'}", ["a network that a template names"]),
        ("- docker_network: {name: x, ipam_config: '{{ y }}'}", ["a network that a template completes"]),
        ("- docker_container: {name: x, image: y, ports: ['{{ z }}:80']}", ["a container that a template completes"]),
        ("- docker_container: {name: '{{ x }}', image: 'y:{{ z }}', ports: ['80:80']}", []),
        (
            "- iptables: {chain: INPUT, source: '{{ x }}', jump: DROP}",
            ["a rule of the firewall that a template completes"],
        ),
        (
            "- iptables: {chain: INPUT, tcp_flags: {flags: ALL}, jump: DROP}",
            ["the argument tcp_flags of the module iptables"],
        ),
        ("- ufw: {rule: allow, port: '{{ x }}'}", ["a rule of the firewall that a template completes"]),
        ("- ufw: {rule: allow, port: 22, delete: true}", ["what the module ufw deletes"]),
        ("- ansible.posix.firewalld: {port: 80/tcp, state: enabled}", ["the module firewalld"]),
        (
            "- command: ip a\n  delegate_to: localhost\n- command: make\n  delegate_to: localhost",
            ["a task for another host"],
        ),
        (
            "- docker_container: {name: x, image: y, networks: [{name: a}, {name: b}]}",
            ["further networks of a container"],
        ),
    ],
)
def test_what_is_not_known_is_said(task: str, expected: list[str]) -> None:
    assert said(play(task)) == expected


def test_handlers_may_run() -> None:
    text = "- hosts: all\n  tasks: [{command: a}]\n  handlers:\n    - systemd: {name: docker, state: restarted}\n"
    assert commands(text) == ["a", "? systemctl restart docker"]
    provision, _ = parse(Source("roles/x/handlers/main.yml", "- systemd: {name: docker, state: restarted}\n"))
    assert [one.certain for one in provision.commands] == [False]


def test_aliases_stand_for_no_more_than_can_be_read() -> None:
    text = "- &a {command: ip a}\n"
    for name, before in ("ba", "cb", "dc"):
        text += f"- &{name} {{block: [" + f"*{before}, " * 30 + "]}\n"
    provision, _ = parse(Source("x.yml", text))
    assert len(provision.commands) < 20_001
    assert "tasks that are too many to follow" in {one.what for one in provision.unsupported}


def test_effects_and_places(tmp_path: Path) -> None:
    text = """\
---
- hosts: docker
  tasks:
    - copy:
        dest: /etc/docker/daemon.json
        content: |
          {"bip": "10.9.9.1/24"}
    - lineinfile: path=/etc/sysctl.conf line=net.ipv4.ip_forward=0
    - shell: |
        ip link add br0 type bridge
        ip addr add 10.8.0.1/24 dev br0
      when: fresh
    - command: >-
        iptables -A FORWARD
        -s 10.2.0.0/16 -j DROP
    - name: routes
      command: ip route add {{ item }} via 10.8.0.2
      loop:
        - 10.5.0.0/16
    - docker_container:
        name: web
        image: nginx
        published_ports:
          - 8080:80
"""
    whole = site(tmp_path, text)
    (host,) = whole.hosts
    source = Source("site.yml", text)
    assert host.daemon is not None
    bip = host.daemon.text("bip")
    assert bip is not None
    assert source.slice(bip.span) == "10.9.9.1/24"
    setting = host.sysctl("net.ipv4.ip_forward")
    assert setting is not None
    assert (setting.value, source.slice(setting.span)) == ("0", "0")
    (address,) = (one for one in host.actions if isinstance(one, AddressChange))
    assert (address.certain, source.slice(address.address.span)) == (False, "10.8.0.1/24")
    (rule,) = (one for one in host.actions if isinstance(one, FirewallChange))
    assert source.slice(rule.span).startswith(">-\n")
    (route,) = (one for one in host.actions if isinstance(one, RouteChange))
    assert (str(route.prefix.value), source.slice(route.prefix.span)) == ("10.5.0.0/16", "{{ item }}")
    (container,) = (one for one in host.actions if isinstance(one, ContainerRun))
    assert source.slice(container.ports[0].span) == "8080:80"
    assert not whole.unreadable
    assert not whole.not_understood


def test_links_of_several_tasks(tmp_path: Path) -> None:
    host = host_of(
        tmp_path,
        "- command: ip link add br0 type bridge\n- command: ip link set br0 mtu 1400\n- command: ip link set br0 up",
    )
    assert [(link.name, link.kind, link.mtu, link.up) for link in host.links] == [("br0", "bridge", 1400, True)]


def test_firewall_of_modules(tmp_path: Path) -> None:
    host = host_of(
        tmp_path,
        "- iptables: {chain: FORWARD, policy: DROP}\n- iptables: {flush: true, table: nat}\n"
        "- iptables: {chain: FORWARD, source: 10.0.0.0/8, jump: DROP}\n- systemd: {name: docker, state: restarted}\n"
        "- ufw: {rule: allow, port: '22', proto: tcp}",
    )
    assert [type(one) for one in host.actions] == [ChainChange, FirewallFlush, FirewallChange, DockerStart]
    assert host.ufw is not None
    assert [(rule.action, rule.protocol) for rule in host.ufw.rules] == [("allow", "tcp")]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (
            '- copy: {dest: /etc/docker/daemon.json, content: \'{"bip": "{{ x }}"}\'}',
            "/etc/docker/daemon.json, completed by a template",
        ),
        (
            '- copy:\n    dest: /etc/docker/daemon.json\n    content: \'{"bip": "10.0.0.1/24"}\'\n  when: x',
            "/etc/docker/daemon.json, which only may be written",
        ),
        (
            '- copy: {dest: /etc/docker/daemon.json, content: \'{"bip": "10.0.0.1/24"}\', force: no}',
            "/etc/docker/daemon.json, which only may be written",
        ),
        (
            '- lineinfile: {path: /etc/docker/daemon.json, line: \'"bip": "10.0.0.1/24"\'}',
            "what is appended to /etc/docker/daemon.json",
        ),
        ("- copy: {dest: /etc/docker/daemon.json, src: daemon.json}", None),
        ("- copy: {dest: /tmp/notes, content: text}", None),
        ('- copy: {dest: relative.json, content: \'{"bip": "10.0.0.1/24"}\'}', None),
    ],
)
def test_files_that_are_not_read(tmp_path: Path, task: str, message: str | None) -> None:
    whole = site(tmp_path, play(task))
    assert [one.message for one in whole.not_understood] == ([message] if message else [])
    options = [one for host in whole.hosts if host.daemon is not None for one in host.daemon.options]
    assert not any(one.exact for one in options)
    assert bool(options) == (message is not None and "template" in message)


def test_plays_are_hosts_of_their_own(tmp_path: Path) -> None:
    one = "  tasks:\n    - docker_container: {name: x, image: nginx, ports: ['80:80']}\n"
    assert len(site(tmp_path, f"- hosts: web\n{one}- hosts: lb\n{one}").hosts) == 2
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    assert "NL205" not in {finding.code for finding in run.findings}
    assert len(site(tmp_path, f"- hosts: web\n{one}- hosts: web\n{one}").hosts) == 1


def test_beside_a_host(tmp_path: Path) -> None:
    """A playbook in the folder of a dump acts on that host, as a script does; beside Compose files it does not."""
    listing = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 10.0.0.2/24 scope global eth0\n"
    site(tmp_path, listing, "ip-addr.txt")
    (host,) = site(tmp_path, play("- command: ip route add 10.5.0.0/16 via 10.0.0.1")).hosts
    assert host.interfaces
    assert host.actions
    for path in tmp_path.iterdir():
        path.unlink()
    site(tmp_path, "services: {web: {image: nginx, ports: ['80:80']}}\n", "compose.yaml")
    assert len(site(tmp_path, play("- command: docker run -p 80:80 nginx")).hosts) == 2


def test_secrets() -> None:
    text = """\
- hosts: all
  tasks:
    - docker_container: {name: x, image: y, ports: ['80:80'], env: {TOKEN: planted-1}, api_token: planted-2}
    - command: docker run -e TOKEN=planted-3 -p 81:80 nginx
    - docker_swarm: state=join join_token=planted-4
    - copy:
        dest: /opt/compose.yaml
        content: |
          services:
            web: {image: nginx, environment: {TOKEN: planted-5}}
"""
    shown = masked_text(text, guarded(Source("site.yml", text), "ansible"))
    assert "planted" not in shown
    assert "-p 81:80 nginx" in shown
    assert "ports: ['80:80']" in shown


WORDS = (
    "- hosts: all|  tasks:|    - command: ip a|      when: x|      loop: [a, {b: c}]|    - copy:|        dest: /etc/x"
    '|        content: "{{ item }}"|    - iptables: {chain: X|    - docker_network:|        name: [a]|    - sysctl: a=b'
    "|      with_items:|        - x|    - docker_container: {image: {a: b}, ports: x, networks: [a]}|    - block:"
    "|      - shell: ||    - ufw: [a]|      args: x|  handlers: {a: b}|    - action: {module: x}"
    "|    - local_action: command"
).split("|")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map("\n".join))
def test_never_raises(text: str) -> None:
    provision, problems = parse(Source("x.yml", text))
    moved = {placed.path: placed for placed in provision.texts}
    spans = [one.span for one in provision.commands] + [one.span for one in provision.unsupported]
    spans += [one.span for one in problems]
    for span in spans:
        place = moved[span.source].moved(span) if span.source in moved else span
        assert place.source == "x.yml"
        assert 0 <= place.start <= place.end <= len(text)
