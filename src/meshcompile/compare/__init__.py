"""What a change of a mesh does to requests, and to the resources of each proxy.

    diff(before, after).changes   # each set of requests that is treated differently, with a witness

Proxies with equal fingerprints are done. For the others, `resources` compares the messages by meaning. `routes`,
`listeners` and `clusters` make probes: requests that meet what changed. The probes of route tables are witnesses of
all requests that differ, found by `meshcompile.symbolic`; what they do not show is routed as before. A probe is
evaluated in both configurations by `meshcompile.simulate`, and `effects` compares the outcomes. `mesh_diff` joins what
is the same for several proxies and hosts, finds the lines to blame, and asks `risks` what is risky.
"""
