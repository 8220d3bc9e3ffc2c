"""Authentication and authorization: mutual TLS, tokens, and policies as conditions."""
