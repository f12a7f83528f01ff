"""What a run must leave as it was: the host's network, its mounts, its processes and the folder of sessions."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tunlab import paths

_NET = Path("/proc/sys/net")
_COUNTERS = {"nf_conntrack_count"}  # a count, not a setting
_TICKING = {"valid_life_time", "preferred_life_time", "expires"}  # seconds left, of addresses and routes


def snapshot() -> dict[str, Any]:
    """All of it, to be compared with `==`. A setting that a newly loaded module added is no change: see `changes`."""
    return {
        "links": _ip("link"),
        "addresses": _ip("addr"),
        "routes": _ip("route", "show", "table", "all"),
        "routes of IPv6": _ip("-6", "route", "show", "table", "all"),
        "rules": _ip("rule"),
        "settings": _settings(),
        "mounts": sorted(Path("/proc/self/mountinfo").read_text().splitlines()),
        "sessions": _sessions(),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs, by part, as (before, after)."""
    settings = {key: after["settings"].get(key) for key in before["settings"]}
    after = after | {"settings": settings}
    return {part: (before[part], after[part]) for part in before if before[part] != after[part]}


def processes_with(variable: str) -> list[int]:
    """The processes whose environment has `variable`, as NAME=VALUE."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if variable.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue  # gone, or another user's
    return found


def _ip(*words: str) -> Any:
    said = subprocess.run(
        ["ip", "-json", *words], check=True, capture_output=True, env=os.environ | {"PATH": paths.search_path()}
    )
    return _steady(json.loads(said.stdout or "[]"))


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(each) for key, each in value.items() if key not in _TICKING}
    return [_steady(each) for each in value] if isinstance(value, list) else value


def _settings() -> dict[str, str]:
    found = {}
    for path in _NET.rglob("*"):
        if path.name in _COUNTERS:
            continue
        try:
            found[str(path.relative_to(_NET))] = path.read_text()
        except OSError:
            continue  # a folder, or one that only root may read, or that is only written
    return found


def _sessions() -> list[str]:
    folder = paths.sessions(os.geteuid())
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
