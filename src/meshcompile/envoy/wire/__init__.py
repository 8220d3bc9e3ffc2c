"""Envoy messages in the binary format of protobuf, without the protobuf runtime.

The tables are the descriptors of the whole Envoy API (`meshcompile.envoy.descriptors`), and both directions work on
protobuf JSON, the form in which messages are printed:

    encode("envoy.config.listener.v3.Listener", listener)       # bytes, which stay with the message
    packed("envoy.config.listener.v3.Listener", listener)       # the bytes of a google.protobuf.Any with the message
    packed_pieces("envoy.config.route.v3.RouteConfiguration", table)  # the same in pieces: proxies share virtual hosts
    encode_json("envoy.service.discovery.v3.DiscoveryResponse", {"versionInfo": "1"})
    decode("envoy.service.discovery.v3.DiscoveryRequest", data)  # {"node": {"id": ...}, ...}

Equal messages have equal bytes in every process: fields are in the order of their numbers, and the keys of maps are
sorted. `decode` is for bytes from outside: it limits depth and size, and raises WireError for anything malformed.
"""

from meshcompile.envoy.wire.decoding import decode
from meshcompile.envoy.wire.encoding import encode, encode_json, packed, packed_pieces
from meshcompile.envoy.wire.errors import WireError
from meshcompile.envoy.wire.records import Limits

__all__ = ["Limits", "WireError", "decode", "encode", "encode_json", "packed", "packed_pieces"]
