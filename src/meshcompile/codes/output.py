"""Codes of static bootstraps: MC11xx."""

from meshcompile.diagnostics import Code, Severity

ISTIO_ONLY = Code(
    "MC1101",
    "istio-only",
    Severity.INFO,
    "{extension} of {resource} is left out: only Istio's build of Envoy has it",
    "A plain Envoy refuses configuration of extensions that it does not have. What Istio's own do is not "
    "routing: statistics, the exchange of workload metadata, and a marker in ALPN for other Istio proxies. "
    "`--flavour istio` keeps them.",
)
NOT_INLINED = Code(
    "MC1102",
    "not-inlined",
    Severity.WARNING,
    "{extension} of {resource} is left out: {reason}",
    "Istio sends the filter while Envoy runs, from an image that is fetched then. A static bootstrap cannot.",
)
SERVED_WITHOUT_CERTIFICATE = Code(
    "MC1103",
    "served-without-certificate",
    Severity.WARNING,
    "a filter chain of {resource} is left out: there is no certificate {secret}",
    "The filter chain ends TLS with a certificate that Envoy would fetch while it runs. Put the Secret that "
    "`credentialName` names among the input; the certificate of the workload itself is given by `--workload-certs`.",
)
CALLED_WITHOUT_CERTIFICATE = Code(
    "MC1104",
    "called-without-certificate",
    Severity.INFO,
    "{resource} is called without TLS: there is no certificate {secret}",
    "Mutual TLS needs a certificate of the workload, which Istio issues while Envoy runs. Without one, "
    "`--workload-certs` can name a folder with `cert-chain.pem`, `key.pem` and `root-cert.pem`.",
)
