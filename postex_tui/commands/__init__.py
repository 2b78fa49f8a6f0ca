"""One module per noun of the command line; each imports what takes time inside its commands."""
