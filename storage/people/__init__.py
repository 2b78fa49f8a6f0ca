"""Who is known: domains, accounts, their addresses, roles and particulars."""
