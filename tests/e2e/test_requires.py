"""What a lab requires and this machine has not: one sentence that says what to do, and exit status 3."""

import json
import shutil

import pytest
from strange import Done, shell

from tunlab import paths
from tunlab.i18n import LANGUAGES, Words
from tunlab.kernel import probe

LABS = {"openvpn": "openvpn", "vtun": "vtund", "xfrm": None}  # by requirement, the program that it is


def without(program: str, script: str) -> Done:
    """Where the program is not to be executed: something else lies over it, for this script alone."""
    place = shutil.which(program, path=paths.search_path())
    if place is None:
        return shell(script)
    return shell(
        f"unshare --user --map-current-user --keep-caps --mount sh -c "
        f"'mount --bind /dev/null {place} && exec setpriv --inh-caps=-all --ambient-caps=-all {script}'"
    )


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize("requirement", LABS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_sentence(requirement: str, language: str) -> None:
    words, program = Words(language), LABS[requirement]
    lab = f"lab-1.4-{requirement.replace('xfrm', 'ipsec')}"
    script = f'"$TUNLAB" --lang {language} run {lab} --auto'
    if program is None and not probe.missing(requirement):
        pytest.skip("xfrm is there")
    done = shell(script) if program is None else without(program, script)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"tunlab: {words(f'missing_{requirement}')}\n"


@pytest.mark.needs("sandbox", "tun")
def test_the_list_says_so() -> None:
    done = without("openvpn", '"$TUNLAB" --lang en list --json')
    labs = {line["id"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert labs["lab-1.4-openvpn"]["missing"] == Words("en")("missing_openvpn")
    assert labs["lab-1.4.3"]["missing"] is None
