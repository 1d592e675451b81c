"""What the handlers lean on and a trace never sees inside: contexts, code records, errors, attribute caches, launching."""
