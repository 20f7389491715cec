"""The embedded PostgreSQL against everything that may befall it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import orjson
import psutil
import pytest

from deploy.local.child import CannotStart
from deploy.local.postgres import Postgres

PROJECT = Path(__file__).parents[3]


async def value(server: Postgres, query: str) -> object:
    connection = await asyncpg.connect(server.url())
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_data_is_found_again_and_only_the_password_opens_it(tmp_path: Path) -> None:
    first = Postgres(tmp_path)
    await first.start()
    await value(first, "CREATE TABLE kept AS SELECT 42 AS number")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://zayton:guess@{first.address}/zayton")
    await first.stop()
    assert not first.running()
    assert not await first.alive()

    second = Postgres(tmp_path)
    await second.start()
    assert second.address == first.address
    assert await value(second, "SELECT number FROM kept") == 42
    await second.stop()
    assert (tmp_path / "postgres.json").stat().st_mode & 0o777 == 0o600


async def test_chinese_characters_are_letters_to_trigram_search(postgres: Postgres) -> None:
    await value(postgres, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
    assert await value(postgres, "SELECT similarity('石墨烯电池', '石墨烯电极') > 0.3") is True


async def test_another_port_is_taken_where_the_last_one_is_in_use(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    await server.start()
    await server.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken = int(server.address.rpartition(":")[2])
        squatter.bind(("127.0.0.1", taken))
        squatter.listen()
        await server.start()
        assert not server.address.endswith(f":{taken}")
        assert await server.alive()
        await server.stop()


async def test_a_killed_hall_takes_its_server_along_and_the_next_one_starts(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, signal; from pathlib import Path; from deploy.local.postgres import Postgres\n"
        f"server = Postgres(Path({str(tmp_path)!r})); asyncio.run(server.start())\n"
        "print(server._child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", program]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    orphan = int(killed.stdout)

    server = Postgres(tmp_path)
    await server.start()
    assert not psutil.pid_exists(orphan) or psutil.Process(orphan).status() == psutil.STATUS_ZOMBIE
    assert await server.alive()
    await server.stop()


async def test_an_orphan_that_outlived_its_hall_is_ended(tmp_path: Path) -> None:
    left_behind = Postgres(tmp_path)
    await left_behind.start()
    pid = left_behind._child.pid

    server = Postgres(tmp_path)
    await server.start()
    assert not left_behind.running()
    assert server._child.pid != pid
    assert await server.alive()
    await server.stop()


async def test_a_lock_whose_process_number_is_now_another_program_is_stale(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    await server.start()
    await server.stop()
    lock = tmp_path / "postgres" / "postmaster.pid"
    # The server's account must see the process as a possible peer, as after a restart of the machine.
    other = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        lock.write_text(f"{other.pid}\n{tmp_path / 'postgres'}\n0\n5432\n\n127.0.0.1\n\nready\n")
        await server.start()
        assert await server.alive()
        assert other.returncode is None
    finally:
        other.kill()
        await other.wait()
        await server.stop()


async def test_a_server_that_dies_recovers_what_was_committed(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    await server.start()
    await value(server, "CREATE TABLE kept AS SELECT 42 AS number")
    assert server._child.pid
    os.kill(server._child.pid, signal.SIGKILL)
    await server.restart()
    assert await value(server, "SELECT number FROM kept") == 42
    await server.stop()


async def test_data_of_another_major_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("15\n")
    (tmp_path / "postgres.json").write_bytes(orjson.dumps({"port": 0, "password": "x"}))
    with pytest.raises(CannotStart, match=r"PostgreSQL 15.*PostgreSQL 18.*pg_dumpall"):
        await Postgres(tmp_path).start()


async def test_a_lost_password_is_said_in_plain_words(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    await server.start()
    await server.stop()
    state = orjson.loads((tmp_path / "postgres.json").read_bytes())
    (tmp_path / "postgres.json").write_bytes(orjson.dumps(state | {"password": "wrong"}))
    with pytest.raises(CannotStart, match="password"):
        await Postgres(tmp_path).start()
    (tmp_path / "postgres.json").unlink()
    with pytest.raises(CannotStart, match="missing"):
        await Postgres(tmp_path).start()
