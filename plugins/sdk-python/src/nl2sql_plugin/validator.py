"""Validators: check samples and say what is wrong with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .types import Catalog, Extra, Finding, Sample


@dataclass
class Context:
    """What a validator is bound to; `options` is the profile's options for it as JSON."""

    catalog: Catalog = field(default_factory=Catalog)
    options: str = "{}"
    extra: Extra = field(default_factory=list)


class Validator(ABC):
    """A validator bound to one catalog and one set of options."""

    def __init__(self, context: Context) -> None:
        """Binds the validator. An error here is the answer to every check."""
        self.context = context

    @abstractmethod
    def check(self, sample: Sample) -> list[Finding]:
        """What is wrong with one sample; a finding of severity `error` rejects it."""

    def check_all(self, samples: list[Sample]) -> list[list[Finding]]:
        """Checks a batch; one list of findings per sample, in order."""
        return [self.check(sample) for sample in samples]
