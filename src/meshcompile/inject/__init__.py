"""Injection of the proxy into Pods, as istiod's webhook and `istioctl kube-inject` do it."""
