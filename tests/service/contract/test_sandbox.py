"""The process that strangers' documents are checked in does not outlive the one it works for."""

import subprocess
import sys

import psutil
import pytest

HALL = """
import asyncio, multiprocessing, sys
from services.contract.adapters.seals.sandbox import Sandbox

async def main():
    sandbox = Sandbox()
    print((await sandbox.check(b"%PDF-1.7 no more", "")).faults != ())
    print(*(each.pid for each in multiprocessing.active_children()), flush=True)
    await asyncio.sleep(600)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_the_sandbox_goes_with_a_hall_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", HALL], stdout=subprocess.PIPE, text=True) as hall:
        try:
            assert hall.stdout is not None
            assert hall.stdout.readline() == "True\n"
            (sandbox,) = [psutil.Process(int(pid)) for pid in hall.stdout.readline().split()]
        finally:
            hall.kill()
    assert psutil.wait_procs([sandbox], timeout=10)[1] == []
