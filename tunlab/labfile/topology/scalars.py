"""Values that only topologies have: times, percentages and rates of tc(8), hardware addresses, keys, yes and no."""

import base64
import binascii
import re

from tunlab.labfile.cursor import Value
from tunlab.labfile.problems import shown

_TIME = {"us": 1, "ms": 1_000, "s": 1_000_000}
_RATE = {"bit": 1, "kbit": 10**3, "mbit": 10**6, "gbit": 10**9}
_LONGEST = 3_600_000_000  # microseconds
_SLOWEST, _FASTEST = 1_000, 10**12  # bits per second


def yes(value: Value) -> bool:
    """`true` or `false`."""
    return value.choice(("true", "false")) == "true"


def microseconds(value: Value) -> int:
    """A time with its unit, up to an hour."""
    number = _with_unit(value, _TIME)
    if number is None or number > _LONGEST:
        raise value.error("topology_bad_time", field=shown(value.name), value=shown(value.text()))
    return number


def bits_per_second(value: Value) -> int:
    """A rate with its unit; a number alone is kbit to containerlab and bit to tc."""
    number = _with_unit(value, _RATE)
    if number is None or not _SLOWEST <= number <= _FASTEST:
        raise value.error("topology_bad_rate", field=shown(value.name), value=shown(value.text()))
    return number


def percent(value: Value) -> float:
    """A share, with or without the sign."""
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%?", value.text())
    if not found or float(found[1]) > 100:
        raise value.error("topology_bad_percent", field=shown(value.name), value=shown(value.text()))
    return float(found[1])


def hardware_address(value: Value) -> str:
    """The MAC address of one device: six bytes, lower case, of which none stands for many (IEEE 802)."""
    text = value.text()
    if not re.fullmatch("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", text) or not int(text.replace(":", ""), 16):
        raise value.error("topology_bad_mac", value=shown(text))
    if int(text[:2], 16) & 1:
        raise value.error("topology_mac_multicast", value=text, meant=f"02{text[2:].lower()}")
    return text.lower()


def wireguard_key(value: Value) -> str:
    """32 bytes in base64, as `wg genkey` prints them."""
    text = value.text()
    try:
        right = len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise value.error("topology_bad_key", field=shown(value.name))
    return text


def _with_unit(value: Value, units: dict[str, int]) -> int | None:
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([a-z]+)", value.text().lower())
    if not found or found[2] not in units:
        return None
    return round(float(found[1]) * units[found[2]])
