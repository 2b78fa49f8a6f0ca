"""The external mailbox channel: documents into an IMAP account that the recipient has elsewhere."""
