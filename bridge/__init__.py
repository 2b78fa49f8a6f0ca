"""What happens: documents come in over SMTP, are decided on, and are read over IMAP."""
