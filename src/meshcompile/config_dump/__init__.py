"""Config dumps of live Envoys as input: the same messages as those that meshcompile compiles.

    dump = parsed_config_dump(text)              # of `curl 'localhost:15000/config_dump?include_eds'`
    dump.config.listeners                        # a Config: tables, simulate and compare take it
    dump.bootstrap("istio").to_json()            # a static bootstrap with which Envoy does the same

`sections` finds the resources in the parts of a dump. `reading` reads them, and trusts nothing: what is no message of
Envoy's API is left out with a diagnostic. `dump` is the result.
"""

from meshcompile.config_dump.dump import ConfigDump
from meshcompile.config_dump.reading import is_config_dump, parsed_config_dump

__all__ = ["ConfigDump", "is_config_dump", "parsed_config_dump"]
