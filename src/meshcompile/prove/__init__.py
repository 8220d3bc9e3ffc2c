"""Proofs about meshes: statements that must hold, who can call what, and how policies differ.

    compare_policies(before, after).relation   # Relation.WIDER
    mesh.prove(statements)
    mesh.reach("orders.shop")

What is proved holds for all requests. What is refuted has a witness, and the witness is a request that
`meshcompile.explain` follows. Everything else is unknown, with the reason.
"""
