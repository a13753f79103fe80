"""The service `log`: messages for the run's log. Every plugin may use it, without a grant."""

from .closed_set import ClosedSet
from .services import service


class Level(ClosedSet):
    """How important a message is."""

    ERROR = 0
    WARN = 1
    INFO = 2
    DEBUG = 3
    PANIC = 4
    """What ended the call; the SDK writes it."""


def write(level: Level, message: str) -> None:
    """Writes one message."""
    service("log").write(level, message)


def error(message: str) -> None:
    """Something failed."""
    write(Level.ERROR, message)


def warn(message: str) -> None:
    """Something is suspicious."""
    write(Level.WARN, message)


def info(message: str) -> None:
    """Something worth telling the user."""
    write(Level.INFO, message)


def debug(message: str) -> None:
    """Something worth knowing when looking for a fault."""
    write(Level.DEBUG, message)
