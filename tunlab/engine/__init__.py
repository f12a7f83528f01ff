"""Runs verbs and checks on the real kernel and yields what happened. No typer, no rich."""
