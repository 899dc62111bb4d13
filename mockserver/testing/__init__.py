"""For a program's own tests: `from mockserver.testing import Mock, assert_conforms`.

`Mock` starts a mock in this process, or controls one that runs elsewhere. `assert_conforms` and `DoesNotConform` are
those of `contract_tests`, also for projects that have a folder of that name themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contract_tests.captured.conforms import DoesNotConform, assert_conforms
    from mockserver.testing.channel import ControlError
    from mockserver.testing.controller import AccountController as Account
    from mockserver.testing.controller import MockController as Mock

__all__ = ["Account", "ControlError", "DoesNotConform", "Mock", "assert_conforms"]


def __getattr__(name: str) -> Any:
    """A public name, loaded on its first use: an import of this module alone loads no schema and no server."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("DoesNotConform", "assert_conforms"):
        from mockserver.testing.suite import conforms

        found = getattr(conforms(), name)
    else:
        from mockserver.testing import channel, controller

        homes = {"Account": controller.AccountController, "Mock": controller.MockController}
        found = homes.get(name) or getattr(channel, name)
    globals()[name] = found
    return found
