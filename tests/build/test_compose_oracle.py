"""netlint's model of Compose projects against that of `docker compose` 2.40.3 itself.

Compared are services, their networks with addresses and aliases, ports, network_mode, profiles and names of environment
variables, and the networks with subnets, drivers and options. On the corpus every twelfth file is compared;
NETLINT_COMPLETE=1 compares all of them, and reports as many as could be compared.

Differences that are left, none of them open:

- The names of networks that `external: true` makes known by a variable alone, and all other values that only a variable
  tells: Compose reads them as empty, netlint leaves them open.
- `config` drops networks that no service uses; netlint's project keeps them for the rules (`Project.uses`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.model.host import Site
from tests.build.compose_oracle import ABSENT, COMPOSE, Refused, differences, reference, view

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
COMPLETE = bool(os.environ.get("NETLINT_COMPLETE"))
STEP = 1 if COMPLETE else 12

pytestmark = pytest.mark.skipif(not COMPOSE.exists(), reason=ABSENT)
WEB = "services: {web: {image: w}}\n"
NET = "\nnetworks: {n: , m: }\n"

# Several files of one project, each under the name of what it shows.
PROJECTS: dict[str, dict[str, str]] = {
    "variables of .env": {
        "compose.yaml": "services: {web: {image: w, ports: ['$P:80', '${Q:-81}:81', '${R-82}:${S:+8}2'], networks: {n: "
        "{ipv4_address: $IP}}}}\nnetworks: {n: {ipam: {config: [{subnet: '${NET}.0/24'}]}}}",
        ".env": "P=8080\nQ=\nR=\nS=s\nIP=10.1.2.3 # here\nNET='10.1.2'\n",
    },
    "quotes, comments and forms of .env": {
        "compose.yaml": "services: {web: {image: w, ports: ['$A:1', '$B:2', '$C:3', '$D:4', '$E:5', '$F:6', '$G:7']}}",
        ".env": "# all\n\nexport A=8001\nB: 8002\nC = \"8003\" # c\nD='8004'\nE=$A\nF=${X:-8006}\nX=1\nG=${X}0${Y-0}07\nH\n",
    },
    "COMPOSE_FILE": {
        ".env": "COMPOSE_FILE=a.yaml:sub/b.yaml\nCOMPOSE_PROJECT_NAME=named\n",
        "a.yaml": "name: other\nservices: {web: {image: w, ports: ['80:80']}}",
        "sub/b.yaml": "services: {web: {ports: ['81:81']}, db: {image: d}}",
    },
    "COMPOSE_FILE with a separator, elsewhere": {
        ".env": "COMPOSE_FILE=sub/a.yaml,sub/b.yaml\nCOMPOSE_PATH_SEPARATOR=,\nP=80\n",
        "sub/.env": "P=81\nQ=82\n",
        "sub/a.yaml": "services: {web: {image: w, ports: ['$P:80', '$Q:81']}}",
        "sub/b.yaml": "services: {web: {extends: {file: base.yaml, service: w}}}",
        "sub/base.yaml": "services: {w: {dns: 10.0.0.1, profiles: [p]}}",
    },
    "name of the folder": {"compose.yaml": WEB},
    "name": {"compose.yaml": f"name: 'O wn.'\n{WEB}", "compose.override.yaml": "name: last\n"},
    "name of a variable": {"compose.yaml": f"name: my-$A\n{WEB}", ".env": "A=shop"},
    "the project's name in a value": {
        "compose.yaml": "services: {web: {image: w, networks: [n]}}\nnetworks: {n: {name: '${COMPOSE_PROJECT_NAME}-n'}}"
    },
    "override": {
        "compose.yaml": f"services: {{web: {{image: w, ports: ['80:80'], networks: [n], environment: [A=1]}}}}{NET}",
        "compose.override.yml": "services: {web: {ports: ['81:80', '80:80/tcp', '127.0.0.1:80:80', '80:80/udp', {target: 82,"
        " mode: host}], networks: {m: {aliases: [x]}}, environment: {B: 2}}, db: {image: d}}",
        "compose.override.yaml": "services: {no: {image: n}}",
        "docker-compose.yml": "services: {no: {image: n}}",
    },
    "lists of networks and mappings": {
        "compose.yaml": f"services: {{web: {{image: w, networks: {{n: {{aliases: [a]}}}}}}}}{NET}",
        "compose.override.yaml": "services: {web: {networks: {n: {aliases: [a, b], ipv4_address: 10.0.0.2}, m: }}}",
    },
    "reset": {
        "compose.yaml": f"services: {{web: {{image: w, ports: ['80:80'], networks: [n]}}, db: {{image: d}}}}{NET}",
        "compose.override.yaml": "services: {web: {ports: !reset [], networks: !reset null, network_mode: host},"
        " db: !reset null}",
    },
    "reset in a list": {
        "compose.yaml": "services: {web: {image: w, ports: ['80:80']}}",
        "compose.override.yaml": "services: {web: {ports: [!reset '81:81', '82:82']}}",
    },
    "override tag": {
        "compose.yaml": f"services: {{web: {{image: w, ports: ['80:80'], networks: [n]}}, db: {{image: d}}}}{NET}",
        "compose.override.yaml": "services: {web: {ports: !override ['81:81'], networks: !override [m]}}",
    },
    "null over a value": {
        "compose.yaml": "services: {web: {image: w, networks: [n]}}\nnetworks: {n: {driver: macvlan}}",
        "compose.override.yaml": "services: {web: }\nnetworks: {n: }",
    },
    "ipam": {
        "compose.yaml": "services: {web: {image: w, networks: [n, m]}}\nnetworks: {n: {ipam: {config: [{subnet: 10.1.0.0/24,"
        " gateway: 10.1.0.1}, {subnet: 10.2.0.0/24}]}}, m: {ipam: {config: [{subnet: 10.3.0.0/24, gateway: 10.3.0.9}]}}}",
        "compose.override.yaml": "networks: {n: {ipam: {config: [{subnet: 10.4.0.0/24}]}}, m: {ipam: {config: [{subnet:"
        " 10.3.0.0/24, ip_range: 10.3.0.0/25}]}}}",
    },
    "external": {
        "compose.yaml": "services: {web: {image: w, networks: [n]}}\nnetworks: {n: {driver: macvlan}}",
        "compose.override.yaml": "networks: {n: {external: true}}",
    },
    "documents": {
        "compose.yaml": "services: {web: {image: w, ports: ['80:80']}}\n---\nservices: {web: {ports: ['81:81']}}\n"
    },
    "extends": {
        "compose.yaml": "services:\n  base: {image: b, ports: ['80:80'], networks: [n], environment: [A=1], profiles: [p]}\n"
        "  short: {extends: base, ports: ['81:80']}\n  long: {extends: {service: short}, networks: [m], environment: {B: 2}}\n"
        f"  reset: {{extends: base, ports: !reset [], networks: !override [m]}}{NET}",
    },
    "extends from a file": {
        "compose.yaml": f"services: {{web: {{extends: {{file: sub/base.yaml, service: a}}, ports: ['$P:80']}}}}{NET}",
        "sub/base.yaml": "name: no\nservices: {a: {extends: {file: deep.yaml, service: q}, networks: [n]}, u: {image: u}}\n"
        "networks: {n: {driver: macvlan}}",
        "sub/deep.yaml": "services: {q: {extends: r, env_file: w.env}, r: {image: r, ports: ['${P}1:81'], dns: 10.0.0.2}}",
        "sub/w.env": "IN_SUB=1\n",
        "w.env": "IN_TOP=1\n",
        ".env": "P=80",
        "sub/.env": "P=90",
    },
    "extends before an override": {
        "compose.yaml": "services: {a: {extends: b}, b: {image: q}}",
        "compose.override.yaml": "services: {b: {ports: ['1:1']}, a: {extends: c}, c: {image: c, ports: ['2:2']}}",
    },
    "extends with documents": {
        "compose.yaml": "services: {a: {extends: {file: base.yaml, service: b}}}",
        "base.yaml": "services: {b: {image: x}}\n---\nservices: {b: {ports: ['1:1']}}\n",
    },
    "a reset beside extends": {
        "compose.yaml": "services: {a: {image: a, ports: ['1:1']}}",
        "compose.override.yaml": "services: {a: {extends: b, ports: !reset []}, b: {image: b, ports: ['2:2']}}",
    },
    "names by defaults": {
        "compose.yaml": "services: {a: {extends: {file: '${F:-base.yaml}', service: '${S:-b}'}}}\ninclude: ['${D:-sub}/i.yaml']",
        "base.yaml": "services: {b: {image: x, ports: ['1:1']}}",
        "sub/i.yaml": "services: {c: {image: x}}",
    },
    "include": {
        "compose.yaml": f"include: [sub/compose.yaml]\n{WEB}",
        "sub/compose.yaml": "name: no\nservices: {db: {image: d, ports: ['$P:1', '$Q:2'], networks: [n]}}\nnetworks: {n: }",
        "sub/compose.override.yaml": "services: {db: {ports: ['3:3']}}",
        "sub/.env": "P=81\nQ=82\n",
        ".env": "P=80\n",
    },
    "include in full": {
        "compose.yaml": "include: [{path: [sub/a.yaml, sub/b.yaml], env_file: [1.env, 2.env], project_directory: other}]",
        "sub/a.yaml": "services: {db: {image: d, ports: ['$P:1']}}",
        "sub/b.yaml": "include: [n.yaml]\nservices: {db: {ports: ['$Q:2'], env_file: [w.env, {path: no.env, required: false}],"
        " extends: {file: e.yaml, service: e}}}",
        "other/n.yaml": "services: {n: {image: n}}",
        "other/e.yaml": "services: {e: {ports: ['5:5']}}",
        "other/w.env": "IN_OTHER=1\n",
        "other/.env": "P=90",
        "1.env": "P=81",
        "2.env": "Q=82\nP=83",
    },
    "include and override": {
        "compose.yaml": f"include: [sub/a.yaml]\n{WEB}",
        "compose.override.yaml": "include: [sub/b.yaml]\nservices: {a: {ports: ['3:3']}}",
        "sub/a.yaml": "services: {a: {image: a}}",
        "sub/b.yaml": "services: {b: {image: b}}",
    },
    "include twice": {
        "compose.yaml": "include: [a.yaml, b.yaml]",
        "a.yaml": "include: [c.yaml]",
        "b.yaml": "include: [c.yaml]\nservices: {b: {image: b}}",
        "c.yaml": "services: {c: {image: c, networks: [n]}}\nnetworks: {n: {driver: macvlan}}",
    },
    "networks across includes": {
        "compose.yaml": "include: [sub/a.yaml]\nservices: {web: {image: w, networks: [n, default]}}\nnetworks: {m: }",
        "sub/a.yaml": "services: {a: {image: a, networks: [n, m]}, b: {image: b}}\nnetworks: {n: , default: {internal: true}}",
    },
    "environments of nested includes": {
        "compose.yaml": "include: [sub/compose.yaml]",
        "sub/compose.yaml": "include: [deep/compose.yaml]",
        "sub/deep/compose.yaml": "services: {e: {image: e, ports: ['$P:1', '$Q:2']}}",
        "sub/.env": "P=80",
        "sub/deep/.env": "P=81\nQ=82",
    },
    "env_file": {
        "compose.yaml": "services: {web: {image: w, env_file: [a.env, {path: b.env, format: raw}], environment: {A: x}}}",
        "a.env": "A=1\nexport B=2\nC: 3\n",
        "b.env": "D=4\n",
    },
    "anchors, fragments and profiles": {
        "compose.yaml": "x-base: &base {image: b, ports: ['80:80']}\nservices: {a: {<<: *base, profiles: [p, q]}, b: {<<:"
        " [*base, {image: c}], networks: []}, c: {image: c, networks: {}}}\nx-more: 1\n",
    },
    "a stack": {
        "compose.yaml": "version: '3.8'\nservices: {web: {image: w, deploy: {replicas: 2, placement: {constraints: [a==b]}},"
        " ports: [{target: 80, published: 8080, mode: host}], networks: [n]}}\nnetworks: {n: {driver: overlay, attachable: true}}",
    },
    "version 2": {
        "compose.yaml": "version: '2.4'\nservices: {web: {image: w, network_mode: host, scale: 2}, db: {image: d, networks:"
        " {n: {ipv4_address: 10.5.0.2}}}}\nnetworks: {n: {external: {name: far}}}",
    },
}


@pytest.mark.parametrize("files", PROJECTS.values(), ids=PROJECTS.keys())
def test_projects(files: dict[str, str], tmp_path: Path) -> None:
    folder = written(files, tmp_path)
    site = site_of(folder)
    assert not [(problem.message, problem.span) for problem in site.unreadable]
    named = COMPOSE_NAMES.search(files.get(".env", ""))
    first = named[1] if named else next(name for name in files if name.startswith("compose."))
    [project] = [one for host in site.hosts for one in host.projects if one.files[0] == first]
    assert not differences(view(project), reference(folder))


COMPOSE_NAMES = re.compile(r"COMPOSE_FILE=([\w./]+)")

# What Compose refuses, the place that netlint names (a file and its text there) and the beginning of its message.
REFUSED: dict[str, tuple[dict[str, str], str, str, str]] = {
    "extends in a circle": (
        {"compose.yaml": "services: {a: {extends: b}, b: {extends: a, image: x}}"},
        "compose.yaml",
        "a",
        "service a extends itself through b",
    ),
    "extends of itself": (
        {"compose.yaml": "services: {a: {extends: a, image: x}}"},
        "compose.yaml",
        "a",
        "service a extends itself",
    ),
    "extends in a circle of files": (
        {
            "compose.yaml": "services: {a: {extends: {file: base.yaml, service: b}}}",
            "base.yaml": "services: {b: {extends: {file: compose.yaml, service: a}, image: x}}",
        },
        "base.yaml",
        "a",
        "service a extends itself through b",
    ),
    "extends of nothing": (
        {"compose.yaml": "services: {a: {extends: zz, image: x}}"},
        "compose.yaml",
        "zz",
        "service a extends zz, which compose.yaml does not define",
    ),
    "extends of nothing in a file": (
        {"compose.yaml": "services: {a: {extends: {file: b.yaml, service: b}}}", "b.yaml": "services: {c: {image: x}}"},
        "compose.yaml",
        "b",
        "service a extends b, which b.yaml does not define",
    ),
    "extends of a missing file": (
        {"compose.yaml": "services: {a: {extends: {file: ./sub/b.yaml, service: b}}}"},
        "compose.yaml",
        "./sub/b.yaml",
        "sub/b.yaml, that service a extends, is not there",
    ),
    "extends without a service": (
        {"compose.yaml": "services: {a: {extends: {file: b.yaml}}}", "b.yaml": WEB},
        "compose.yaml",
        "{file: b.yaml}",
        "extends of service a names no service",
    ),
    "a missing file included": (
        {"compose.yaml": f"include: [sub/b.yaml]\n{WEB}"},
        "compose.yaml",
        "sub/b.yaml",
        "sub/b.yaml, included here, is not there",
    ),
    "a folder included": (
        {"compose.yaml": f"include: [sub]\n{WEB}", "sub/compose.yaml": WEB},
        "compose.yaml",
        "sub",
        "sub, included here, is a directory",
    ),
    "include in a circle": (
        {"compose.yaml": f"include: [a.yaml]\n{WEB}", "a.yaml": "include: [compose.yaml]\nservices: {d: {image: x}}"},
        "a.yaml",
        "compose.yaml",
        "compose.yaml includes itself through a.yaml",
    ),
    "include of no list": (
        {"compose.yaml": f"include: a.yaml\n{WEB}", "a.yaml": "services: {b: {image: b}}"},
        "compose.yaml",
        "a.yaml",
        "include is a single value, not a list",
    ),
    "a service defined twice": (
        {"compose.yaml": "include: [a.yaml]\nservices: {db: {image: z}}", "a.yaml": "services: {db: {image: y}}"},
        "compose.yaml",
        "db",
        "service db is defined in a.yaml too, which is included",
    ),
    "a network defined twice": (
        {
            "compose.yaml": f"include: [a.yaml]\n{WEB}networks: {{n: {{driver: overlay}}}}",
            "a.yaml": "services: {db: {image: y, networks: [n]}}\nnetworks: {n: {}}",
        },
        "compose.yaml",
        "n",
        "network n is defined in a.yaml too, which is included",
    ),
    "a file of COMPOSE_FILE": (
        {".env": "COMPOSE_FILE=compose.yaml:far.yaml", "compose.yaml": WEB},
        "compose.yaml",
        "services",
        "far.yaml, named by COMPOSE_FILE in .env, is not there",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refused(case: tuple[dict[str, str], str, str, str], tmp_path: Path) -> None:
    files, path, text, message = case
    folder = written(files, tmp_path)
    with pytest.raises(Refused):
        reference(folder)
    found = [
        (one.span.source, files[one.span.source][one.span.start : one.span.end], one.message)
        for one in site_of(folder).unreadable
    ]
    assert found == [(path, text, message)]


def written(files: dict[str, str], parent: Path) -> Path:
    """A folder `shop` with the files."""
    folder = parent / "shop"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def site_of(folder: Path) -> Site:
    return build(discover([str(folder)]), Config())[0]
