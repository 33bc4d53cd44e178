"""processes: the same bytes as a serial run."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from forecast.backtest import RollingOrigin
from forecast.engine import processes
from forecast.job import Job
from forecast.leaderboard import compare
from forecast.per_group import PerGroup
from forecast.saving import save
from learners.each import UNFINISHED, each
from learners.naive import SeasonalNaive
from tests.examples import LINEAR, panel
from tests.learners import Failing, alone


def test_workers_give_the_same_bytes(tmp_path):
    def run(name):
        entered = {"season": SeasonalNaive(7), "linear": LINEAR, "failing": Failing(370)}
        board = compare(panel(), entered, RollingOrigin(5, folds=2), progress=lambda *now: told.append(now))
        save(PerGroup(LINEAR, ("region",)).fit(panel()), tmp_path / name)
        files = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        return board.frame().drop(columns=["fit_seconds", "predict_seconds"]), board.forecasts("linear"), files

    told: list = []
    frame, table, files = run("serial")
    serial, told[:] = list(told), []
    with processes(2):
        assert each(alone, range(3)) == [True] * 3
        other_frame, other_table, other_files = run("workers")
    assert told == serial
    assert frame.equals(other_frame)
    assert table.equals(other_table)
    assert files == other_files
    assert each(abs, [-1]) == [1]  # serial again


def test_order_is_kept_errors_travel_and_a_dead_worker_is_named():
    offset = 10  # functions of a notebook are not importable: they travel whole

    def plus(item):
        if item == 7:
            raise ValueError("seven")
        return item + offset

    with processes(2):
        np.testing.assert_array_equal(each(plus, [3, 1, 2]), [13, 11, 12])
        with pytest.raises(ValueError, match="seven"):
            each(plus, range(9))
        with pytest.raises(RuntimeError, match="A worker process ended before its work was done"):
            each(os._exit, [1])


def test_one_process_is_serial_and_none_is_refused():
    with processes(1):
        assert each(lambda item: os.getpid(), [0]) == [os.getpid()]
    with processes(2), processes(1):
        assert each(lambda item: os.getpid(), [0, 1]) == [os.getpid()] * 2
    for wrong in (0, 2.5, "4"):
        with pytest.raises(ValueError, match=f"must be a whole number from 1 on, not {wrong!r}"), processes(wrong):
            pass


NO_MORE = """
import time
import forecast.engine
from joblib.externals.loky import reusable_executor
from learners.each import each

forecast.engine.cores = lambda: 3
for until in (None, time.monotonic() + 99.0):
    with forecast.engine.processes(1000, until):
        for items in ([1], [1] * 9, [1]):
            each(abs, items)
            print(len(reusable_executor._executor._processes))
"""


def test_no_more_processes_are_started_than_there_are_cores_or_items():
    """A resize would end some, and start them again for the next items."""
    done = subprocess.run([sys.executable, "-c", NO_MORE], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["2", "3", "3", "3", "3", "3"], done.stderr


def test_a_job_reckons_with_the_processes_that_there_will_be(monkeypatch):
    monkeypatch.setattr("forecast.engine.cores", lambda: 4)
    data = {"time": "day", "target": "sales"}
    found = [Job.of({"data": data, "horizon": 2, "workers": n}).processes for n in (None, 1, 3, 1000)]
    assert found == [1, 1, 3, 4]


@pytest.mark.parametrize("workers", [1, 2])
def test_after_its_time_nothing_is_begun(workers: int) -> None:
    begun = time.monotonic()
    with processes(workers, until=begun - 1.0):
        assert each(time.sleep, [60.0, 60.0, 60.0]) == [UNFINISHED] * 3
    with processes(workers, until=time.monotonic() + 0.01):  # before a worker can have started
        assert each(time.sleep, [60.0, 60.0, 60.0]) == [UNFINISHED] * 3
    assert time.monotonic() - begun < 50


LEAVING = """
import time
from functools import partial
import numpy as np
from forecast.engine import processes
from learners.each import each

def slow(table, seconds):
    time.sleep(seconds)
    return seconds

for until in (2.5, 0.05, 0.6, 0.01, 0.0, 1.0):
    with processes({count}, until=time.monotonic() + until):
        print(each(partial(slow, np.zeros(300_000)), [0.1, 0.02, 30.0])[-1])
"""


@pytest.mark.parametrize("count", [1, 2])
def test_workers_that_are_ended_leave_nothing_behind(count):
    """No files (an array of more than a megabyte is shared as one), no thread that fails."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVING.format(count=count)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout == 6 * "unfinished\n"
    assert done.stderr == ""


ONE_TOO_LONG = """
import time
from functools import partial
import numpy as np
from forecast.engine import processes
from learners.each import each

def slow(table, seconds):
    time.sleep(seconds)
    return seconds

with processes(1, until=time.monotonic() + 50.0, longest=0.5):
    print(each(partial(slow, np.zeros(300_000)), [0.1, 60.0, 0.2, 60.0]))
"""


def test_an_item_that_takes_too_long_does_not_keep_the_others_waiting() -> None:
    done = subprocess.run([sys.executable, "-c", ONE_TOO_LONG], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[0.1, 'unfinished', 0.2, 'unfinished']\n"
    assert done.stderr == ""


KILLED = """
import os, sys, time
from pathlib import Path
from forecast.engine import processes
from learners.each import each

def busy(item):
    (Path(sys.argv[1]) / str(os.getpid())).touch()
    while not item:
        pass
    time.sleep(120)

with processes({how}):
    each(busy, [0, 1])
"""


def at_work(number: int) -> bool:
    status = Path(f"/proc/{number}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a list of processes")
@pytest.mark.parametrize("how", ["2", "2, until=time.monotonic() + 99", "1, until=time.monotonic() + 99"])
def test_workers_end_with_the_process_that_is_killed(how: str, tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", KILLED.format(how=how), str(tmp_path)], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: len(list(tmp_path.iterdir())) == int(how[0]), 30)
    finally:
        parent.kill()
    parent.wait()
    workers = [int(file.name) for file in tmp_path.iterdir()]
    wait_for(lambda: not any(map(at_work, workers)), 5)


def wait_for(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)
