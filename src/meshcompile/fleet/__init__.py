"""Many proxies of a mesh: compiled in several processes or on several machines, and summarized.

    for config in mesh.compile_all(jobs=4):
        print(config.proxy.id, config.fingerprint)

A fleet is split into parts of adjacent proxies. One worker compiles a whole part, so that its proxies share what they
have in common. Its result is sent back compressed.
"""
