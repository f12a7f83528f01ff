"""Both languages say the same things: the same sentences with the same gaps, each of them used."""

import re
from pathlib import Path
from string import Formatter

import pytest

import tunlab
from tunlab.errors import KernelError, LabFileError, TunlabError
from tunlab.i18n import Words, preferred
from tunlab.messages import en, zh

SOURCE = "\n".join(
    path.read_text() for path in Path(tunlab.__file__).parent.rglob("*.py") if path.parent.name != "messages"
)
# Keys that are put together at run time: words(f"status_{…}")
COMPOSED = re.findall(r'f"(\w+)_\{', SOURCE)


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_same_sentences() -> None:
    assert en.SENTENCES.keys() == zh.SENTENCES.keys()


@pytest.mark.parametrize("key", en.SENTENCES)
def test_same_gaps(key: str) -> None:
    assert gaps(en.SENTENCES[key]) == gaps(zh.SENTENCES[key])


@pytest.mark.parametrize("key", en.SENTENCES)
def test_used(key: str) -> None:
    composed = any(key.startswith(f"{start}_") for start in COMPOSED)
    said = key.removesuffix("_meant")  # put behind the key of a sentence that has a suggestion
    assert composed or re.search(rf"""["']{said}["']""", SOURCE), f"nothing says {key}"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"TUNLAB_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "C", "LANG": "zh_CN.UTF-8"}, "en"),
    ],
)
def test_language_of_the_locale(environment: dict[str, str], language: str) -> None:
    assert preferred(environment) == language


def test_a_tunnel_is_ready_in_one_sentence() -> None:
    """Labs and topologies know by it that the endpoint has started, in whichever language it speaks."""
    assert en.SENTENCES["tunnel_open"] == zh.SENTENCES["tunnel_open"]


def test_error_sentences() -> None:
    words = Words("en")
    assert words.error(LabFileError("lab_file_encoding", "l/lab.yaml", 3)).startswith("l/lab.yaml:3: ")
    assert words.error(LabFileError("lab_file_encoding", "l/lab.yaml", None)).startswith("l/lab.yaml: ")
    assert words.error(TunlabError("no_terminal")) == en.SENTENCES["no_terminal"]
    refused = words.error(KernelError("EEXIST", "ip link add x", "remedy_exists"))
    assert refused.splitlines() == [
        "the kernel refused `ip link add x`: EEXIST",
        "",
        "hint: " + en.SENTENCES["remedy_exists"],
    ]


@pytest.mark.parametrize(("count", "said"), [(1, "1 packet"), (2, "2 packets"), ("at least 1", "at least 1 packet")])
def test_one_and_many(count: object, said: str) -> None:
    assert said in Words("en")("check_packets_read", at="h1:tun0", amount=count, what="")
