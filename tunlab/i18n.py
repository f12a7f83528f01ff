"""Which language, and its sentences."""

import os
from collections.abc import Mapping
from importlib import import_module
from string import Formatter

from tunlab.errors import KernelError, LabFileError, TunlabError

LANGUAGES = ("en", "zh")
SPOKEN = "TUNLAB_LANG"  # the variable that tells the commands in a lab in which language it is played


def preferred(environment: Mapping[str, str] = os.environ) -> str:
    """The language of the lab that we are in, or else the one that the locale variables ask for.

    Of these LC_ALL comes before LC_MESSAGES before LANG (locale(7)).
    """
    for name in (SPOKEN, "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def speak(language: str) -> None:
    """Have the tunlab commands that this process starts from here on speak this language."""
    os.environ[SPOKEN] = language


class _Numbers(Formatter):
    """Knows one from many: in `{count} {count:packet|packets}` the second gap is the word that fits it.

    The number may have words in front: `at least 1`.
    """

    def format_field(self, value: object, spec: str) -> str:
        if "|" in spec:
            one, many = spec.split("|")
            return one if str(value).rpartition(" ")[2] == "1" else many
        return str(super().format_field(value, spec))


_FORMAT = _Numbers()


class Words:
    """The sentences of one language: `words("key", gap=value)`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._sentences: Mapping[str, str] = import_module(f"tunlab.messages.{language}").SENTENCES

    def __call__(self, key: str, /, **values: object) -> str:
        return _FORMAT.format(self._sentences[key], **values)

    def find(self, key: str) -> str | None:
        """The sentence under a key that there need not be."""
        return self._sentences.get(key)

    def error(self, error: TunlabError) -> str:
        """The error's sentence, with the place in front and the remedy behind where it has them."""
        sentence = self(error.key, **error.values)
        if isinstance(error, LabFileError):
            place = error.file if error.line is None else f"{error.file}:{error.line}"
            return f"{place}: {sentence}"
        if isinstance(error, KernelError) and error.remedy:
            return f"{sentence}\n\n{self('hint', remedy=self(error.remedy, **error.values))}"
        return sentence
