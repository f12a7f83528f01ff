"""Pure, frozen data: topology, lab, verbs, checks, packets and events. No I/O, no third-party imports."""
