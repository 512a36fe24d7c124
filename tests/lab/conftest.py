"""The lab runs as root with an engine installed, and only when it is asked for: `pytest -m lab`."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from netlint.proofs import Proof
from tests.lab.compose import Lab
from tests.lab.engine import Engine, programs
from tests.lab.machine import NEIGHBOUR, OWNER, ROUTER, machine
from tests.lab.net import lock
from tests.lab.proofs import write_proofs
from tests.lab.resolver import serve_names

HERE = Path(__file__).parent
PROGRAMS = "ip nsenter unshare sysctl dockerd docker containerd runc iptables nft busybox etcd etcdctl".split()
PROOFS = pytest.StashKey[list[Proof]]()
PARTLY = pytest.StashKey[set[str]]()  # tests of which not every case runs


def why_not(config: pytest.Config) -> str | None:
    """Why the lab does not run here and now."""
    named = any(HERE.is_relative_to(path) or path.is_relative_to(HERE) for path in _paths(config))
    if "lab" not in config.option.markexpr and not named:
        return "the lab runs with: pytest -m lab"
    if os.geteuid() != 0:
        return "the lab needs root for network namespaces"
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"the lab needs the programs {', '.join(absent)}" if absent else None


def _paths(config: pytest.Config) -> list[Path]:
    """The paths inside tests/ that the user gave."""
    paths = [(config.invocation_params.dir / word.partition("::")[0]).resolve() for word in config.args]
    return [path for path in paths if path != HERE.parent and path.is_relative_to(HERE.parent)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reason = why_not(config)
    if reason is not None and config.getoption("--lab-required"):
        raise pytest.UsageError(reason)
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.lab)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))
    which = config.getoption("--engine-tests")
    number, parts = map(int, config.getoption("--part").split("/"))
    files = sorted({item.path for item in items if HERE in item.path.parents})
    out = {item for item in items if item.path in files and item.path not in files[number - 1 :: parts]}
    if which != "all":
        out |= {item for item in items if ("version" in getattr(item, "fixturenames", ())) != (which == "only")}
    if out:
        config.hook.pytest_deselected(items=list(out))
        items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session", autouse=True)
def clean_lab() -> Iterator[None]:
    with lock():
        yield


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function):
            item.config.stash.setdefault(PARTLY, set()).add(f"{item.path.name}::{item.originalname}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" in metafunc.fixturenames:
        versions = str(metafunc.config.getoption("--engines")).split(",")
        metafunc.parametrize("version", versions, indirect=True, scope="session")


@pytest.fixture(scope="session")
def version(request: pytest.FixtureRequest) -> str:
    """Each engine version that a proof runs on."""
    wanted = str(request.param)
    if programs(wanted) is None:
        absent = f"engine {wanted} is not here; run tests/lab/fetch-engines.sh"
        (pytest.fail if request.config.getoption("--lab-required") else pytest.skip)(absent)
    return wanted


@pytest.fixture(scope="module")
def shared(version: str) -> Iterator[Lab]:
    with (
        machine(others=(NEIGHBOUR, OWNER), name="shared") as (host, others),
        Engine(host, version) as engine,
    ):
        serve_names(others, ROUTER, "")  # a LAN has a name server: without one a container waits for a name in vain
        yield Lab(host, others, engine)


@pytest.fixture
def lab(shared: Lab) -> Iterator[Lab]:
    """An engine for the proofs that need nothing but a plain LAN and leave no more than containers and networks."""
    yield shared
    shared.engine.clear()


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`proof(rule="NL101", engine=version, observed="…")` records what the test has seen."""
    proofs = request.config.stash.setdefault(PROOFS, [])
    test = f"{request.path.name}::{request.function.__name__}"

    def record(*, rule: str, engine: str, observed: str) -> None:
        proofs.append(Proof(rule=rule, engine=engine, observed=observed, test=test))

    return record


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With --write-proofs, and only where every proof held, rules/proofs.json says what was seen."""
    proofs = session.config.stash.get(PROOFS, None)
    if exitstatus == 0 and proofs and session.config.getoption("--write-proofs"):
        partly: set[str] = session.config.stash.get(PARTLY, set())
        write_proofs(proofs, partly)
