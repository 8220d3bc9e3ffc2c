"""A language server: diagnostics, hover, definitions and completion for files of Istio configuration.

`server` speaks the protocol, with pygls, and the other modules answer its questions about a mesh.
"""
