"""One packet followed through all namespaces of a sandbox."""
