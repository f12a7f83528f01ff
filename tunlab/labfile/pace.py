"""The paces of a lab: named sets of the values that stand as `{pace.NAME}` elsewhere in lab.yaml."""

from collections.abc import Mapping

from tunlab.labfile.cursor import Value
from tunlab.labfile.problems import shown


def read_paces(value: Value | None) -> dict[str, dict[str, str]]:
    """Every pace with its values. All define the same names: a lab must run at each of them."""
    if value is None:
        return {}
    entries = value.entries()
    paces = {pace: {name: item.text() for name, item in body.entries().items()} for pace, body in entries.items()}
    names = dict.fromkeys(name for values in paces.values() for name in values)
    for pace, values in paces.items():
        for name in names:
            if name not in values:
                raise entries[pace].error("lab_pace_lacks", pace=shown(pace), name=shown(name))
    return paces


def choose(value: Value | None, pace: str) -> Mapping[str, str]:
    """The values of one pace. A lab without paces runs the same at all of them."""
    if value is None:
        return {}
    paces = read_paces(value)
    if pace not in paces:
        raise value.unknown("lab_unknown_pace", pace, paces)
    return paces[pace]
