"""What the tests of the administration rest upon: a process for each script, and the truth about how it ended."""

import os
import signal
import subprocess

import pytest

from tenants.rls.database import with_database
from tests.versana.platform_process import Forks, launch, run


@pytest.fixture
def platform_url(test_database_name: str, django_db_setup: None) -> str:
    return with_database(os.environ["PLATFORM_DATABASE_URL"], test_database_name)


def test_each_script_has_a_process_of_its_own_and_the_platforms_settings(platform_url: str) -> None:
    script = """
import sys
from django.conf import settings
from django.db import connection
say([os.getpid(), hasattr(sys, "left"), settings.SETTINGS_MODULE, connection.connection is None, GIVEN["word"]])
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user, pg_backend_pid()")
    say(cursor.fetchone())
sys.left = True
"""
    (first, (role, session)), (second, (_, other)) = (run(script, platform_url, word=word) for word in "ab")
    assert first[1:] == [False, "versana.platform.settings", True, "a"]
    assert second[1:] == [False, "versana.platform.settings", True, "b"]
    assert role == "versana_platform"
    assert first[0] != second[0]
    assert session != other


def test_what_a_script_says_logs_and_ends_with_is_told(platform_url: str) -> None:
    script = "import logging; say(1); logging.getLogger('x').warning('a line'); "
    done = launch(script + "raise ValueError('wrong')", platform_url)
    assert (done.returncode, done.stdout) == (1, "1\n")
    assert '"message": "a line"' in done.stderr.splitlines()[0]
    assert done.stderr.endswith("ValueError: wrong\n")
    assert launch("raise SystemExit(7)", platform_url).returncode == 7
    assert launch("os.kill(os.getpid(), 9)", platform_url).returncode == -signal.SIGKILL
    assert launch("say(os.environ['LOG_LEVEL'])", platform_url, env={"LOG_LEVEL": "ERROR"}).stdout == '"ERROR"\n'


def test_a_script_that_does_not_end_is_ended_and_the_next_one_runs(
    platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pid,) = run("say(os.getpid())", platform_url)
    before = Forks.current
    monkeypatch.setattr("tests.versana.platform_process.SECONDS", 0.3)
    with pytest.raises(subprocess.TimeoutExpired, match="timed out"):
        launch("time.sleep(600)", platform_url)
    monkeypatch.undo()
    assert before
    assert before.process.returncode == 0
    assert run("say(os.getpid())", platform_url) != [pid]
