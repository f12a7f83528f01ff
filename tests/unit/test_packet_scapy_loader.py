"""load_scapy(): no file, no route, no word; in a fresh interpreter, because modules load once."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, sys
before = dict(os.environ)
import tunlab.packet.decode, tunlab.packet.craft, tunlab.packet.summary, tunlab.packet.pcapng
assert not any(name.startswith("scapy") for name in sys.modules)
from tunlab.model.packet import LinkType
tunlab.packet.decode.decode(tunlab.packet.craft.echo_request("fe80::1", "fe80::2", 1, 2, b"x"), LinkType.RAW)
assert dict(os.environ) == before
assert "scapy.all" not in sys.modules
from scapy.config import conf
assert conf.route.routes == [] and conf.route6.routes == []
"""


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    homes = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")} | homes
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
