"""Running sandboxes and their event log. Standard library only: shell completion imports it."""
