"""Programs that a lab starts in a node, as ``python -m tunlab.programs.NAME``; never imported by the rest."""
