"""Playbooks and files of tasks are told from the lists of other programs."""

from __future__ import annotations

import pytest

from netlint.sniff import sniff

PLAY = "- hosts: all\n  tasks:\n    - command: ip a\n"
TASK = "- name: x\n  become: true\n  command: ip route add 10.0.0.0/8 dev eth0\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("site.yml", PLAY),
        ("site.yml", "---\n# all\n- import_playbook: other.yml\n" + PLAY),
        ("site.yaml", "- name: a play\n  hosts: all\n  roles: [x]\n  post_tasks:\n  - shell: ip route\n"),
        ("roles/x/tasks/main.yml", "- name: x\n  command: ip a\n"),
        ("roles/x/handlers/main.yml", "- name: x\n  service: {name: docker, state: restarted}\n"),
        ("x.yml", TASK),
        ("x.yml", "- ansible.builtin.command: docker ps\n"),
        ("x.yml", "  - sysctl: name=net.ipv4.ip_forward value=1\n"),
        ("x.yml", '- "name": x\n  "community.docker.docker_network": {name: x}\n'),
        ("x.yml", "- block:\n    - command: ip a\n  become: yes\n"),
    ],
)
def test_recognised(path: str, text: str) -> None:
    assert sniff(text, path) == "ansible"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        # processes, steps, hooks, targets, alerts, hosts, instances: lists of other programs
        ("Procfile.yml", "- name: web\n  command: docker run nginx\n"),
        ("steps.yml", "- name: x\n  run: docker build .\n  shell: bash\n"),
        ("hooks.yml", "- id: x\n  name: docker\n  entry: docker run\n  language: system\n  command: ip\n"),
        ("targets.yml", "- targets: ['docker:9100']\n  labels: {command: ip}\n"),
        ("groups.yml", "- hosts: [docker1, docker2]\n  name: ip\n"),
        ("ingress.yml", "- hosts: [docker]\n  secretName: x\n"),
        ("containers.yml", "- name: web\n  image: nginx\n  command: [ip, a]\n"),
        ("buildspec.yml", "- label: docker\n  command: docker build\n  plugins: []\n"),
        ("hosts.yml", "all:\n  hosts:\n    docker: {command: ip}\n"),
        ("vars/main.yml", "command: ip a\nsysctl: docker\n"),
        ("defaults/main.yml", "rules:\n  - command: ip a\n    become: true\n"),
        ("list.yml", "- docker\n- ip route\n"),
        ("docker-compose.yml", TASK),
        ("x.json", TASK),
        ("README.md", TASK),
        ("broken.yml", TASK + "key: value\n"),
        ("x.yml", "- name: x\n  become: true\n  apt: name=docker\n"),  # nothing for netlint
    ],
)
def test_of_other_programs(path: str, text: str) -> None:
    assert sniff(text, path) != "ansible"
