"""Random projects of a base and an override, to which netlint and `docker compose config` 2.40.3 must give one meaning.

Drawn are forms rather than likely files: lists and mappings for the same key, ports said twice in several ways, tags,
nulls. What Compose refuses netlint has to refuse. NETLINT_COMPLETE=1 tries more of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from netlint.api import Project
from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.rule import load_rules, rules_folder
from tests.build.compose_oracle import ABSENT, COMPOSE, Refused, differences, reference, view

COUNT = 500 if os.environ.get("NETLINT_COMPLETE") else 20
REFUSALS = {"NL203", "NL901"}
SERVICES, NETWORKS = "abc", ("n", "m", "e", "default")


class Draw(Random):
    def sometimes(self, share: float) -> bool:
        return self.random() < share

    def pairs(self, names: str, values: list[Any], separator: str = "=") -> object:
        """A mapping, or the list that says the same."""
        chosen = {self.choice(names): self.choice(values) for _ in range(2)}
        return chosen if self.sometimes(0.5) else [f"{name}{separator}{value}" for name, value in chosen.items()]

    def port(self) -> object:
        one, host = self.choice(["80", "81"]), self.choice(["8080", "8081"])
        return self.choice(
            [
                one,
                int(one),
                "80-82",
                f"{host}:{one}",
                f"{host}:{one}/udp",
                f"127.0.0.1:{host}:{one}",
                f"0.0.0.0:{host}:{one}",
                f"[::1]:{host}:{one}",
                f"${{P:-{host}}}:{one}",
                "8080-8082:80-82",
                "127.0.0.1:8080-8082:80-82/udp",
                "8000-8010:80",
                f"127.0.0.1::{one}",
                {"target": int(one), "published": host},
                {"target": 80, "published": host, "mode": "host", "protocol": self.choice(["tcp", "udp"])},
                {"target": 80, "published": "8080-8090", "host_ip": "127.0.0.1"},
            ]
        )

    def attachments(self) -> object:
        names = self.sample(NETWORKS, self.randint(0, 3))
        if self.sometimes(0.5):
            return names
        forms: list[Any] = [
            None,
            {},
            {"aliases": self.sample("xyz", self.randint(0, 2))},
            {"ipv4_address": "10.9.0.7", "priority": self.randint(0, 9)},
            {"gw_priority": self.randint(-3, 9), "aliases": ["x"]},
        ]
        return {name: self.choice(forms) for name in names}

    def service(self, name: str, over: bool) -> dict[str, Any]:
        after = [other for other in SERVICES if other > name]
        drawn: dict[str, Any] = {
            "ports": [self.port() for _ in range(self.randint(1, 3))],
            "networks": self.attachments(),
            "environment": self.pairs("ABC", [1, 2]),
            "labels": self.pairs("ABC", [1, 2]),
            "dns": self.choice(["1.1.1.1", ["8.8.8.8", "1.1.1.1"]]),
            "extra_hosts": self.pairs("hg", ["1.2.3.4", "host-gateway"], self.choice(":=")),
            "expose": [self.choice([80, "80", "90/udp", "80-81"])],
            "profiles": [self.choice("pq")],
            "deploy": {"replicas": self.randint(0, 3), "labels": self.pairs("L", [1, 2])},
        }
        if after:
            other = self.choice(after)
            drawn["links"] = [self.choice([other, f"{other}:x"])]
            drawn["depends_on"] = self.choice([[other], {other: {"condition": "service_started"}}])
        body = {key: value for key, value in drawn.items() if self.sometimes(0.35)}
        if "networks" not in body and self.sometimes(0.1):
            body["network_mode"] = self.choice(["host", "none", "bridge", *(f"service:{other}" for other in after)])
        if not over:
            return {"image": "i", **body}
        for key in drawn:
            if self.sometimes(0.1):
                body[f"!override {key}" if key in body else f"!reset {key}"] = body.pop(key, None)
        return body

    def network(self, over: bool) -> dict[str, Any] | None:
        entries = [
            {
                "subnet": f"10.{self.choice([9, 10])}.0.0/16",
                **({"gateway": "10.9.0.1"} if self.sometimes(0.4) else {}),
                **({"aux_addresses": {self.choice("gh"): "10.9.0.3"}} if self.sometimes(0.4) else {}),
            }
        ]
        drawn: dict[str, Any] = {
            "driver": self.choice(["bridge", "macvlan"]),
            "driver_opts": {self.choice(["parent", "mtu"]): self.choice(["eth0", 1400])},
            "ipam": {"driver": "default", "config": entries},
            "internal": self.choice([True, False, "true"]),
            "enable_ipv6": True,
            "name": self.choice("xy"),
            "labels": self.pairs("l", [1]),
        }
        body = {key: value for key, value in drawn.items() if self.sometimes(0.25)}
        if over and "ipam" not in body and self.sometimes(0.1):
            body["!reset ipam"] = None
        return body or None

    def document(self, over: bool) -> dict[str, Any]:
        services = self.sample(SERVICES, 2) if over else SERVICES
        networks = self.sample(NETWORKS, self.randint(0, 2)) if over else ("n", "m")
        document: dict[str, Any] = {
            "services": {name: self.service(name, over) for name in services},
            "networks": {name: self.network(over) for name in networks},
        }
        if not over:
            document["networks"]["e"] = {"external": True}
            if self.sometimes(0.3):
                document["services"]["a"]["extends"] = self.choice(["b", {"service": "b"}])
        return document


def written(value: object) -> str:
    """YAML in flow style; a key `!tag name` puts the tag before its value."""
    if isinstance(value, dict):
        parts = []
        for key, item in value.items():
            tag, _, name = key.rpartition(" ")
            parts.append(f"{json.dumps(name)}: {tag} {written(item)}")
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return json.dumps(value)


@pytest.mark.skipif(not COMPOSE.exists(), reason=ABSENT)
@pytest.mark.parametrize("seed", range(COUNT))
def test_same_meaning(seed: int, tmp_path: Path) -> None:
    draw, folder = Draw(seed), tmp_path / "shop"
    folder.mkdir()
    for name, over in (("compose.yaml", False), ("compose.override.yaml", True)):
        (folder / name).write_text(written(draw.document(over)), encoding="utf-8")
    try:
        theirs = reference(folder)
    except Refused as error:
        theirs, refused = {}, str(error)
    else:
        refused = ""
    run = check(discover([str(folder)]), load_rules([rules_folder()]), Config())
    problems = [finding for finding in run.findings if finding.code in REFUSALS]
    assert bool(problems) == bool(refused), (refused, problems)
    if not refused:
        [project] = [one for host in run.site.hosts for one in host.projects]
        assert isinstance(project, Project)
        assert not differences(view(project), theirs)
