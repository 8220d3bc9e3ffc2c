"""The protobuf runtime with the messages of xds-protos and those that only Istio's build of Envoy has."""

from __future__ import annotations

import importlib
import importlib.metadata
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

ISTIO = (
    """
    name: "stats.proto" package: "stats" syntax: "proto3" dependency: "google/protobuf/duration.proto"
    enum_type { name: "MetricType" value { name: "COUNTER" number: 0 } value { name: "GAUGE" number: 1 }
                value { name: "HISTOGRAM" number: 2 } }
    enum_type { name: "Reporter" value { name: "UNSPECIFIED" number: 0 } value { name: "SERVER_GATEWAY" number: 1 } }
    message_type {
      name: "MetricConfig"
      nested_type {
        name: "DimensionsEntry" options { map_entry: true }
        field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
        field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
      }
      field { name: "dimensions" number: 1 type: TYPE_MESSAGE type_name: ".stats.MetricConfig.DimensionsEntry"
              label: LABEL_REPEATED }
      field { name: "name" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "tags_to_remove" number: 3 type: TYPE_STRING label: LABEL_REPEATED }
      field { name: "match" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "drop" number: 5 type: TYPE_BOOL label: LABEL_OPTIONAL }
    }
    message_type {
      name: "MetricDefinition"
      field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "type" number: 3 type: TYPE_ENUM type_name: ".stats.MetricType" label: LABEL_OPTIONAL }
    }
    message_type {
      name: "PluginConfig"
      field { name: "disable_host_header_fallback" number: 6 type: TYPE_BOOL label: LABEL_OPTIONAL }
      field { name: "tcp_reporting_duration" number: 7 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration"
              label: LABEL_OPTIONAL }
      field { name: "metrics" number: 8 type: TYPE_MESSAGE type_name: ".stats.MetricConfig" label: LABEL_REPEATED }
      field { name: "definitions" number: 9 type: TYPE_MESSAGE type_name: ".stats.MetricDefinition"
              label: LABEL_REPEATED }
      field { name: "reporter" number: 10 type: TYPE_ENUM type_name: ".stats.Reporter" label: LABEL_OPTIONAL }
      field { name: "rotation_interval" number: 11 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration"
              label: LABEL_OPTIONAL }
      field { name: "graceful_deletion_interval" number: 12 type: TYPE_MESSAGE
              type_name: ".google.protobuf.Duration" label: LABEL_OPTIONAL }
    }
    """,
    """
    name: "alpn.proto" package: "istio.envoy.config.filter.http.alpn.v2alpha1" syntax: "proto3"
    message_type {
      name: "FilterConfig"
      enum_type { name: "Protocol" value { name: "HTTP10" number: 0 } value { name: "HTTP11" number: 1 }
                  value { name: "HTTP2" number: 2 } }
      nested_type {
        name: "AlpnOverride"
        field { name: "upstream_protocol" number: 1 type: TYPE_ENUM label: LABEL_OPTIONAL
                type_name: ".istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.Protocol" }
        field { name: "alpn_override" number: 2 type: TYPE_STRING label: LABEL_REPEATED }
      }
      field { name: "alpn_override" number: 1 type: TYPE_MESSAGE label: LABEL_REPEATED
              type_name: ".istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.AlpnOverride" }
    }
    """,
)
"""Istio's own messages, written down from the definitions in its repositories and not from the tables under test."""


@cache
def pool() -> Any:
    """A pool with every message, because an Any may contain any of them."""
    for path in importlib.metadata.files("xds-protos") or ():
        if path.name.endswith("_pb2.py") and path.parts[0] in {"envoy", "xds", "udpa"}:
            importlib.import_module(".".join(path.with_suffix("").parts))
    default = descriptor_pool.Default()
    for text in ISTIO:
        default.Add(text_format.Parse(text, descriptor_pb2.FileDescriptorProto()))
    return default


def protobuf_class(name: str) -> Any:
    """The class of the message with this full name."""
    return message_factory.GetMessageClass(pool().FindMessageTypeByName(name))
