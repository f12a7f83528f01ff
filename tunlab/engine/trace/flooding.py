"""Copies that a bridge floods to strangers: seen, but not the packet's way."""

from collections.abc import Mapping, Sequence

from tunlab.engine.far_device import far_device
from tunlab.engine.trace.place import Place
from tunlab.errors import KernelError
from tunlab.kernel import namespaces
from tunlab.kernel.device_details import DeviceNetlink


class Flooding:
    """Asks the kernel which port leads where; only about packets that were flooded, so hardly ever."""

    def __init__(self, places: Sequence[Place], nodes: Mapping[str, int]) -> None:
        self._places = places
        self._nodes = nodes
        self._kept = list(places)
        self.to_nobody = False

    def without_copies(self) -> list[Place]:
        """The places that are on the packet's way.

        Where no copy has found the one whose MAC it bears, `to_nobody` is set: the copies are left then, and only those
        who heard them are not.
        """
        if not any(place.for_another for place in self._places):
            return self._kept
        for copies in sorted(self._floods(), key=len, reverse=True):
            if not any(copy is each for copy in copies for each in self._kept):
                continue  # copies of copies: they have gone with those
            living = [copy for copy in copies if self._leads_on(copy)]
            self.to_nobody = self.to_nobody or not living
            for copy in copies:
                if copy not in living:
                    self._drop(copy, keep=not living)
        return self._kept

    def _floods(self) -> list[list[Place]]:
        """What went out of one node at several devices, byte by byte the same; or at one, to somebody else."""
        groups: dict[tuple[str, str, bytes], list[Place]] = {}
        for place in self._places:
            if place.direction == "out":
                groups.setdefault((place.node, place.way, place.view.data), []).append(place)
        return [
            group
            for group in groups.values()
            if len({place.device for place in group}) > 1 or self._heard_by_another(group[0])
        ]

    def _heard_by_another(self, only: Place) -> bool:
        """Of a bridge with a single other port that is up: who hears the copy there need not be who was meant."""
        reached = self._reached(only)
        switched = any(each.node == only.node and each.direction == "in" and _same(each, only) for each in self._places)
        return switched and reached is not None and reached.for_another

    def _leads_on(self, place: Place) -> bool:
        """Whether the packet's way goes on from there."""
        if place.direction == "out":
            reached = self._reached(place)
            return self._leads_on(reached) if reached else self._comes_back(place)
        if not place.for_another:
            return True
        return any(self._leads_on(each) for each in self._passed_on(place))

    def _comes_back(self, place: Place) -> bool:
        """Of a port that is no veth pair's: whether its program answered."""
        return any(
            each.node == place.node and each.device == place.device and each.direction == "in" for each in self._places
        )

    def _passed_on(self, place: Place) -> list[Place]:
        """Where a bridge has sent it that has got it there."""
        return [
            each for each in self._places if each.direction == "out" and each.node == place.node and _same(each, place)
        ]

    def _reached(self, place: Place) -> Place | None:
        """Where what went out there came in."""
        far = self._peer(place)
        return next(
            (
                each
                for each in self._places
                if each.direction == "in" and (each.node, each.device) == far and _same(each, place)
            ),
            None,
        )

    def _drop(self, copy: Place, *, keep: bool) -> None:
        """The copy and all that came of it; with `keep` only those who heard it."""
        reached = self._reached(copy)
        if reached is not None:
            for each in self._passed_on(reached):
                self._drop(each, keep=False)
        gone = (reached,) if keep else (reached, copy)
        self._kept = [each for each in self._kept if not any(each is other for other in gone)]

    def _peer(self, place: Place) -> tuple[str, str] | None:
        try:
            with namespaces.inside(self._nodes[place.node]), DeviceNetlink() as netlink:
                link = netlink.link(place.device)
                if link is None or link.peer is None:
                    return None
                far = far_device(netlink, place.node, link.peer, link.peer_namespace, self._nodes.items())
        except KernelError:
            return None
        return (far.node, far.device) if far.node and far.device else None


def _same(one: Place, other: Place) -> bool:
    return one.way == other.way and one.view.data == other.view.data
