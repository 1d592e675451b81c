"""LLVM beside the program: jobs in, objects out, rest before a fork and at exit."""
from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from array import array

import pytest

from jitvm.backend import elf, worker
from jitvm.runtime import context

TEXT = "define i64 @answer() {\n ret i64 %d\n}\n"
ANSWER = ctypes.CFUNCTYPE(ctypes.c_int64)


NATIVE: list[context.Native] = []
"""Its words are the thread's for as long as the process lives."""


@pytest.fixture(scope="module")
def compiler() -> worker.Worker:
    NATIVE.append(context.load())
    return worker.Worker(NATIVE[-1])


def wait(job: worker.Job | None) -> worker.Job:
    assert job is not None
    for _ in range(5000):
        if job.done:
            return job
        time.sleep(0.002)
    raise AssertionError("the worker does not answer")


def answer(data: bytes | None) -> int:
    assert data is not None
    code = elf.load(data)
    try:
        return int(ANSWER(code.names["answer"])())
    finally:
        code.free()


def test_texts_become_objects(compiler: worker.Worker) -> None:
    jobs = [compiler.post(TEXT % number, number % 4) for number in range(40)]
    assert [answer(compiler.take(wait(job))) for job in jobs] == list(range(40))


def test_an_object_is_taken_once(compiler: worker.Worker) -> None:
    job = wait(compiler.post(TEXT % 1, 0))
    assert compiler.take(job)
    assert compiler.take(job) is None


def test_a_refused_text_gives_nothing(compiler: worker.Worker) -> None:
    assert compiler.take(wait(compiler.post("this is not LLVM's language", 0))) is None
    assert answer(compiler.take(wait(compiler.post(TEXT % 3, 0)))) == 3


def test_a_job_waits_until_its_code_has_run_for_long_and_can_be_cancelled(compiler: worker.Worker) -> None:
    idle, busy = array("Q", bytes(8)), array("Q", bytes(8))
    never = compiler.post(TEXT % 1, 0, work=idle.buffer_info()[0], need=0.01)
    soon = compiler.post(TEXT % 2, 0, work=busy.buffer_info()[0], need=0.01)
    assert never is not None and soon is not None
    assert answer(compiler.take(wait(compiler.post(TEXT % 3, 0)))) == 3
    for _ in range(20000):
        if soon.done:
            break
        busy[0] += 1
        time.sleep(0.0005)
    assert answer(compiler.take(soon)) == 2
    assert not never.done
    never.cancel()
    assert never.done
    assert compiler.take(never) is None


def test_a_full_queue_refuses(compiler: worker.Worker) -> None:
    idle = array("Q", bytes(8))
    jobs = [compiler.post(TEXT % 1, 0, work=idle.buffer_info()[0], need=1.0) for _ in range(200)]
    assert None in jobs
    for job in jobs:
        if job is not None:
            job.cancel()
    for _ in range(5000):
        if job := compiler.post(TEXT % 2, 0):
            break
        time.sleep(0.002)
    assert answer(compiler.take(wait(job))) == 2


def test_nothing_is_begun_during_a_pause(compiler: worker.Worker) -> None:
    compiler.pause()
    job = compiler.post(TEXT % 5, 0)
    assert job is not None
    time.sleep(0.05)
    assert not job.done
    compiler.resume()
    assert answer(compiler.take(wait(job))) == 5


def test_the_child_of_a_fork_has_a_thread_of_its_own(compiler: worker.Worker) -> None:
    wait(compiler.post(TEXT % 1, 0))
    child = os.fork()
    if not child:
        os._exit(answer(compiler.take(wait(compiler.post(TEXT % 7, 0)))))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert answer(compiler.take(wait(compiler.post(TEXT % 8, 0)))) == 8


def test_the_thread_takes_no_signal(compiler: worker.Worker) -> None:
    wait(compiler.post(TEXT % 1, 0))
    blocked = []
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/status") as status:
            blocked += [int(line.split()[1], 16) for line in status if line.startswith("SigBlk")]
    usual = (1 << 1) | (1 << 9) | (1 << 14)  # SIGINT, SIGUSR1, SIGTERM
    assert sum(mask & usual == usual for mask in blocked) >= 1


def test_jobs_nobody_holds_any_more_are_finished_in_their_own_memory(compiler: worker.Worker) -> None:
    for round_number in range(300):
        job = compiler.post(TEXT % round_number, 0)
        if job is not None and round_number % 3 == 0:
            job.cancel()
        if not round_number % 10:
            time.sleep(0.001)
    for _ in range(5000):
        if job := compiler.post(TEXT % 9, 0):
            break
        time.sleep(0.002)
    assert answer(compiler.take(wait(job))) == 9


ENDING = """
import ctypes, sys, time
from jitvm.backend import llvm, worker
from jitvm.runtime import context
from jitvm.spec.shared import CONSTANTS

native = context.load()
compiler = worker.Worker(native, yields=True)
other = "define i64 @g() {{\\n ret i64 1\\n}}\\n"
if {call}:
    llvm.Compiler(0).object_bytes(other)  # what LLVM does once, the thread must not be parked in, if it is to be used afterwards
lines = [f" %v{{n}} = mul i64 %v{{n - 1}}, %v{{n // 2}}" for n in range(1, 20000)]
job = compiler.post("\\n".join(["define i64 @f(i64 %v0) {{", *lines, " ret i64 %v0", "}}", ""]), 3)
busy, parked, library = (CONSTANTS["WORKER_" + name] // 8 for name in ("BUSY", "PARKED", "LIBRARY"))
while not compiler.block[library] or not compiler.block[busy]:
    time.sleep(0.001)
time.sleep({delay})
if {call}:
    ctypes.CFUNCTYPE(None)(native.code.names["vm_workers_end"])()
    print(job.done or compiler.block[busy] == compiler.block[parked] == 1)
    print(len(llvm.Compiler(0).object_bytes(other)) > 100)
sys.stdout.write("end")
sys.exit(7)
"""


@pytest.mark.parametrize("delay", (0, 0.02, 0.1))
@pytest.mark.parametrize("call", (True, False))
def test_the_end_of_the_process_does_not_meet_what_is_under_way(call: bool, delay: float) -> None:
    done = subprocess.run([sys.executable, "-c", ENDING.format(call=call, delay=delay)], capture_output=True, text=True, timeout=120,
                          check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("True\nTrue\nend" if call else "end", "", 7)
