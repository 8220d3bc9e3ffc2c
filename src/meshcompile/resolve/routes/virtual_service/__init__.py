"""The HTTP rules of VirtualServices in the vocabulary of `routes.intent`. Follows istiod's `TranslateRoute`.

This includes Ingresses, which istiod converts to VirtualServices. Only their path prefixes have another meaning.
"""
