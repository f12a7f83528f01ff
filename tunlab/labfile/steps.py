"""The `steps` of lab.yaml, and what must hold between the parts of a step."""

from collections.abc import Mapping, Sequence

from tunlab.labfile.checks import read_check, read_claims
from tunlab.labfile.cursor import Value, choices, if_there
from tunlab.labfile.known import REQUIREMENTS
from tunlab.labfile.prediction import read_prediction
from tunlab.labfile.values import Scope, endpoint, kernel_release, node_name, slug
from tunlab.labfile.verbs import read_verb
from tunlab.model.checks import Check, expects_absence
from tunlab.model.lab import Step, Watch
from tunlab.model.verbs import Verb


def read_steps(value: Value, scope: Scope, requires: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps in order; `requires` is what the whole lab needs."""
    steps: list[Step] = []
    lines: dict[str, int] = {}
    for item in value.items():
        with item.source.problems.collect():
            fields = item.fields(
                ("id", "check"), ("observes", "claims", "requires", "predict", "do", "solve", "watch", "figure")
            )
            identifier = slug(fields["id"])
            _once(fields["id"], identifier, lines)
            earlier = [name for name in lines if name != identifier]
            steps.append(_step(item, identifier, fields, scope, requires, earlier))
    return tuple(steps)


def read_requires(value: Value | None) -> tuple[str, ...]:
    """What the environment must have."""
    return if_there(value, lambda there: choices(there, REQUIREMENTS)) or ()


def _step(
    value: Value,
    identifier: str,
    fields: Mapping[str, Value],
    scope: Scope,
    requires: tuple[str, ...],
    earlier: Sequence[str],
) -> Step:
    claims = if_there(fields.get("claims"), lambda there: read_claims(there, scope)) or ()
    value.one_of(fields, "do", "solve", "observes")
    checks = _checks(fields["check"], scope, claims)
    whole = len(checks) == len(fields["check"].items())  # else a prediction would be blamed for a faulty check
    return Step(
        identifier,
        claims,
        tuple(dict.fromkeys((*requires, *read_requires(fields.get("requires"))))),
        do=_verbs(fields.get("do"), scope),
        watch=if_there(fields.get("watch"), lambda watch: _watch(watch, scope)),
        checks=checks,
        since=_since(fields["check"]),
        figure=if_there(fields.get("figure"), lambda figure: node_name(figure, scope.nodes)),
        observes=if_there(fields.get("observes"), lambda observes: _earlier(observes, earlier)),
        solve=_verbs(fields.get("solve"), scope),
        predict=if_there(
            fields.get("predict") if whole else None, lambda predict: read_prediction(predict, identifier, checks)
        ),
    )


def _verbs(value: Value | None, scope: Scope) -> tuple[Verb, ...]:
    verbs: list[Verb] = []
    for item in value.items() if value else ():
        with item.source.problems.collect():
            verbs.append(read_verb(item, scope))
    return tuple(verbs)


def _watch(value: Value, scope: Scope) -> Watch:
    fields = value.fields(("at", "deadline"), ("quiet", "beside"))
    quiet = fields["quiet"].seconds() if "quiet" in fields else 0.0
    beside = if_there(fields.get("beside"), lambda other: endpoint(other, scope.nodes))
    watch = Watch(endpoint(fields["at"], scope.nodes), quiet, fields["deadline"].seconds(), beside)
    if watch.quiet > watch.deadline:
        raise value.error("lab_watch", quiet=watch.quiet, deadline=watch.deadline)
    return watch


def _checks(value: Value, scope: Scope, claims: tuple[str, ...]) -> tuple[Check, ...]:
    checks: list[Check] = []
    lines: dict[str, int] = {}
    items = value.items()
    for item in items:
        with item.source.problems.collect():
            check = read_check(item, scope, claims)
            _once(item, check.id, lines)
            checks.append(check)
    if len(checks) == len(items):
        _compare(value, items, checks, claims)
    return tuple(checks)


def _since(value: Value) -> dict[str, str]:
    """The checks of what older kernels do not show, each with the first release that does."""
    entries = [item.entries() for item in value.items()]
    return {each["id"].text(): kernel_release(each["kernel"]) for each in entries if "kernel" in each and "id" in each}


def _compare(value: Value, items: Sequence[Value], checks: Sequence[Check], claims: tuple[str, ...]) -> None:
    """That nothing happened proves nothing, unless something else shows that it could have."""
    if all(expects_absence(check) for check in checks):
        raise items[0].error("lab_absence", check=checks[0].id)
    confirmed = {name for check in checks for name in check.claims}
    for name in claims:
        if name not in confirmed:
            value.source.problems.advice.append(value.error("lab_claim_unchecked", claim=name))


def _earlier(value: Value, earlier: Sequence[str]) -> str:
    name = value.text()
    if name not in earlier:
        raise value.unknown("lab_not_earlier", name, earlier)
    return name


def _once(value: Value, identifier: str, lines: dict[str, int]) -> None:
    if identifier in lines:
        raise value.error("lab_id_twice", name=identifier, first=lines[identifier])
    lines[identifier] = value.line
