"""`istio.waypoint.xfcc_client_identity`: tells servers who is at both ends of the HBONE tunnel of a request.

The connection out of the tunnel has no certificate, from which Envoy would write the header `x-forwarded-client-cert`.
"""

from meshcompile.envoy.config.common.mutation_rules import HeaderMutation as Mutation
from meshcompile.envoy.config.core import HeaderValue, HeaderValueOption
from meshcompile.envoy.extensions.filters.http.header_mutation import HeaderMutation, Mutations
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits

NAME = "istio.waypoint.xfcc_client_identity"
_IDENTITIES = HeaderValue(
    key="x-forwarded-client-cert",
    value="By=%FILTER_STATE(io.istio.local_principal:PLAIN)%;URI=%FILTER_STATE(io.istio.peer_principal:PLAIN)%",
)
_FILTER = HttpFilter(
    name=NAME,
    typed_config=HeaderMutation(
        mutations=Mutations(
            request_mutations=(
                Mutation(append=HeaderValueOption(header=_IDENTITIES, append_action="OVERWRITE_IF_EXISTS_OR_ADD")),
            )
        )
    ),
)


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return (_FILTER,) if traits.tunnel_identity_header else ()
