"""Where Envoy gets resources from."""

from meshcompile.envoy.config.core import AggregatedConfigSource, ConfigSource

# Over ADS, and Envoy waits for it before it serves anything.
OVER_ADS = ConfigSource(ads=AggregatedConfigSource(), initial_fetch_timeout="0s", resource_api_version="V3")
