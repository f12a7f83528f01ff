"""Events in, tables and panels out; keys. No kernel, no scapy."""
