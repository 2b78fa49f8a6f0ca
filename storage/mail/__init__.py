"""Documents in mailboxes: stored, listed, flagged, moved, opened by their readers."""
