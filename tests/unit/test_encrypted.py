"""Records and keys of the encrypted mode: what opens, what does not, and that no counter comes twice."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunlab.errors import TunlabError
from tunlab.packet.craft import echo_request
from tunlab.tunnel import counts
from tunlab.tunnel.encrypted import sealing
from tunlab.tunnel.encrypted.key_files import generate, public_text, read_private, read_public
from tunlab.tunnel.encrypted.keyring import Held, Keyring
from tunlab.tunnel.encrypted.opening import Opening
from tunlab.tunnel.encrypted.record import CIPHERS, EXPORTED, HEADER, OVERHEAD, Keys, derived
from tunlab.tunnel.encrypted.replay_window import SIZE, ReplayWindow
from tunlab.tunnel.encrypted.sealing import Sealing
from tunlab.tunnel.rows import Packet, Rows
from tunlab.tunnel.whole import Malformed

PACKET = echo_request("192.168.1.2", "192.168.1.3", 1, 1, bytes(100))


class Pair:
    """An end that seals and an end that opens; `sessions` are their keys, agreed on again by `agree`."""

    def __init__(self, cipher: str = CIPHERS[0]) -> None:
        self._cipher = cipher
        self._rings = Keyring(), Keyring()
        self._sessions: list[tuple[Keys, Keys]] = []
        self.handed_over: list[bytes] = []
        self.sealing = Sealing(self._rings[0])
        self.opening = Opening(self._rings[1], lambda datagram: self.handed_over.append(bytes(datagram)))
        self.agree()

    def agree(self) -> None:
        material, number = os.urandom(EXPORTED), len(self._sessions) + 1
        self._sessions.append(
            (derived(number, self._cipher, material, True), derived(number, self._cipher, material, False))
        )
        self.use(number)

    def use(self, number: int | None) -> None:
        for side, ring in enumerate(self._rings):
            sessions = tuple(each[side] for each in self._sessions[-3:])
            ring.write(Held(self._sessions[number - 1][side] if number else None, sessions))


def refusal(pair: Pair, datagram: Packet) -> str:
    with pytest.raises(Malformed) as refused:
        pair.opening.unwrap(datagram)
    return counts.NAMES[refused.value.count]


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_record_opens_once(cipher: str) -> None:
    pair = Pair(cipher)
    record = bytes(pair.sealing.wrap(PACKET))
    assert len(record) == len(PACKET) + OVERHEAD
    assert PACKET[20:] not in record
    assert pair.opening.unwrap(record) == PACKET
    assert refusal(pair, record) == "replayed"


@given(st.integers(0, len(PACKET) + OVERHEAD - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    pair = Pair()
    record = bytearray(pair.sealing.wrap(PACKET))
    record[place] ^= change
    found = refusal(pair, record)
    assert found in ("unauthentic", "no_session", "handshake")
    assert (found == "handshake") == bool(pair.handed_over)
    if place >= 4:
        assert found == "unauthentic"


@pytest.mark.parametrize("length", range(OVERHEAD + 1))
def test_what_is_cut_off(length: int) -> None:
    pair = Pair()
    record = bytes(pair.sealing.wrap(PACKET))[:length]
    assert refusal(pair, record) == ("no_session" if length < 4 else "unauthentic")


def test_nobody_can_move_the_window() -> None:
    """A counter far ahead without the key changes nothing."""
    pair = Pair()
    record = bytes(pair.sealing.wrap(PACKET))
    forged = record[:4] + (1 << 60).to_bytes(8) + record[12:]
    assert refusal(pair, forged) == "unauthentic"
    assert pair.opening.unwrap(record) == PACKET


def test_there_is_nothing_without_a_key() -> None:
    pair = Pair()
    pair.use(None)
    with pytest.raises(OSError) as refused:
        pair.sealing.wrap(PACKET)
    assert refused.value.errno == errno.ENOKEY


def test_keys_are_used_up_before_a_counter_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LAST_COUNTER", 3)
    pair = Pair()
    found = [bytes(pair.sealing.wrap(PACKET))[4:HEADER] for _ in range(3)]
    assert found == [number.to_bytes(8) for number in range(3)]
    with pytest.raises(OSError):
        pair.sealing.wrap(PACKET)
    pair.agree()
    assert bytes(pair.sealing.wrap(PACKET))[4:HEADER] == bytes(8)


def test_an_old_session_is_never_sent_with_again() -> None:
    pair = Pair()
    pair.sealing.wrap(PACKET)
    pair.agree()
    pair.sealing.wrap(PACKET)
    pair.use(1)
    with pytest.raises(OSError):
        pair.sealing.wrap(PACKET)


def test_what_is_on_its_way_when_the_keys_change() -> None:
    pair = Pair()
    late = bytes(pair.sealing.wrap(PACKET))
    seen = bytes(pair.sealing.wrap(PACKET))
    assert pair.opening.unwrap(seen) == PACKET
    pair.agree()
    assert pair.opening.unwrap(pair.sealing.wrap(PACKET)) == PACKET
    assert pair.opening.unwrap(late) == PACKET
    assert refusal(pair, seen) == "replayed"


@given(st.lists(st.sampled_from(("good", "changed", "again", "swapped")), min_size=1, max_size=20), st.integers(1, 60))
def test_many_at_once_are_as_each_by_itself(kinds: list[str], last: int) -> None:
    """In batches the same comes out as one by one, whatever is wrong with some of them."""
    pair = Pair()
    packets = [number.to_bytes(60) for number in range(1, len(kinds) + 1)]
    packets[-1] = packets[-1][-last:]
    data = memoryview(bytearray(b"".join(packets)))
    (sealed,) = pair.sealing.wrap_all(Rows(data, 60))
    wire = [bytearray(each) for each in sealed]
    expected: list[tuple[int, bytes]] = []
    seen: set[int] = set()
    sources = list(range(len(kinds)))
    for number, kind in enumerate(kinds[:-1]):
        if kind == "changed":
            wire[number][-1] ^= 1
        elif kind == "again" and number:
            wire[number], sources[number] = bytearray(wire[number - 1]), sources[number - 1]
        elif kind == "swapped" and number + 2 < len(kinds):
            wire[number], wire[number + 1] = wire[number + 1], wire[number]
            sources[number], sources[number + 1] = sources[number + 1], sources[number]
    alone = Opening(pair._rings[1], lambda _: None)
    for number, each in enumerate(wire):
        try:
            expected.append((number, bytes(alone._opened(each))))
        except Malformed:
            seen.add(number)
    refused: list[Malformed] = []
    found = [
        (start + place, bytes(each))
        for start, rows in pair.opening.unwrap_all(Rows(memoryview(b"".join(wire)), 60 + OVERHEAD), refused.append)
        for place, each in enumerate(rows)
    ]
    assert found == expected
    assert len(refused) == len(seen)


@given(st.lists(st.integers(0, 3 * SIZE), max_size=200))
def test_the_window_is_a_set_that_forgets(counters: list[int]) -> None:
    window, came = ReplayWindow(), set[int]()
    for counter in counters:
        old = bool(came) and max(came) - counter >= SIZE
        assert window.is_new(counter) == (counter not in came and not old)
        if window.is_new(counter):
            window.seen(counter)
            came.add(counter)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 4000)), max_size=10))
def test_the_window_takes_many_in_a_row(runs: list[tuple[int, int]]) -> None:
    one, other, counter = ReplayWindow(), ReplayWindow(), 0
    for gap, count in runs:
        counter += gap
        one.seen(counter, count)
        for each in range(counter, counter + count):
            other.seen(each)
        counter += count
    near = range(max(0, counter - 2 * SIZE), counter + 2)
    assert [one.is_new(each) for each in near] == [other.is_new(each) for each in near]


def test_a_key_is_kept_secret(tmp_path: Path) -> None:
    path = tmp_path / "key"
    text = generate(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_public(text) == text == public_text(read_private(path).public_key())
    path.chmod(0o640)
    with pytest.raises(TunlabError) as refused:
        read_private(path)
    assert (refused.value.key, refused.value.values["mode"]) == ("tunnel_key_open", "0640")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    generate(path)
    before = path.read_bytes()
    with pytest.raises(TunlabError) as refused:
        generate(path)
    assert (refused.value.key, path.read_bytes()) == ("tunnel_key_there", before)


@pytest.mark.parametrize("text", ["", "x", "AAAA", "=" * 44, "A" * 44, "ä" * 44])
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(TunlabError) as refused:
        read_public(text)
    assert refused.value.key == "tunnel_bad_peer_key"


@pytest.mark.parametrize("data", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_private_key(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(TunlabError) as refused:
        read_private(path)
    assert refused.value.key == "tunnel_key_none"
