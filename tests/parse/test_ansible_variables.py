"""Literal variables of playbooks, and what they are put into."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netlint.model.action import RouteChange
from netlint.parse.ansible import parse
from netlint.source import Source
from tests.parse.test_ansible import commands, play, said, site

VARIABLES = """\
- hosts: all
  vars:
    range: 172.20.0.0/16
    lan: {gateway: 10.0.0.1, hosts: [10.0.0.5, 10.0.0.6]}
    first: 10.9
    second: "{{ first }}.0.0/16"
    ports: ["8080:80", "{{ lan.hosts[0] }}:443:443"]
    routes:
      - {to: 10.1.0.0/16, via: 10.0.0.1}
      - {to: 10.2.0.0/16}
    on: yes
    changed: 10.7.0.0/16
    circle: "{{ circle }}"
  tasks:
    - command: ip route add {{ range }} via {{ lan['gateway'] }}
    - command: ip route add {{ second }} via {{ lan.hosts[1] }}
    - command: ip route add {{ item.to }} via {{ item.via | default('10.0.0.9') }}
      loop: "{{ routes }}"
    - docker_container:
        name: web
        image: "nginx:{{ tag | default('1.27') }}"
        published_ports: "{{ ports }}"
    - command: ip route add {{ changed }} via 10.0.0.1
    - command: ip route add {{ circle }} via 10.0.0.1
    - command: ip route add {{ elsewhere }} via 10.0.0.1
    - command: ip route add {{ range | upper }} via 10.0.0.1
    - command: ip route add {{ lan }} via 10.0.0.1
    - set_fact: {changed: 10.8.0.0/16}
    - block:
        - command: ip route add {{ range }} via 10.0.0.1
        - command: ip route add {{ range }} via 10.0.0.2
          vars: {range: 172.22.0.0/16}
      vars:
        range: 172.21.0.0/16
    - copy:
        dest: /etc/docker/daemon.json
        content: '{"bip": "{{ lan.hosts[0] }}/24", "ipv6": {{ on | default("x") }}}'
"""


def test_variables_of_the_playbook() -> None:
    assert commands(VARIABLES) == [
        "ip route add 172.20.0.0/16 via 10.0.0.1",
        "ip route add 10.9.0.0/16 via 10.0.0.6",
        "ip route add 10.1.0.0/16 via 10.0.0.1",
        "ip route add 10.2.0.0/16 via 10.0.0.9",
        "docker run -d --name web -p 8080:80 -p 10.0.0.5:443:443 nginx:1.27",
        "ip route add ${_changed__} via 10.0.0.1",
        "ip route add ${_circle__} via 10.0.0.1",
        "ip route add ${_elsewhere__} via 10.0.0.1",
        "ip route add ${_range___upper__} via 10.0.0.1",
        "ip route add ${_lan__} via 10.0.0.1",
        "ip route add 172.21.0.0/16 via 10.0.0.1",
        "ip route add 172.22.0.0/16 via 10.0.0.2",
    ]
    assert said(VARIABLES) == ["a command that a template completes"] * 5
    (file,) = parse(Source("site.yml", VARIABLES))[0].files
    assert file.content.text == '{"bip": "10.0.0.5/24", "ipv6": True}\n'


@pytest.mark.parametrize(
    "more",
    [
        "  vars_files: [secret.yml]\n",
        "  vars_prompt:\n    - name: range\n",
        "  pre_tasks:\n    - command: hostname\n      register: range\n",
        "  pre_tasks:\n    - ansible.builtin.set_fact: range=10.0.0.0/8\n",
        "  pre_tasks:\n    - include_vars: x.yml\n",
    ],
)
def test_what_a_run_may_set_is_not_known(more: str) -> None:
    text = f"- hosts: all\n  vars: {{range: 172.20.0.0/16}}\n{more}  tasks:\n"
    text += "    - command: ip route add {{ range | default('10.3.0.0/16') }} via 10.0.0.1\n"
    assert said(text) == ["a command that a template completes"]


def test_a_value_stands_where_it_is_put_in(tmp_path: Path) -> None:
    text = "- hosts: all\n  vars: {range: 172.20.0.0/16}\n  tasks:\n"
    text += "    - command: ip route add {{ range }} via 10.0.0.1\n"
    (host,) = site(tmp_path, text).hosts
    (route,) = (one for one in host.actions if isinstance(one, RouteChange))
    assert (str(route.prefix.value), text[route.prefix.span.start : route.prefix.span.end]) == (
        "172.20.0.0/16",
        "{{ range }}",
    )


def test_hostile_variables() -> None:
    lines = [f'    v{n}: "{"{{ v" + str(n + 1) + " }}" * 50}"\n' for n in range(6)]
    lines += ["    v6: " + "x" * 1000 + "\n", "    big: " + "x" * (1 << 20) + "\n"]
    tasks = "    - command: ip route add {{ v0 }} via {{ big }}\n" * 500
    found, _ = parse(Source("x.yml", "- hosts: all\n  vars:\n" + "".join(lines) + "  tasks:\n" + tasks))
    assert found.unsupported


STRUCTURED = """\
- hosts: all
  vars:
    bip: 172.17.0.1/16
    daemon:
      bip: "{{ bip }}"
      mtu: 1450
      ipv6: no
      dns: ["10.0.0.53", 'a"b']
      default-address-pools:
        - {base: 10.9.0.0/16, size: 24}
  tasks:
    - copy: {dest: /etc/docker/daemon.json, content: "CONTENT"}
"""


@pytest.mark.parametrize("content", ["{{ daemon }}", "{{ daemon | to_json }}", "{{ daemon | to_nice_json(indent=2) }}"])
def test_structures_are_written_as_json(tmp_path: Path, content: str) -> None:
    text = STRUCTURED.replace("CONTENT", content)
    (file,) = parse(Source("site.yml", text))[0].files
    assert not file.completed
    assert json.loads(file.content.text) == {
        "bip": "172.17.0.1/16",
        "mtu": 1450,
        "ipv6": False,
        "dns": ["10.0.0.53", 'a"b'],
        "default-address-pools": [{"base": "10.9.0.0/16", "size": 24}],
    }
    (host,) = site(tmp_path, text).hosts
    assert host.daemon is not None
    bip, pools = host.daemon.text("bip"), host.daemon.pools
    assert bip is not None
    assert pools is not None
    assert pools[0].written is not None
    assert text[bip.span.start : bip.span.end] == "172.17.0.1/16"
    assert text[pools[0].written.span.start : pools[0].written.span.end] == "10.9.0.0/16"


def test_structures_that_a_template_completes(tmp_path: Path) -> None:
    task = "- copy:\n    dest: /etc/docker/daemon.json\n    content: {bip: '{{ x }}', mtu: 1450, insecur: true}"
    whole = site(tmp_path, play(task))
    assert [one.message for one in whole.not_understood] == ["/etc/docker/daemon.json, completed by a template"]
    (host,) = whole.hosts
    assert host.daemon is not None
    assert [(one.name, one.exact) for one in host.daemon.options] == [("bip", False), ("mtu", True), ("insecur", True)]
    unknown = "- copy: {dest: /etc/docker/daemon.json, content: '{{ x | to_nice_json }}'}"
    found = site(tmp_path, play(unknown))
    assert [one.message for one in found.not_understood] == ["/etc/docker/daemon.json, completed by a template"]
