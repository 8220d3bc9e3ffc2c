"""What an object or a proxy is in its mesh: what selects it, what holds for it, and what of it has no effect.

    print(mesh.describe("virtualservice/catalog.shop").sections)

`subjects` finds what a name stands for. A module per kind makes sections of facts, each with its place. `world` has
the compiled proxies, which say what is really used.
"""
