"""Envoy's configuration as sets of requests: what `meshcompile.simulate` does for one request, for all at once.

    table = host_table(virtual_host)
    table.unreachable(3)   # Proved(by=(1,)), Refuted(witness=...) or Unknown(reason)

The dimensions of a request are `path` (without its query), `method`, `scheme`, `authority`, `header:NAME`,
`query:NAME`, and `connect`, whether it is a CONNECT. A condition that cannot be expressed is a dimension of its own:
`?` and its description, which is true or false. What is proved with such a dimension holds whatever the condition
means. A witness that depends on one is no witness, and the answer is unknown.
"""
