"""The kinds of Kubernetes' Gateway API that istiod reads, as of release 1.5.1 of the API."""
