"""The forms of credential names: which secret a name such as `configmap://shop/ca` refers to.

Follows istiod's `pilot/pkg/model/credentials`. A name without a scheme refers to a Secret in the proxy's namespace.
"""

BUILTIN = "builtin://"
"""The certificate of the workload itself."""
INVALID = "invalid://"
"""A certificate that is never valid."""
EXTERNAL = "sds://"
"""A secret of the SDS server that the mesh config names."""
KUBERNETES = "kubernetes://"
"""A Secret in the proxy's namespace, or in the one that the name begins with."""
GATEWAY_SECRET = "kubernetes-gateway://"
"""A Secret in a namespace, as the Gateway API refers to it."""
CONFIG_MAP = "configmap://"
"""A ConfigMap in a namespace, with the certificates of authorities."""

AUTHORITIES = "-cacert"
"""The secret with the authorities has the name of the certificate's secret and this suffix."""

TYPED = (KUBERNETES, GATEWAY_SECRET, CONFIG_MAP)
"""Names with these schemes are used as they are."""
