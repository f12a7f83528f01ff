"""A lab folder becomes a Lab, or an error with file, line and a suggestion."""
