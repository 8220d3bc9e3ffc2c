"""Rules that WasmPlugins and TrafficExtensions share. The schema has most of istiod's rules."""

from meshcompile.codes import validation as codes
from meshcompile.models.extensions.common import EnvValueSource, TrafficSelector, VmConfig
from meshcompile.models.extensions.traffic_extension import WasmConfig
from meshcompile.models.extensions.wasm_plugin import WasmPluginSpec
from meshcompile.validate.checks import Found, is_written, port
from meshcompile.validate.urls import InvalidURL, scheme_of

SCHEMES = ("", "file", "http", "https", "oci")


def module(node: WasmPluginSpec | WasmConfig) -> Found:
    """Findings about the URL of a module and about its environment."""
    if problem := _url_problem(node.url):
        yield codes.URL(node.at("url"), url=node.url, problem=problem)
    if node.vm_config is not None:
        yield from _environment(node.vm_config)


def _url_problem(url: str) -> str | None:
    """The problem with a URL, or None. A URL without a scheme is the URL of an image."""
    try:
        scheme = _lenient_scheme(url)
    except InvalidURL as invalid:
        return str(invalid)
    return None if scheme in SCHEMES else f"the scheme `{scheme}` is not supported: use file, http, https or oci"


def _lenient_scheme(url: str) -> str:
    try:
        return scheme_of(url)
    except InvalidURL as invalid:
        try:
            return scheme_of(f"http://{url}")
        except InvalidURL:
            raise invalid from None


def _environment(config: VmConfig) -> Found:
    names: set[str] = set()
    for variable in config.env:
        if variable.name in names:
            yield codes.DUPLICATE(variable.at("name"), what="environment variable", value=variable.name)
        names.add(variable.name)
        if variable.value_from is EnvValueSource.HOST and is_written(variable, "value"):
            problem = f"`{variable.name}` comes from the host, so it cannot have a `value`"
            yield codes.VM_ENVIRONMENT(variable.at("value"), problem=problem)


def matches(selectors: tuple[TrafficSelector, ...]) -> Found:
    """Findings about the traffic that an extension selects."""
    for selector in selectors:
        numbers: set[int] = set()
        for selected in selector.ports:
            if not is_written(selected, "number"):
                yield codes.MISSING(selected, field="number", reason="")
            else:
                yield from port(selected)
            if selected.number in numbers:
                yield codes.DUPLICATE(selected, what="port", value=selected.number)
            numbers.add(selected.number)
