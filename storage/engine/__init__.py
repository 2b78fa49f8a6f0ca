"""How it is written and read: the one writer, the readers, connections, files that are durable."""
