"""IPP over HTTP(S), the little of it that printing a PDF exactly once needs (RFC 8010, RFC 8011)."""
