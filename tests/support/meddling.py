"""A plugin of pytest that does to the run what plugins of others do, by the word in the variable MEDDLE."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Generator

import pytest
from _pytest.runner import runtestprotocol

MEDDLE = os.environ.get("MEDDLE", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    if MEDDLE == "parallel":
        parser.addoption("--workers", dest="workers")
    if MEDDLE == "forked":
        parser.addoption("--forked", action="store_true", dest="forked")


def pytest_configure() -> None:
    if MEDDLE == "warn":
        warnings.warn("this plugin has something to say", UserWarning, stacklevel=1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if MEDDLE == "shuffle":
        items.reverse()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if MEDDLE == "rerun":
        for _ in range(3):
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                item.ihook.pytest_runtest_logreport(report=report)
        return True
    if MEDDLE == "fork":
        child = os.fork()
        if child == 0:
            reports = runtestprotocol(item, nextitem=item, log=False)
            os._exit(any(report.failed for report in reports))
        _, status = os.waitpid(child, 0)
        item.session.testsfailed += bool(status)
        return True
    return None


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    if MEDDLE == "thread":
        test, failures = pyfuncitem.obj, []

        def run(**arguments: object) -> None:
            def inside() -> None:
                try:
                    test(**arguments)
                except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
                    failures.append(error)

            thread = threading.Thread(target=inside)
            thread.start()
            thread.join()
            if failures:
                raise failures[0]

        pyfuncitem.obj = run
    return (yield)
