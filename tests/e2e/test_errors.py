"""Bad input and a machine that cannot: one clear sentence, in both languages, the exit status, no traceback.

The sentences are pinned in golden/; `UPDATE_GOLDEN=1` writes them anew.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunlab import paths
from tunlab.i18n import LANGUAGES

GOLDEN = Path(__file__).with_name("golden")
TUNLAB = Path(sys.executable).with_name("tunlab")

# A user namespace lets anybody arrange the mounts that a case needs; `unshare` keeps them from the host.
AS_ROOT = "unshare --user --map-root-user --mount"
AS_SELF = "unshare --user --map-current-user --keep-caps --mount"


@dataclass(frozen=True)
class Case:
    """A shell script that ends in a tunlab call; `$TUNLAB` and the temporary folder `$TMP` are set."""

    name: str
    status: int
    script: str
    needs: tuple[str, ...] = ()


PLAY = '"$TUNLAB" run lab-1.4.3 --auto --lang $L'

CASES = [
    Case("unknown lab", 2, '"$TUNLAB" run nolab --auto --lang $L'),
    Case("nearly a lab", 2, '"$TUNLAB" run lab-1.43 --auto --lang $L'),
    Case("a folder without a lab", 2, 'mkdir "$TMP/l"; "$TUNLAB" run "$TMP/l" --auto --lang $L'),
    Case(
        "broken lab.yaml",
        2,
        'mkdir "$TMP/l"; printf "id: [\\n" >"$TMP/l/lab.yaml"; "$TUNLAB" run "$TMP/l" --auto --lang $L',
    ),
    Case(
        "binary lab.yaml",
        2,
        'mkdir "$TMP/l"; printf "\\377\\000" >"$TMP/l/lab.yaml"; "$TUNLAB" run "$TMP/l" --auto --lang $L',
    ),
    Case(
        "misspelt key",
        2,
        'cp -R "$LABS/lab-1.4.3" "$TMP/l"; sed -i "s/^topology:/topolgy:/" "$TMP/l/lab.yaml"; '
        '"$TUNLAB" run "$TMP/l" --auto --lang $L',
    ),
    Case(
        "a stranger's lab",
        2,
        f'cp -R "$LABS/lab-1.4.3" "$TMP/l"; {AS_ROOT} "$TUNLAB" run "$TMP/l" --auto --lang $L',
    ),
    Case("no terminal", 2, '"$TUNLAB" run lab-1.4.3 --lang $L </dev/null'),
    Case("no clone device", 3, f"{AS_ROOT} sh -c 'mount -t tmpfs none /dev/net && exec {PLAY}'"),
    Case(
        "no permission on the clone device",
        3,
        f"{AS_ROOT} sh -c 'mount -t tmpfs none /dev/net && touch /dev/net/tun && chmod 0 /dev/net/tun && "
        f"exec setpriv --bounding-set=-all --inh-caps=-all {PLAY}'",
    ),
    Case(
        "user namespaces refused in a chroot",
        3,
        f'{AS_SELF} sh -c \'mount --rbind / "$TMP" && exec chroot "$TMP" {PLAY}\'',
        ("user", "tun"),
    ),
    Case(
        "no more user namespaces",
        3,
        f"{AS_SELF} sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec {PLAY}'",
        ("user", "tun"),
    ),
    Case(
        "namespaces refused to root",
        3,
        f"setpriv --bounding-set=-sys_admin --inh-caps=-all {PLAY}",
        ("root", "tun"),
    ),
    Case(
        "disk full while saving",
        3,
        f'{AS_ROOT} sh -c \'mount -t tmpfs -o size=12k none "$TMP" && exec {PLAY} --twin --save "$TMP/s" >/dev/null\'',
        ("tun", "sandbox"),
    ),
    Case("a saved run is there", 2, f'mkdir "$TMP/s"; touch "$TMP/s/events.jsonl"; {PLAY} --save "$TMP/s"', ("tun",)),
    Case("save to a file", 2, f'touch "$TMP/s"; {PLAY} --save "$TMP/s"', ("tun",)),
    Case("save where nothing can be", 2, f"{PLAY} --save /proc/nowhere", ("tun",)),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.needs(*case.needs), id=case.name) for case in CASES]
)
def test_says_what_is_wrong(case: Case, language: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "TUNLAB": str(TUNLAB),
        "TMP": str(tmp_path),
        "L": language,
        "LABS": str(paths.labs()),
        "PATH": paths.search_path(),  # chroot(8) is not in an ordinary user's
    }
    ran = subprocess.run(
        ["sh", "-c", case.script], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, timeout=60
    )
    told = ran.stderr.replace(str(TUNLAB), "tunlab").replace(str(tmp_path), "TMP").strip()
    assert ran.returncode == case.status, told
    assert "Traceback" not in told
    assert told == _golden(language, case.name, told)


def _golden(language: str, name: str, told: str) -> str:
    path = GOLDEN / f"errors.{language}.txt"
    pinned = dict(
        re.findall(r"^## ([^\n]+)\n\n(.*?)\n*(?=^## |\Z)", path.read_text() if path.exists() else "", re.M | re.S)
    )
    if os.environ.get("UPDATE_GOLDEN"):
        pinned[name] = told
        order = [case.name for case in CASES if case.name in pinned]
        path.write_text("\n\n".join(f"## {each}\n\n{pinned[each]}" for each in order) + "\n")
    return pinned[name]
