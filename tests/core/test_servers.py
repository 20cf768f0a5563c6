"""What stands between `make test` and a silent skip: the servers the tests run against."""

import os
import signal
import subprocess
import sys

import pytest
import redis

from tests import servers

NOWHERE = {"TEST_DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
pytestmark = pytest.mark.engine


def run(*command, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tests.servers", *command],
        env=os.environ | {"CI": ""} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def private_server():
    program = next(iter(servers.redis_programs()))
    with servers.private_redis(program) as url:
        yield url


def test_without_a_server_nothing_runs_and_it_is_said_loudly():
    result = run("echo", "ran", **NOWHERE)

    assert result.returncode == 0
    assert "ran" not in result.stdout
    assert "NOT RUN" in result.stderr


def test_without_a_server_continuous_integration_fails():
    assert run("echo", "ran", CI="true", **NOWHERE).returncode == 1


def test_two_runs_never_share_a_redis_number(private_server):
    with servers.own_numbers(private_server) as first, servers.own_numbers(private_server) as second:
        assert not set(first) & set(second)
        assert len(first) == len(second) == servers.NUMBERS_WANTED


def test_a_number_with_foreign_keys_is_left_alone(private_server):
    redis.Redis.from_url(f"{private_server}/1").set("theirs", "1")

    with servers.own_numbers(private_server) as numbers:
        assert f"{private_server}/1" not in numbers

    assert redis.Redis.from_url(f"{private_server}/1").get("theirs") == b"1"


def test_numbers_are_empty_and_free_again_afterwards(private_server):
    with servers.own_numbers(private_server) as numbers:
        redis.Redis.from_url(numbers[0]).set("ours", "1")

    assert redis.Redis.from_url(numbers[0]).dbsize() == 0
    assert redis.Redis.from_url(private_server).dbsize() == 0


@pytest.mark.parametrize("code", [0, 5])
def test_exit_code_of_the_command_is_passed_on(code):
    assert servers.run_command([sys.executable, "-c", f"raise SystemExit({code})"], dict(os.environ)) == code


def test_command_ended_by_a_signal_ends_as_in_a_shell():
    kill = f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"

    assert servers.run_command([sys.executable, "-c", kill], dict(os.environ)) == 128 + signal.SIGKILL
