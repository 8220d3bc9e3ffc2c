"""meshcompile compiles Istio configuration into Envoy configuration, offline, as a pure function."""
