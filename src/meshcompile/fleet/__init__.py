"""Many proxies of a mesh: in several processes, on several machines, and summed up.

    for config in mesh.compile_all(jobs=4):
        print(config.proxy.id, config.fingerprint)

A fleet is cut into parts of proxies that stand beside each other. A part is done as a whole by one worker, so that the
proxies in it share what they have in common. Its result is sent back compressed.
"""
