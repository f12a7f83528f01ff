"""typer's own words: in Chinese where tunlab speaks Chinese, else as they are."""

import importlib
import re
import sys

import pytest

from tunlab.cli import app as commands
from tunlab.cli.typer_words import call
from tunlab.i18n import Words

# Any of typer's words that would be left over; those in braces and brackets are names.
ENGLISH = re.compile(
    r"Usage|Options|Arguments|Commands|Show |Install |required|default|OPTIONS|COMMAND|Error|Try |Got "
)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """What `tunlab` with these words says, and its status; the help's language is chosen when the commands are read."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def say(language: str, *typed: str) -> tuple[str, int]:
        monkeypatch.setattr(sys, "argv", ["tunlab", "--lang", language, *typed])
        importlib.reload(commands)
        try:
            status = call(commands.app, commands.words)
        except SystemExit as end:
            status = int(end.code or 0)
        told = capfd.readouterr()
        return told.out + told.err, status

    yield say
    monkeypatch.undo()
    importlib.reload(commands)


@pytest.mark.parametrize(
    ("typed", "chinese", "english"),
    [
        ("foo", "没有命令 'foo'。", "No such command 'foo'."),
        ("ru", "没有命令 'ru'。是不是想写 'run'？", "No such command 'ru'. Did you mean 'run'?"),
        ("lab nnn", "没有命令 'nnn'。", "No such command 'nnn'."),
        ("run", "缺少参数 'LAB'。", "Missing argument 'LAB'."),
        ("tunnel", "缺少选项 '--device'。", "Missing option '--device'."),
        ("capture -w", "选项 '-w' 后面缺少值。", "Option '-w' requires an argument."),
        ("--nope", "没有选项 --nope", "No such option: --nope"),
        ("run x --pace slow", "'--pace' 的值无效：", "Invalid value for '--pace': "),
        ("ping h1 h2 -c 0", "'-c' / '--count' 的值无效：", "Invalid value for '-c' / '--count': "),
        ("trace h1 h2 -c x", "'-c' / '--count' 的值无效：", "Invalid value for '-c' / '--count': "),
    ],
)
def test_errors_of_usage(said, typed: str, chinese: str, english: str) -> None:  # type: ignore[no-untyped-def]
    told, status = said("zh", *typed.split())
    assert f"错误：{chinese}" in told and status == 2 and not ENGLISH.search(told)
    assert "错误：选项" in told or ("用法：tunlab" in told and "查看帮助：tunlab" in told)
    told, status = said("en", *typed.split())
    assert f"Error: {english}" in told and status == 2 and told.isascii()


def test_every_command_is_helped_in_chinese(said) -> None:  # type: ignore[no-untyped-def]
    groups = {"": commands.app, "lab": commands.lab_app}
    named = [
        (group, each.name or each.callback.__name__)
        for group, app in groups.items()
        for each in app.registered_commands
        if each.callback
    ]
    assert len(named) > 15
    for words in ((), ("lab",), *((group, name) for group, name in named)):
        told, status = said("zh", *filter(None, words), "--help")
        assert "用法：tunlab" in told and "显示这段说明后退出。" in told and status == 0
        assert not ENGLISH.search(told), told
    assert "[必需]" in said("zh", "run", "-h")[0] and "[默认：fast]" in said("zh", "run", "-h")[0]


def test_in_english_nothing_is_touched(said) -> None:  # type: ignore[no-untyped-def]
    told, status = said("en", "run", "--help")
    assert told.startswith("Usage: tunlab run [OPTIONS]") and "[required]" in told and "[default: fast]" in told
    assert status == 0 and Words("en")("typer_show_help") in told


def test_a_fault_of_ours_is_not_taken_for_an_error_of_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        call(broken, Words("zh"))  # type: ignore[arg-type]
