"""One writer a run folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from coopsim.errors import RunFolderBusy
from coopsim.study import lock

HOLD = """
import sys, time
from pathlib import Path
from coopsim.study import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_owner_is_named_while_the_lock_is_held(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        said = lock.owner(tmp_path)
        assert said is not None
        assert (said["pid"], said["host"]) == (os.getpid(), socket.gethostname())
    assert lock.owner(tmp_path) is None


def test_a_second_process_is_told_who_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path) as process:
        with pytest.raises(RunFolderBusy) as caught, lock.held(tmp_path):
            pass
        process.kill()
    assert f"process {process.pid} on {socket.gethostname()}" in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with lock.held(tmp_path), pytest.raises(RunFolderBusy), lock.held(tmp_path):
        pass


def test_a_killed_owner_is_taken_over_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with hold(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        said = lock.owner(tmp_path)
        assert said is not None
        assert said["pid"] == process.pid
        with lock.held(tmp_path):
            said = lock.owner(tmp_path)
            assert said is not None
            assert said["pid"] == os.getpid()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pid": "x"}', "\0\xff"])
def test_an_owner_file_that_says_nothing_is_no_owner(tmp_path: Path, text: str) -> None:
    (tmp_path / lock.OWNER).write_bytes(text.encode("latin-1"))
    with lock.held(tmp_path):
        pass


def test_busy_names_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_PATIENCE", 0.1)
    with lock.held(tmp_path):
        said = {"pid": 7, "host": "elsewhere", "started": "noon"}
        (tmp_path / lock.OWNER).write_text(json.dumps(said))
        with pytest.raises(RunFolderBusy, match="process 7 on elsewhere, started noon"):
            lock.held(tmp_path).__enter__()
        (tmp_path / lock.OWNER).unlink()
        with pytest.raises(RunFolderBusy, match="process \\? on \\?"):
            lock.held(tmp_path).__enter__()


def test_the_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path):
        _ = 1 / 0
    with lock.held(tmp_path):
        pass
