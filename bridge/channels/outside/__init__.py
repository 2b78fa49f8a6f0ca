"""Notices that leave the bridge and hold nothing of a document (D14, S38): by e-mail, or to a recipient's URL."""
