"""Which session is meant by a node's name, where several run."""

from tunlab.cli.choosing import choose, choose_session, sessions
from tunlab.cli.joining import answers
from tunlab.i18n import Words
from tunlab.kernel.joined import node_names
from tunlab.session.finding import Found, nearest


def session_with(words: Words, session: str | None, node: str) -> Found:
    """The session of that name; without one the only session, or the only one with that node, or the one chosen.

    Raises TunlabError as `choose_session` does.
    """
    found = nearest(sessions()) if session is None else []
    if len(found) < 2:
        return choose_session(words, session)
    having = [each for each, names in answers(found, node_names, words) if node in names] or found
    return having[0 if len(having) == 1 else choose(words, "choose_session", [each.name() for each in having])]
