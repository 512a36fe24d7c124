"""daemon.json as a template: what is literal is read, what the template decides is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.parse import json
from netlint.parse.daemon_json import OPEN, parse
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.rule import load_rules, rules_folder
from netlint.run import Run
from netlint.source import Source


def plain(node: Node) -> object:
    match node:
        case Scalar(tag=tag, value=value, text=text):
            return f"open {text}" if tag == OPEN else value
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(entries=entries):
            return {entry.key.text: plain(entry.value) for entry in entries}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('{"mtu": {{ mtu }}, "ipv6": true}', {"mtu": "open {{ mtu }}", "ipv6": True}),
        ('{"mtu": {{ a }}4{{ b }}, "ipv6": true}', {"mtu": "open {{ a }}4{{ b }}", "ipv6": True}),
        ('{"mtu": <%= @mtu %>, "ipv6": true}', {"mtu": "open <%= @mtu %>", "ipv6": True}),
        ('{"mtu": ${MTU}, "ipv6": $IPV6}', {"mtu": "open ${MTU}", "ipv6": "open $IPV6"}),
        ('{"mtu": #{mtu}, "ipv6": $(x y)}', {"mtu": "open #{mtu}", "ipv6": "open $(x y)"}),
        ('{ {{ key }}: 1, "ipv6": true}', {"{{ key }}": 1, "ipv6": True}),
        ('{"a": 1,\n{% if x %}\n  "mtu": 5,\n{% endif %}\n  "ipv6": true}', {"a": 1, "ipv6": True}),
        (
            '{"a": 1,\n<% if x -%>\n  "mtu": 5,\n<% else %>"mtu": 6,\n<% end -%>\n  "ipv6": true}',
            {"a": 1, "ipv6": True},
        ),
        ('{"a": 1, {{- if .X }} "mtu": 5, {{ else }} "x": 1, {{ end }} "ipv6": true}', {"a": 1, "ipv6": True}),
        ('{"a": 1, {{#x}} "mtu": 5, {{/x}} "ipv6": true}', {"a": 1, "ipv6": True}),
        ('{"a": 1, %{ if x } "mtu": 5, %{ endif } "ipv6": true}', {"a": 1, "ipv6": True}),
        ('{"a": {% if x %}1{% else %}2{% endif %}, "b": 1}', {"a": "open {% if x %}1{% else %}2{% endif %}", "b": 1}),
        ('{"dns": [{{ a }}, "10.0.0.1"]}', {"dns": ["open {{ a }}", "10.0.0.1"]}),
        ('{"dns": [{% for d in x %}"{{ d }}",{% endfor %}]}', {"dns": ['open {% for d in x %}"{{ d }}",{% endfor %}']}),
        ('{"dns": ["a"{% if x %}, "b"{% endif %}]}', {"dns": ["a", "open {"]}),
        ('{"a": "{{ x | default("1") }}", "b": 2}', {"a": "{{ x | default('1') }}", "b": 2}),
        ('{{ comment }}\n{"a": 1 {# not this #}}', {"a": 1}),
        ('{% if a %}{% if b %}"x": 1{% endif %}{% endif %}{"a": 1}', {"a": 1}),
        ('{% endif %}{"a": 1}', {"a": 1}),
    ],
)
def test_trees(text: str, tree: object) -> None:
    documents, problems = parse(Source("daemon.json", text))
    assert [plain(document) for document in documents] == [tree]
    marks = [one for one in problems if one.message == "this is a mark of a template"]
    assert bool(marks) == (text != '{"a": "{{ x | default("1") }}", "b": 2}')


def test_places() -> None:
    text = '{\n{% if x %}\n"a": 1,\n{% endif %}\n"mtu": {{ mtu }},\n"bip": "10.0.0.1/24"\n}'
    (root,), problems = parse(Source("x", text))
    assert isinstance(root, Mapping)
    mtu, bip = root.get("mtu"), root.get("bip")
    assert isinstance(mtu, Scalar)
    assert isinstance(bip, Scalar)
    source = Source("x", text)
    assert (source.slice(mtu.part(0, len(mtu.text))), source.slice(bip.part(0, 8))) == ("{{ mtu }}", "10.0.0.1")
    assert [source.slice(one.span)[:9] for one in problems] == ["{% if x %", "{{ mtu }}"]


def test_without_marks_it_is_json() -> None:
    text = '{"bip": "10.0.0.1/24", "labels": ["$5"], "x": [1, {"a": null}]}'
    assert parse(Source("x", text)) == json.parse(Source("x", text))


def test_nothing_left_to_read() -> None:
    documents, problems = parse(Source("x", "{{ config | to_nice_json }}\n"))
    assert not documents
    assert problems[0].fatal


def test_hostile() -> None:
    for text in ("{{" * 200_000, '{"a": "' + "{{ " * 200_000, "{% if x %}" * 100_000, "[" + "{{ a }}," * 50_000):
        parse(Source("x", text))
    text = '{"a": ["x"{% if x %}, "b"{% endif %}], "mtu": <%= "1" %>, "b": "${x}", {{- if .X }} 1 {{ end }} "c": 1}'
    for end in range(len(text)):
        parse(Source("x", text[:end]))


def run(folder: Path, name: str, text: str) -> Run:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    rules = load_rules([rules_folder()])
    return check(discover([str(folder)]), rules, Config())


POOLS = """\
{
  "default-address-pools": [{"base": "10.0.0.0/16", "size": {{ size }} }, {"base": "{{ base }}", "size": 24}],
  "mtu": {{ mtu }},
  "dns": [{% for one in servers %}"{{ one }}"{% endfor %}],
  "iptables": false
}
"""


def test_what_is_open_is_no_fact(tmp_path: Path) -> None:
    found = run(tmp_path, "daemon.json.j2", POOLS)
    assert [finding.code for finding in found.findings] == ["NL309", "NL902"]
    assert [file.status for file in found.coverage.files] == ["partial"]


def test_variables_of_a_repository_and_of_a_host(tmp_path: Path) -> None:
    text = '{"mtu": ${MTU}}\n'
    assert [one.code for one in run(tmp_path / "a", "conf/daemon.json", text).findings] == ["NL902"]
    assert [one.code for one in run(tmp_path / "b", "etc/docker/daemon.json", text).findings] == ["NL901"]


def test_written_by_a_script(tmp_path: Path) -> None:
    text = """\
#!/bin/sh
cat > /etc/docker/daemon.json <<EOF
{"bip": "${BIP}", "mtu": $MTU, "iptables": false, "insecur": $(cat x)}
EOF
if true; then
  cat > /etc/docker/daemon.json <<EOF
{"iptables": true}
EOF
fi
systemctl restart docker
"""
    found = run(tmp_path, "setup.sh", text)
    assert {finding.code for finding in found.findings} == {"NL302", "NL309", "NL902"}
    told = [finding.message for finding in found.findings if finding.code == "NL902"]
    assert told == [
        "/etc/docker/daemon.json, completed by variables",
        "/etc/docker/daemon.json, which only may be written",
    ]


def test_written_by_ansible(tmp_path: Path) -> None:
    text = """\
- hosts: all
  tasks:
    - copy:
        dest: /etc/docker/daemon.json
        content: |
          {
            "bip": "{{ bip }}",
            "mtu": {{ mtu }},
            "insecur": true
          }
"""
    found = run(tmp_path, "play.yml", text)
    places = [(one.code, found.sources["play.yml"].slice(one.at)) for one in found.findings]
    assert places == [("NL302", "insecur"), ("NL902", "/etc/docker/daemon.json")]
