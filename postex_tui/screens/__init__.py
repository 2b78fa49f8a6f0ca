"""One screen a module: what it asks of the API, and how that is laid out."""
