"""What istiod sends ztunnel: the workloads, services and authorizations of the workload API.

Follows istiod's `serviceregistry/ambient`. The index of the ambient mesh says which workloads and services there are,
and which waypoints they use. This package says the rest, in messages. A message has the place of its object.
"""
