"""Settings: from a file, the environment and options to what the mock is made of."""

from mockserver.settings.files import clauses, read_profile, words
from mockserver.settings.loading import CONFIG_FILE, Settings, load
from mockserver.settings.table import DEFAULT_ACCOUNT, SETTINGS, Setting

__all__ = [
    "CONFIG_FILE",
    "DEFAULT_ACCOUNT",
    "SETTINGS",
    "Setting",
    "Settings",
    "clauses",
    "load",
    "read_profile",
    "words",
]
