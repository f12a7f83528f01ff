"""The endpoint of a VPN over UDP, App2 of the book's figure 1-12: a program, started by `tunlab tunnel`."""
