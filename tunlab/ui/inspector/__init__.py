"""The live view of `tunlab inspect`: the only place that imports textual."""
