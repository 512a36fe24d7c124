"""Work that several processes do comes out whole, also where one of them is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netlint import parallel
from netlint.parallel import in_parallel

HERE = os.getpid()


def _with_process(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def _dies_elsewhere(number: int) -> int:
    if number == 3 and os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does for want of memory
    return number


@pytest.fixture
def forking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here asks the diagrams that other tests may have left."""
    monkeypatch.setattr(parallel, "_may_fork", lambda: True)


@pytest.mark.usefixtures("forking")
def test_each_part_is_done_once() -> None:
    done = dict(in_parallel(_with_process, range(40), 2))
    assert {number: square for number, (square, _) in done.items()} == {number: number**2 for number in range(40)}
    assert HERE not in {process for _, process in done.values()}


@pytest.mark.usefixtures("forking")
def test_a_lost_process_leaves_its_work_to_this_one() -> None:
    assert sorted(in_parallel(_dies_elsewhere, range(20), 2)) == [(number, number) for number in range(20)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_comes_out(jobs: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda number: 1 // number, range(5), jobs))


def test_no_copy_of_diagrams() -> None:
    """A process that has diagrams does the work itself."""
    code = (
        "import os; from netlint.dataplane.space import PacketSpace; from netlint.parallel import in_parallel;"
        "space = PacketSpace(4, []); here = os.getpid();"
        "assert [one for _, one in in_parallel(lambda _: os.getpid(), range(4), 2)] == [here] * 4"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
