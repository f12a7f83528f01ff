"""Bytes and headers: the only place that imports scapy, and only inside functions."""
