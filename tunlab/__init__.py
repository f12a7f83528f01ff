"""tunlab: network labs on the real kernel."""
