"""Codes of static bootstraps: MC11xx."""

from meshcompile.diagnostics import Code, Severity

ISTIO_ONLY = Code(
    "MC1101",
    "istio-only",
    Severity.INFO,
    "{extension} of {resource} is omitted: only Istio's build of Envoy includes it",
    "A plain Envoy rejects configuration for extensions that it does not include. Istio's own extensions do not affect "
    "routing: they record statistics, exchange workload metadata, and mark ALPN for other Istio proxies. `--flavour "
    "istio` keeps them.",
)
NOT_INLINED = Code(
    "MC1102",
    "not-inlined",
    Severity.WARNING,
    "{extension} of {resource} is omitted: {reason}",
    "Istio delivers this filter at run time, from an image that the proxy fetches. A static bootstrap cannot include "
    "it.",
)
SERVED_WITHOUT_CERTIFICATE = Code(
    "MC1103",
    "served-without-certificate",
    Severity.WARNING,
    "a filter chain of {resource} is omitted: certificate {secret} is not available",
    "The filter chain terminates TLS with a certificate that Envoy fetches at run time. Add the Secret that "
    "`credentialName` names to the input. For the workload's own certificate, use `--workload-certs`.",
)
CALLED_WITHOUT_CERTIFICATE = Code(
    "MC1104",
    "called-without-certificate",
    Severity.INFO,
    "{resource} is called without TLS: certificate {secret} is not available",
    "Mutual TLS needs a workload certificate, which Istio issues at run time. To provide one, pass `--workload-certs` "
    "a folder with `cert-chain.pem`, `key.pem` and `root-cert.pem`.",
)
