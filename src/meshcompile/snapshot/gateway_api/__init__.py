"""Objects of Kubernetes' Gateway API, converted to Istio's own kinds as istiod does.

Follows istiod's `pilot/pkg/config/kube/gateway`. Each listener becomes a Gateway, each host of a route a
VirtualService, and each Service with a policy a DestinationRule. The later stages see no difference, apart from the
semantics of the VirtualServices and the Services that the Gateways are bound to.
"""
