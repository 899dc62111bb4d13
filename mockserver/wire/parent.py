"""Notices the end of the process that started this one: an orphaned mock would hold its port."""

from __future__ import annotations

import os
import select
import stat

from mockserver.core.errors import Problem, Refusal

_STDIN = 0
_ENDS = getattr(select, "POLLHUP", 0) | getattr(select, "POLLRDHUP", 0)


class Parent:
    """The process that started this one, as it was when this was made.

    Its end is noticed in two ways. The system gives an orphan another parent, so that its number changes. Where a shell
    stands between, that shell lives on; but a pipe or a socket that the starting process has given as standard input
    ends with it. A standard input that is at its end from the start, as in many CI systems, tells nothing.
    `PR_SET_PDEATHSIG` is not used: Linux alone has it, and it goes by the thread that started this process.

    Raises Refusal where the parent has ended already, and on systems that tell nothing of parents.
    """

    def __init__(self) -> None:
        if not hasattr(select, "poll"):
            raise Refusal(Problem("--with-parent", "is not available on this system", "leave it out"))
        self._number = os.getppid()
        self._gives_input = stat.S_IFMT(os.fstat(_STDIN).st_mode) in (stat.S_IFIFO, stat.S_IFSOCK) and not _at_end()
        if self._number != os.getppid() or not _is_of_this_session(self._number):
            raise Refusal(Problem("--with-parent", "the process that started this one has ended already"))

    def has_ended(self) -> bool:
        """Whether it has ended since."""
        return os.getppid() != self._number or (self._gives_input and _at_end())


def _at_end() -> bool:
    """Whether nobody can write to standard input any more; what has been written may still wait there."""
    asked = select.poll()
    asked.register(_STDIN, _ENDS)
    return any(seen & _ENDS for _, seen in asked.poll(0))


def _is_of_this_session(number: int) -> bool:
    """Whether the process is of the session of this one, as one is that has started it: the process that the system
    gives to orphans is not. True where that can't be told: of the leader of a session, and in a container.
    """
    own = os.getsid(0)
    if own == os.getpid() or number == 0:
        return True
    try:
        return os.getsid(number) == own
    except ProcessLookupError:
        return False
    except PermissionError:  # some systems tell nothing of other sessions
        return False
