"""A topology as a picture: for the terminal, as Mermaid, as DOT, as SVG. Pure functions of a Scene; no kernel."""
