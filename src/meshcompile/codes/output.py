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
    "`credentialName` names to the input, or pass its files with `--secret`. For the workload's own certificate, use "
    "`--workload-certs`, `--dev-certs` or `--plaintext`.",
)
CALLED_WITHOUT_CERTIFICATE = Code(
    "MC1104",
    "called-without-certificate",
    Severity.INFO,
    "{resource} is called without TLS: certificate {secret} is not available",
    "Mutual TLS needs a workload certificate, which Istio issues at run time. To provide one, pass `--workload-certs` "
    "a folder with `cert-chain.pem`, `key.pem` and `root-cert.pem`.",
)
MISSING_FILE = Code(
    "MC1105",
    "missing-file",
    Severity.WARNING,
    "the file `{path}` of {resource} is not there",
    "The configuration names a file of the machine that runs Envoy, such as a certificate in `tls.serverCertificate`. "
    "Envoy refuses the configuration without the file. `meshcompile bootstrap` looks on this machine; `--check` puts a "
    "stand-in in its place.",
)
UNREADABLE_PEM = Code(
    "MC1106",
    "unreadable-pem",
    Severity.WARNING,
    "{what} of {secret} cannot be used: {problem}",
    "Envoy refuses a configuration with a certificate, a key or an authority that it cannot read, or with a key that "
    "does not belong to its certificate. The filter chain or TLS context that needs it is omitted, so that the rest "
    "can run. Write the PEM as `kubectl create secret tls` does.",
)
REFUSED_BY_ENVOY = Code(
    "MC1107",
    "refused-by-envoy",
    Severity.ERROR,
    "Envoy {version} refuses {resource}: {problem}",
    "`meshcompile bootstrap --check` starts the real Envoy in validate mode. This is Envoy's answer, with the part of "
    "the configuration that causes it. istiod does not check everything that Envoy checks, so a proxy of a cluster "
    "refuses the update as well, and keeps its earlier configuration.",
)
RENAMED_FACTORY = Code(
    "MC1108",
    "renamed-factory",
    Severity.INFO,
    "filter state of {resource} uses `envoy.hashable_string` in place of `istio.hashable_string`",
    "Istio's build of Envoy registers a factory of its own for filter state that becomes part of connection pool keys. "
    "Upstream Envoy has the same factory under another name.",
)
UNVERIFIED_FORWARD_PROXY = Code(
    "MC1109",
    "unverified-forward-proxy",
    Severity.INFO,
    "{resource} resolves any host and calls it without TLS, which upstream Envoy allows only if told to",
    "Envoy expects that a dynamic forward proxy verifies the certificates of servers. Istio configures one without TLS "
    "for wildcard hosts. The bootstrap sets `allowInsecureClusterOptions`.",
)
NEEDS_PRIVILEGES = Code(
    "MC1110",
    "needs-privileges",
    Severity.INFO,
    "{extension} of {resource} is omitted: only a privileged process may set the source address of a connection",
    "With `interceptionMode: TPROXY`, Envoy calls the application with the address of the client. It needs the "
    "capability `CAP_NET_ADMIN`. Without the filter, the application sees the address of Envoy.",
)
PRIVATE_KEY_PROVIDER = Code(
    "MC1111",
    "private-key-provider",
    Severity.WARNING,
    "a certificate of {resource} has its private key without the private key provider",
    "The providers `cryptomb` and `qat` use special instructions of processors. They belong to Envoy's contrib build, "
    "which upstream images do not have.",
)
SETTINGS_OMITTED = Code(
    "MC1112",
    "settings-omitted",
    Severity.INFO,
    "settings of {extension} for parts of route configuration {routes} are omitted with the filter",
    "Virtual hosts and routes may override the settings of a filter. Upstream Envoy refuses settings of filters that "
    "it does not have.",
)
PASSTHROUGH_REPLACED = Code(
    "MC1113",
    "passthrough-replaced",
    Severity.INFO,
    "connections to unknown hosts {fate}",
    "`PassthroughCluster` forwards a connection to the address that iptables has caught. Without iptables, there is no "
    "such address. `--passthrough dfp` resolves the host of each HTTP request instead; TCP connections are closed. "
    "`--passthrough block` answers 503.",
)
SERVED_IN_PLAINTEXT = Code(
    "MC1114",
    "served-in-plaintext",
    Severity.WARNING,
    "a filter chain of {resource} serves plaintext in place of TLS with certificate {secret}",
    "`--plaintext` removes the mutual TLS of the mesh where no certificate is available. Clients have no identity, so "
    "rules of AuthorizationPolicies about identities do not match.",
)
REPEATED_CLUSTER = Code(
    "MC1115",
    "repeated-cluster",
    Severity.INFO,
    "{resource} is there once: istiod sends it twice",
    "istiod sends a cluster twice if a Service has a port twice. A bootstrap with two clusters of one name is refused.",
)
STANDS_IN = Code(
    "MC1116",
    "stands-in",
    Severity.INFO,
    "a stand-in takes the place of {what}",
    "`meshcompile bootstrap --check` runs without secrets: a throw-away certificate takes the place of each secret and "
    "file that is missing, so that Envoy checks everything else.",
)
