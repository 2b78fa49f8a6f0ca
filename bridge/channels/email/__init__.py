"""The e-mail channel: documents and notices through a relay, and what comes back from it."""
