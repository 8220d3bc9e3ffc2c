"""A language server: diagnostics, hover, definitions and completion for files with Istio configuration.

`server` implements the protocol with pygls. The other modules compute its answers from a mesh.
"""
