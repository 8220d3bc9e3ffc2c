"""The HTTP rules of VirtualServices in the vocabulary of `routes.intent`: istiod's `TranslateRoute`.

Ingresses come here too: istiod makes VirtualServices of them, which only compare paths in another way.
"""
