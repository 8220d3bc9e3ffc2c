"""Names, addresses, URLs, header values and key sets, checked like in istiod."""

import pytest

from meshcompile.validate import authorization_values as values
from meshcompile.validate import names
from meshcompile.validate.headers import is_matchable, value_problem
from meshcompile.validate.jwks import InvalidKeys, private_keys
from meshcompile.validate.urls import InvalidURL, scheme_of

RSA = '{"kty": "RSA", "n": "abcd", "e": "AQAB"}'


@pytest.mark.parametrize("name", ["a", "A-1.b", "shop.com.", "99999999999999999999.shop", "a" * 63 + ".b"])
def test_domain_names(name: str) -> None:
    """A domain name has labels of letters, digits and `-`, and may end with a dot."""
    assert names.fqdn_problem(name) is None
    assert names.wildcard_problem(name) is None


@pytest.mark.parametrize("name", ["", "-a", "a..b", "a_b", "10.0.0.1", "a.123", "a" * 64, "a." * 130, "."])
def test_what_is_no_domain_name(name: str) -> None:
    """Empty and long labels, underscores, and numbers at the end are rejected."""
    assert names.fqdn_problem(name)


@pytest.mark.parametrize("name", ["*", "*.shop.com", "*-eu.shop.com", "*eu.shop", "1"])
def test_wildcards(name: str) -> None:
    """A `*` may replace the first label, or its start."""
    assert names.wildcard_problem(name) is None


@pytest.mark.parametrize("name", ["*.*.com", "a*.com", "a.*", "**.com", "*.1"])
def test_what_is_no_wildcard(name: str) -> None:
    """A `*` is rejected in any other place."""
    assert names.wildcard_problem(name)


def test_hosts_for_sni() -> None:
    """The SNI names that Istio generates are hosts of gateways with TLS passthrough."""
    assert names.sni_problem("outbound_.80_._.web.shop.svc.cluster.local") is None
    assert names.sni_problem("outbound_80") is not None
    assert names.sni_problem("*.shop.com") is None


@pytest.mark.parametrize("text", ["10.0.0.1", "::1", "fe80::1%eth0", "::ffff:1.2.3.4"])
def test_addresses(text: str) -> None:
    """IPv4 and IPv6 addresses are valid, the latter with an optional zone."""
    assert names.is_address(text)


@pytest.mark.parametrize("text", ["", "010.0.0.1", "10.0.0", "1.2.3.4/8", "shop.com", "::1%"])
def test_what_is_no_address(text: str) -> None:
    """Names, ranges and leading zeros are not addresses."""
    assert not names.is_address(text)


@pytest.mark.parametrize(("text", "valid"), [("10.1.2.3/8", True), ("::/0", True), ("10.0.0.0/33", False)])
def test_ranges(text: str, valid: bool) -> None:
    """A range may have host bits, but not a longer prefix than its address."""
    assert names.is_range(text) == valid


@pytest.mark.parametrize("text", ["10.0.0.0/08", "10.0.0.0/255.0.0.0", "fe80::1%eth0/64", "10.0.0.0/", "/8"])
def test_what_is_no_range(text: str) -> None:
    """Netmasks, leading zeros and zones are not valid in a range."""
    assert not names.is_range(text)


def test_labels() -> None:
    """Keys may have a DNS name as prefix, and the length of values is not checked."""
    assert names.label_key_problem("app.kubernetes.io/name") is None
    assert names.label_key_problem("a" * 64)
    assert names.label_key_problem("/name")
    assert names.label_key_problem("")
    assert names.is_label_value("")
    assert names.is_label_value("a" * 70)
    assert not names.is_label_value("a b")


def test_overlapping_hosts() -> None:
    """A wildcard overlaps with the hosts that it covers, and a host with itself."""
    assert not list(names.overlapping_hosts(("a.shop", "b.shop")))
    assert list(names.overlapping_hosts(("b.com", "a.shop", "*.shop"))) == [(1, 2)]
    assert list(names.overlapping_hosts(("a", "b", "a", "a"))) == [(0, 2)]
    assert list(names.overlapping_hosts(("*.shop", "a.shop", "a.shop", "*"))) == [(0, 1), (1, 2), (0, 3), (1, 3)]


def test_overlapping_hosts_of_a_large_object() -> None:
    """The time does not grow with the square of the number of hosts."""
    hosts = (*(f"a{number}.shop" for number in range(20_000)), *("*.com",) * 20_000)
    assert list(names.overlapping_hosts(hosts)) == [(20_000, 20_001)]


@pytest.mark.parametrize(
    "value", ["", "a b", "100%%", "%HOSTNAME%", "%REQ(x?y)%", '%DYNAMIC_METADATA(["a", "b"])%', "%A(b\\)c)%", "é\t"]
)
def test_header_values(value: str) -> None:
    """A header value may have commands, with a list of strings or with one argument."""
    assert value_problem(value) is None


@pytest.mark.parametrize(
    "value", ["%", "50% off", "%A", "%A(", '%A(["a" "b"])%', "%A([1])%", "%REQ(x):3%", "a\nb", "%A(\\"]
)
def test_what_is_no_header_value(value: str) -> None:
    """A lone `%`, an unterminated command, and control characters are rejected."""
    assert value_problem(value)


@pytest.mark.parametrize(
    "name", ["x-a", "X_A", "a,b", ":authority", "@request.auth.claims.sub", "@Request.Auth.Claims[a]"]
)
def test_headers_to_match(name: str) -> None:
    """A match may name a header, a pseudo-header or a claim."""
    assert is_matchable(name)


@pytest.mark.parametrize("name", ["", "a b", ":host", "@request.auth.claims", "@request.auth.claims[]", "a:b"])
def test_what_is_no_header_to_match(name: str) -> None:
    """Other pseudo-headers, and claims without a name, are rejected."""
    assert not is_matchable(name)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("HTTPS://shop.com:443/a?b#c", "https"),
        ("oci://ghcr.io/a:v1", "oci"),
        ("/opt/a.wasm", ""),
        ("mailto:a", "mailto"),
        ("http://[::1]:80/", "http"),
    ],
)
def test_urls(url: str, scheme: str) -> None:
    """A URL is absolute, or a path."""
    assert scheme_of(url) == scheme


@pytest.mark.parametrize(
    "url",
    ["", "shop.com/a", "http://a:b/", "http://a b/", "http://a/%zz", "http://[::1", "http://a\n", ":a", "http://a/#%"],
)
def test_what_is_no_url(url: str) -> None:
    """Relative references, invalid ports and invalid escapes are rejected."""
    with pytest.raises(InvalidURL):
        scheme_of(url)


def test_key_sets() -> None:
    """A key set has keys, or is a single key, and keys with a private part are found."""
    assert list(private_keys(f'{{"keys": [{RSA}]}}')) == []
    assert list(private_keys(RSA)) == []
    assert list(private_keys('{"keys": []}')) == []
    assert list(private_keys(f'{{"keys": [{RSA}, {{"kty": "oct", "k": "YQ"}}]}}')) == [1]


@pytest.mark.parametrize("text", ["", "x", "[]", '{"keys": 1}', "{}", '{"kty": "RSA"}', '{"kty": "oct", "k": "a"}'])
def test_what_is_no_key_set(text: str) -> None:
    """Text that is not JSON, and keys without the members of their type, are rejected."""
    with pytest.raises(InvalidKeys):
        private_keys(text)


@pytest.mark.parametrize(
    ("key", "given", "valid"),
    [
        ("request.headers[x-a]", ("v",), True),
        ("request.headers[]", ("v",), False),
        ("request.headers", ("v",), False),
        ("source.ip", ("10.0.0.0/8",), True),
        ("source.ip", ("10.0.0.0/33",), False),
        ("destination.port", ("0",), True),
        ("destination.port", ("65536",), False),
        ("source.serviceAccount", ("ns/sa",), True),
        ("source.serviceAccount", ("a/b/c",), False),
        ("source.trustDomain", ("a/b",), True),
        ("source.trustDomain", ("a*b",), False),
        ("destination.labels[a]", ("v",), False),
        ("source.namespace", ("",), False),
        ("nothing", ("v",), False),
    ],
)
def test_conditions(key: str, given: tuple[str, ...], valid: bool) -> None:
    """Each key accepts values of its own type."""
    assert (values.condition_problem(key, given) is None) == valid


@pytest.mark.parametrize(
    ("path", "valid"),
    [
        ("/a/{*}/b", True),
        ("/{**}", True),
        ("/{*}/{**}/c", True),
        ("/{**}/{*}", False),
        ("/a{*}", False),
        ("/{x}", False),
        ("/a*", True),
        ("/{*}/b c", False),
        ("/b c", True),
    ],
)
def test_paths(path: str, valid: bool) -> None:
    """Templates are whole segments, and no template may follow `{**}`."""
    assert (values.path_problem(path) is None) == valid
