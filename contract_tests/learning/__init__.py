"""Learning: a few calls, the target's choice of every open clause that they show, and a profile made of them."""

from contract_tests.learning.learn import learn

__all__ = ["learn"]
