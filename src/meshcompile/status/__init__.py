"""The statuses that istiod writes on objects of the Gateway API, with the place that each condition is about."""
