"""The contract suite: checks any URL against what the phone-lookup API of i-find.pro promises, over HTTP alone.

`assert_conforms(response)` does the same with one response, in a test of one's own.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contract_tests.captured.conforms import DoesNotConform, assert_conforms

__all__ = ["DoesNotConform", "assert_conforms"]


def __getattr__(name: str) -> Any:
    """Loads the public names when they are used: the suite's plugin must not load schemas in every pytest."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from contract_tests.captured import conforms

    return getattr(conforms, name)
