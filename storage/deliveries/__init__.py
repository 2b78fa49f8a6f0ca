"""Documents on their way to a reader: decisions kept, the outbox, the transcript."""
