"""typer's own words: in Chinese where tunlab speaks Chinese, else as they are."""

import json
import os
import re
import subprocess
import sys

import pytest
import typer

from tunlab.cli.app import app, lab_app, tunnel_app
from tunlab.cli.typer_words import call
from tunlab.i18n import LANGUAGES, Words

# What is typed, and what is said of it in each language.
MISTAKES = {
    "foo": ("没有命令 'foo'。", "No such command 'foo'."),
    "ru": ("没有命令 'ru'。是不是想写 'run'？", "No such command 'ru'. Did you mean 'run'?"),
    "lab nnn": ("没有命令 'nnn'。", "No such command 'nnn'."),
    "run": ("缺少参数 'LAB'。", "Missing argument 'LAB'."),
    "tunnel": ("缺少选项 '--device'。", "Missing option '--device'."),
    "capture -w": ("选项 '-w' 后面缺少值。", "Option '-w' requires an argument."),
    "--nope": ("没有选项 --nope", "No such option: --nope"),
    "run x --pace slow": ("'--pace' 的值无效：", "Invalid value for '--pace': "),
    "ping h1 h2 -c 0": ("'-c' / '--count' 的值无效：", "Invalid value for '-c' / '--count': "),
    "trace h1 h2 -c x": ("'-c' / '--count' 的值无效：", "Invalid value for '-c' / '--count': "),
}
HELPS = ["--help", "lab --help", "tunnel --help"] + [
    f"{group} {each.name or each.callback.__name__} --help".strip()
    for group, commands in (("", app), ("lab", lab_app), ("tunnel", tunnel_app))
    for each in commands.registered_commands
    if each.callback
]
# Any of typer's words that would be left over
ENGLISH = re.compile(
    r"Usage|Options|Arguments|Commands|Show |Install |required|default|OPTIONS|COMMAND|Error|Try |Got "
)

# The help's language is chosen when the commands are read, so each language has a process of its own.
CALLS = """
import contextlib, io, json, sys
from tunlab.cli.app import app
from tunlab.cli.options import words
from tunlab.cli.typer_words import call

def say(typed):
    sys.argv = ["tunlab", *typed.split()]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = call(app, words)
    return said.getvalue(), status

print(json.dumps({typed: say(typed) for typed in json.loads(sys.stdin.read())}))
"""

Said = dict[str, dict[str, tuple[str, int]]]


@pytest.fixture(scope="module")
def said() -> Said:
    """By language and by what is typed: what is said of it, and the exit status."""
    told = {}
    for language in LANGUAGES:
        command = [sys.executable, "-c", CALLS, "--lang", language]
        asked, environment = json.dumps([*MISTAKES, *HELPS]), os.environ | {"COLUMNS": "80"}
        done = subprocess.run(command, input=asked, env=environment, capture_output=True, text=True, check=True)
        told[language] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("typed", MISTAKES)
def test_errors_of_usage(said: Said, typed: str) -> None:
    chinese, english = MISTAKES[typed]
    told, status = said["zh"][typed]
    assert f"错误：{chinese}" in told and status == 2 and not ENGLISH.search(told)
    assert "错误：选项" in told or ("用法：tunlab" in told and "查看帮助：tunlab" in told)
    told, status = said["en"][typed]
    assert f"Error: {english}" in told and status == 2 and told.isascii()


@pytest.mark.parametrize("typed", HELPS)
def test_every_command_is_helped(said: Said, typed: str) -> None:
    told, status = said["zh"][typed]
    assert told.startswith("用法：tunlab") and "显示这段说明后退出。" in told and status == 0
    assert not ENGLISH.search(told), told
    told, status = said["en"][typed]
    assert told.startswith("Usage: tunlab") and Words("en")("typer_show_help") in told and status == 0


def test_what_must_be_given_and_what_it_is_else(said: Said) -> None:
    told, _ = said["zh"]["run --help"]
    assert "[必需]" in told and "[默认：fast]" in told
    told, _ = said["en"]["run --help"]
    assert "[required]" in told and "[default: fast]" in told


def test_a_fault_of_ours_is_not_taken_for_an_error_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    def raising(error: Exception) -> None:
        raise error

    with pytest.raises(ValueError, match="ours"):
        call(lambda **_: raising(ValueError("ours")), Words("zh"))  # type: ignore[arg-type]
    assert call(lambda **_: raising(typer.Abort()), Words("zh")) == 1  # type: ignore[arg-type]
    assert Words("zh")("typer_aborted") in capsys.readouterr().err
