"""The doctor's commands are those that the errors of the same kind name."""

import pytest

from tunlab.engine.cures import COMMANDS
from tunlab.i18n import LANGUAGES, Words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("remedy", COMMANDS)
def test_errors_name_the_same_command(remedy: str, language: str) -> None:
    assert f"`{COMMANDS[remedy]}`" in Words(language)(remedy, command="tunlab run lab-1.4")
