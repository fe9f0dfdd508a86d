"""What a run says at its end beside passed and failed: figures that tests tell, and the time of each block.

A pytest plugin (tests/conftest.py loads it). The lines travel as properties of the test's report, so they arrive from
the processes of pytest-xdist too.
"""

from collections import defaultdict
from collections.abc import Callable

import pytest

TOLD = "told"
Tell = Callable[[str], None]


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """`tell("12,345 steps, 0 violations")`: a line for the end of the run."""
    return lambda line: request.node.user_properties.append((TOLD, line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for found in terminalreporter.stats.values() for r in found if isinstance(r, pytest.TestReport)]
    lines = [str(line) for r in reports if r.when == "call" for name, line in r.user_properties if name == TOLD]
    if lines:
        terminalreporter.section("told by tests")
        for line in lines:
            terminalreporter.write_line(line)
    seconds: dict[str, float] = defaultdict(float)
    for report in reports:
        seconds[_block(report.nodeid)] += report.duration
    if len(seconds) > 1:
        terminalreporter.section("time per block, seconds of work")
        for block, total in sorted(seconds.items(), key=lambda item: -item[1]):
            terminalreporter.write_line(f"{total:8.1f}  {block}")


def _block(nodeid: str) -> str:
    """tests/tenants/rls/test_context.py -> tenants"""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if len(parts) > 2 else "tests"
