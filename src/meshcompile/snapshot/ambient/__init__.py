"""The ambient mesh: waypoints, and the services and workloads that use them.

Follows istiod's `serviceregistry/ambient`. Only objects of the config cluster take part, as in istiod without
AMBIENT_ENABLE_MULTI_NETWORK.
"""
