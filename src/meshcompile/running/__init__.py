"""The real Envoy on this machine: checks of configurations, and proxies that run what the mesh compiles to."""
