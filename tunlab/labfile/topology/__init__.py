"""The `topology` of a lab, or of a file of its own: YAML becomes a Topology, or errors with their places."""
