"""Message types of Envoy, generated from its descriptors by `tools/generate_envoy.py`.

A module is named after its protobuf package, without `envoy.` and the version: `envoy.config.route.v3.RouteMatch` is
`meshcompile.envoy.config.route.RouteMatch`. A nested message joins the names: `RouteAction.HashPolicy.Header` is
`RouteActionHashPolicyHeader`. Import the module that you need: this package imports nothing.
"""
