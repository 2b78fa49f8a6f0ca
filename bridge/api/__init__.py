"""The control API: HTTP over a Unix socket (or in the process of a command), for the terminal app, the CLI, scripts.

`policy` says who may do what and is the only place that does; `access` enforces it before a route runs; `routes` has
a module per noun, `schemas` what goes in and out, `problems` every refusal with its code and text.
"""
