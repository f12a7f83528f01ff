"""Everything a learner reads that is not a lab: one module a language, the same keys in each."""
