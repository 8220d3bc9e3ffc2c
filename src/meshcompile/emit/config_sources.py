"""Config sources: where Envoy gets resources from."""

from meshcompile.envoy.config.core import AggregatedConfigSource, ConfigSource

# Over ADS. Envoy waits for the resource before it starts to serve.
OVER_ADS = ConfigSource(ads=AggregatedConfigSource(), initial_fetch_timeout="0s", resource_api_version="V3")
