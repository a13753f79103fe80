"""The service `llm`: the profile's language model. The host caches, retries and keeps to the budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from .closed_set import ClosedSet
from .services import service
from .types import Extra, PluginError


class Role(ClosedSet):
    """Who speaks."""

    SYSTEM = 0
    USER = 1
    ASSISTANT = 2


@dataclass
class Message:
    """One message of a conversation."""

    role: Role
    content: str

    @classmethod
    def system(cls, content: str) -> Message:
        """What the model is told to be."""
        return cls(Role.SYSTEM, content)

    @classmethod
    def user(cls, content: str) -> Message:
        """What the model is asked."""
        return cls(Role.USER, content)

    @classmethod
    def assistant(cls, content: str) -> Message:
        """What the model said before."""
        return cls(Role.ASSISTANT, content)


@dataclass
class Request:
    """What a model is asked. `schema` is a JSON schema that the answer must follow, where the provider can hold it; `attempt` tells apart
    requests that are otherwise the same and are meant to be answered anew."""

    messages: list[Message]
    schema: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    purpose: str = ""
    attempt: int = 0
    extra: Extra = field(default_factory=list)


@dataclass
class Answer:
    """What a model answered."""

    content: str
    finish_reason: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    extra: Extra = field(default_factory=list)


class LlmError(PluginError):
    """Why there is no answer: `budget`, `offline-miss`, `unavailable`, `rejected` or `cancelled`. Unless it is caught, the call ends with it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def chat(request: Request) -> Answer:
    """Asks once. Raises `LlmError`."""
    return cast(Answer, service("llm").chat(request))


def chat_all(requests: list[Request]) -> list[Answer | LlmError]:
    """Asks several things at once; answers come in the order of the requests."""
    return [answer.value if hasattr(answer, "value") else answer for answer in service("llm").chat_all(requests)]
