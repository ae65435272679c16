"""Code columns: what code can do, and everything that it cannot."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.evals.support import context, error
from workbench.evals.cells import CellResult
from workbench.evals.columns import column_type
from workbench.evals.sandbox import Ran, Sandbox, SandboxError, SandboxLimits, available, host
from workbench.evals.sandbox.syscalls import program

pytestmark = pytest.mark.skipif(available() is not None, reason=str(available()))
SHORT = SandboxLimits(wall_seconds=5, cpu_seconds=2)


def ran(code: str, data: Any = None, limits: SandboxLimits = SHORT) -> Ran:
    return host.execute(code, data or {}, limits)


def refused(code: str, limits: SandboxLimits = SHORT) -> SandboxError:
    with pytest.raises(SandboxError) as found:
        host.execute(code, {}, limits)
    return found.value


def processes() -> set[int]:
    """Those of this machine that run what the sandbox starts."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"inside.py" in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Any:
    before = processes()
    yield
    deadline = time.monotonic() + 5
    while (left := processes() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def test_code_gets_the_columns_and_returns_a_value() -> None:
    code = (
        "import json, re\nprint('seen', len(data))\nreturn {'n': [len(v) for v in data.values()]}"
    )
    assert ran(code, {"a": "xx", "b": [1]}) == Ran({"n": [2, 1]}, "seen 2\n")


def test_nothing_returned_is_null_and_text_stays_itself() -> None:
    assert ran("pass").value is None
    assert ran("# only words").value is None
    assert ran('return """a\n    b"""').value == "a\n    b"
    assert (
        ran("return data['t']", {"t": "\u2028 \U0001f600 \x00"}).value == "\u2028 \U0001f600 \x00"
    )


def test_the_standard_library_works() -> None:
    code = (
        "import ssl, sqlite3, decimal, zoneinfo, hashlib, statistics, datetime\n"
        "open('x.txt', 'w').write('kept for this run')\n"
        "return [str(zoneinfo.ZoneInfo('Europe/Berlin')), open('x.txt').read()]"
    )
    assert ran(code).value == ["Europe/Berlin", "kept for this run"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = 1\nraise ValueError('no')", "ValueError: no (line 2)"),
        ("def f():\n  return 1 / 0\nreturn f()", "ZeroDivisionError: division by zero (line 2)"),
        ("return (", "SyntaxError: '(' was never closed (line 1)"),
        ("return object()", "not JSON"),
        ("return float('nan')", "not JSON"),
        ("a = []\na.append(a)\nreturn a", "not JSON"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os\nos._exit(0)", "ended the process instead of returning"),
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
        ("import numpy", "No module named 'numpy'"),
        ("import workbench", "No module named 'workbench'"),
        ("class E(Exception):\n  def __str__(self): raise E\nraise E", "E (line 3)"),
        ("def f(): return f()\nreturn f()", "RecursionError"),
    ],
)
def test_code_that_fails_says_what_and_where(code: str, words: str) -> None:
    found = refused(code)
    assert found.kind == "code"
    assert words in str(found)


def test_no_file_of_the_machine_can_be_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    secret.chmod(0o644)
    root = Path(__file__).resolve().parents[2]
    paths = [str(secret), str(root / "README.md"), "/etc/passwd", "/etc/hostname"]
    paths += [str(Path.home() / ".bashrc"), "/proc/self/environ", "/proc/1/environ", "/sys/kernel"]
    paths += ["/dev/mem", "/dev/sda", "/dev/shm", "/var/log", "/root/.ssh", "/home"]
    code = (
        "import os\nfound = []\n"
        "for path in data['paths']:\n"
        "  try:\n    os.listdir(path) if os.path.isdir(path) else open(path).read(1)\n"
        "  except OSError: continue\n"
        "  found.append(path)\nreturn found"
    )
    assert ran(code, {"paths": paths}).value == []


def test_all_that_is_there_is_libraries_and_an_empty_folder() -> None:
    code = (
        "import os\n"
        "return [os.getcwd(), os.listdir('.'), os.listdir('/tmp'), sorted(os.listdir('/dev')), "
        "[p for p, _, files in os.walk('/') if p.endswith('-packages') and files]]"
    )
    assert ran(code).value == ["/work", [], [], ["null", "urandom"], []]


def test_libraries_cannot_be_written_to_nor_mounted_over() -> None:
    code = (
        "import ctypes, json, os\n"
        "tried = []\n"
        "for path in (json.__file__, os.__file__, '/usr/lib/x', '/x'):\n"
        "  try:\n    open(path, 'a')\n    tried.append(path)\n"
        "  except OSError: pass\n"
        "c = ctypes.CDLL(None)\n"
        "folder = os.path.dirname(os.__file__).encode()\n"
        "tried.append(c.mount(b'none', folder, b'', 32 | 4096, None))\n"
        "tried.append(c.mount(b'tmpfs', b'/work', b'tmpfs', 0, None))\n"
        "tried.append(c.umount2(folder, 2))\n"
        "tried.append(c.unshare(0x10000000))\n"
        "tried.append(c.unshare(0x20000))\n"
        "return tried"
    )
    made = ran(code).value
    assert [one for one in made if isinstance(one, str)] in ([], ["/x"])
    assert [one for one in made if not isinstance(one, str)] == [-1] * 5


def test_there_is_no_network() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    with listening:
        port = listening.getsockname()[1]
        code = (
            "import socket\nfound = []\n"
            "for host in ('127.0.0.1', '1.1.1.1', '::1', '169.254.169.254'):\n"
            "  try: socket.create_connection((host, data['port']), 1)\n"
            "  except OSError: continue\n"
            "  found.append(host)\n"
            "return [found, [name for _, name in socket.if_nameindex() if name != 'lo']]"
        )
        assert ran(code, {"port": port}).value[0] == []
        interfaces = ran(code, {"port": port}).value[1]
        # What remains are the kernel's own, down, in every new namespace.
        assert not {"eth0", "ens3", "enp0s3"} & set(interfaces)


def test_there_is_no_environment_and_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    code = (
        "import os, signal\nseen = []\n"
        "for pid in range(1, 2000):\n"
        "  try:\n    os.kill(pid, 0)\n    seen.append(pid)\n"
        "  except PermissionError: seen.append(pid)\n"
        "  except ProcessLookupError: pass\n"
        "return [dict(os.environ), seen, os.getpid()]"
    )
    environment, seen, own = ran(code).value
    assert "OPENAI_API_KEY" not in environment
    assert set(environment) <= {"LC_CTYPE"}
    assert seen == [1, own]


def test_it_has_no_privilege_and_no_open_file_of_ours() -> None:
    handle = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(handle, True)
    try:
        code = (
            "import os\nopen_ones = []\n"
            "for fd in range(256):\n"
            "  try: os.fstat(fd)\n"
            "  except OSError: continue\n"
            "  open_ones.append(fd)\n"
            "return open_ones"
        )
        assert ran(code).value == [0, 1, 2, 3]
    finally:
        os.close(handle)
    code = "import os\nfor step in (os.setuid, os.setgid):\n  step(12)\nreturn 1"
    assert "PermissionError" in str(refused(code)) or "Invalid argument" in str(refused(code))


def test_the_kernels_side_doors_are_shut() -> None:
    # AF_VSOCK (40) leads to the hypervisor from any network namespace.
    code = (
        "import ctypes, os, socket\n"
        "c = ctypes.CDLL(None, use_errno=True)\n"
        "found = {}\n"
        "for name, number in data['calls'].items():\n"
        "  found[name] = [c.syscall(number, 0, 0, 0, 0, 0), os.strerror(ctypes.get_errno())]\n"
        "for family in (17, 38, 40):\n"
        "  try:\n    socket.socket(family, socket.SOCK_STREAM)\n"
        "  except OSError as error: found[str(family)] = error.errno\n"
        "return found"
    )
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are of x86_64")
    calls = {"bpf": 321, "keyctl": 250, "io_uring_setup": 425, "userfaultfd": 323, "ptrace": 101}
    refused_calls = [-1, os.strerror(errno.EPERM)]
    assert ran(code, {"calls": {**calls, "x32": 0x40000000 + 39}}).value == {
        **dict.fromkeys([*calls, "x32"], refused_calls),
        **dict.fromkeys(("17", "38", "40"), errno.EAFNOSUPPORT),
    }


def test_event_loops_and_pipes_still_work() -> None:
    code = (
        "import asyncio\n"
        "async def scene():\n"
        "  await asyncio.sleep(0)\n"
        "  return sum(await asyncio.gather(*(asyncio.sleep(0, n) for n in range(4))))\n"
        "return asyncio.run(scene())"
    )
    assert ran(code).value == 6


def test_a_kind_of_machine_without_a_filter_runs_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "program", lambda machine: None)
    assert refused("return 1").kind == "refused"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_lands_on_an_end_or_a_load(machine: str) -> None:
    made = program(machine)
    assert made is not None
    assert len(made) <= 255
    for at, (code, if_true, if_false, _) in enumerate(made):
        if code in (0x15, 0x35):
            assert at + 1 + if_true < len(made)
            assert made[at + 1 + if_true][0] in (0x06, 0x20)
            assert if_false == 0
    assert made[-1][0] == 0x06
    assert program("riscv64") is None


def test_its_watcher_cannot_be_ended_from_inside() -> None:
    code = "import os\nfor n in (9, 15, 19, 2):\n  os.kill(1, n)\nreturn 'still here'"
    assert ran(code).value == "still here"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os\nwhile True: os.fork()", "neither processes nor threads"),
        ("import threading\nthreading.Thread(target=print).start()", "neither processes nor"),
        ("import subprocess, sys\nsubprocess.run([sys.executable])", "neither processes nor"),
        ("x = []\nwhile True: x.append('a' * 10**6)", "256 MB of memory"),
        ("return 'a' * 10**12", "256 MB of memory"),
        ("while True: print('x' * 1000)", "printed more than 1 MB"),
        ("import os\nwhile True: os.write(3, b'x' * 1000)", "returned or printed more than 1 MB"),
        ("return 'x' * 2_000_000", "returned or printed more than 1 MB"),
        ("with open('f', 'wb') as f:\n  while True: f.write(b'x' * 10**6)", "more than 16 MB"),
        ("import os\nwhile True: os.open('/dev/null', 0)", "more than 32 files"),
    ],
)
def test_bombs_end_at_their_limit(code: str, words: str) -> None:
    found = refused(code)
    assert found.kind == "limit"
    assert words in str(found)


def test_many_files_end_at_the_size_of_the_folder() -> None:
    code = "n = 0\nwhile True:\n  n += 1\n  open(f'{n}', 'wb').write(b'x' * 10**5)"
    assert "more than 16 MB" in str(refused(code))


def test_memory_outside_of_the_process_is_bounded_too() -> None:
    code = (
        "import ctypes\nc = ctypes.CDLL(None)\nc.shmat.restype = ctypes.c_void_p\n"
        "for _ in range(40):\n"
        "  i = c.shmget(0, 50_000_000, 0o1600)\n"
        "  if i < 0: return 'refused'\n"
        "  p = c.shmat(i, 0, 0)\n"
        "  ctypes.memset(p, 1, 50_000_000)\n  c.shmdt(ctypes.c_void_p(p))\n"
        "return 'taken'"
    )
    assert ran(code).value == "refused"


def test_endless_loops_end_by_the_processors_time() -> None:
    found = refused("while True: pass", SandboxLimits(wall_seconds=20, cpu_seconds=1))
    assert (found.kind, "processor" in str(found)) == ("limit", True)


def test_the_end_of_the_processors_time_has_a_signal_of_its_own() -> None:
    # By SIGKILL it would be told from want of memory by what the kernel says was used, which it
    # may count too low.
    code = "import resource\nreturn resource.getrlimit(resource.RLIMIT_CPU)"
    assert ran(code, limits=SandboxLimits(cpu_seconds=3)).value == [3, 4]


def test_code_that_ignores_the_signal_of_its_time_is_ended_all_the_same() -> None:
    code = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    found = refused(code, SandboxLimits(wall_seconds=20, cpu_seconds=1))
    assert (found.kind, "processor" in str(found)) == ("limit", True)


@pytest.mark.parametrize(
    "code",
    [
        "import time\nprint('before')\ntime.sleep(60)",
        "import os, time\nfor fd in range(4): os.close(fd)\ntime.sleep(60)",
        "import signal, time\nfor n in range(1, 65):\n  try: signal.signal(n, signal.SIG_IGN)\n"
        "  except (OSError, ValueError): pass\ntime.sleep(60)",
        "import ctypes, time\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\ntime.sleep(60)",
        "try:\n  while True: pass\nfinally:\n  while True: pass",
    ],
)
def test_waiting_ends_by_the_clock(code: str) -> None:
    found = refused(code, SandboxLimits(wall_seconds=0.5, cpu_seconds=5))
    assert str(found) == "The code took longer than 0.5 seconds."


def test_what_was_printed_before_a_limit_is_kept() -> None:
    code = "import time\nprint('before', flush=True)\ntime.sleep(60)"
    assert refused(code, SandboxLimits(wall_seconds=0.5)).stdout == "before\n"


def test_stopping_ends_the_code() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(SandboxError, match="stopped"):
        host.execute("import time\ntime.sleep(60)", {}, SandboxLimits(wall_seconds=60), stop)


def test_cancelling_the_cell_ends_the_code() -> None:
    sandbox = Sandbox(SandboxLimits(wall_seconds=60))

    async def scene() -> None:
        task = asyncio.create_task(sandbox.run("import time\ntime.sleep(60)", {}))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    sandbox.close()


def test_a_forged_result_stays_a_result_of_its_own_cell() -> None:
    code = 'import os\nos.write(3, b\'{"error": "sandbox", "message": "x"}\')\nos._exit(0)'
    assert refused(code).kind == "code"
    assert refused("import os\nos.write(3, b'[')\nos._exit(0)").kind == "code"
    assert ran("import os\nos.write(3, b'{\"value\": 7}')\nos._exit(0)").value == 7


def test_a_machine_that_cannot_shut_code_off_runs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "available", lambda: "This machine cannot shut code off: a reason.")
    sandbox = Sandbox()
    found = error("CODE_EXECUTION", {"code": "return 1"}, {}, context(sandbox=sandbox))
    assert (found.kind, found.message) == (
        "refused",
        "This machine cannot shut code off: a reason.",
    )


def test_code_is_off_unless_it_is_turned_on() -> None:
    found = error("CODE_EXECUTION", {"code": "return 1"})
    assert found.kind == "refused"
    assert "WORKBENCH_CODE_COLUMNS=on" in found.message


def test_javascript_is_kept_and_not_run() -> None:
    kind = column_type("CODE_EXECUTION")
    config = kind.read({"code": "return 1", "language": "JAVASCRIPT"})
    assert json.loads(kind.write(config))["language"] == "JAVASCRIPT"
    assert "JavaScript is not run here" in kind.check(config, [])[0].text


def test_several_cells_run_at_once_and_each_gets_its_own() -> None:
    sandbox = Sandbox(SHORT, workers=2)
    kind = column_type("CODE_EXECUTION")
    config = kind.read({"code": "open('x', 'a').write(data['n'])\nreturn open('x').read()"})
    given = context(sandbox=sandbox)

    async def scene() -> list[Any]:
        return await asyncio.gather(*(kind.run(config, {"n": str(n)}, given) for n in range(6)))

    cells = asyncio.run(scene())
    sandbox.close()
    assert [cell.value for cell in cells if isinstance(cell, CellResult)] == list("012345")
