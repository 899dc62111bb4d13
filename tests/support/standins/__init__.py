"""Three servers of the API that owe the mock nothing, unlike it and each other, and ways to break them."""

from support.standins.breakages import BREAKAGES
from support.standins.breaking import Breakage
from support.standins.people import PERSONAL, PHONE
from support.standins.running import HIDDEN, STANDINS, Standin, serving, toml_of

__all__ = ["BREAKAGES", "HIDDEN", "PERSONAL", "PHONE", "STANDINS", "Breakage", "Standin", "serving", "toml_of"]
