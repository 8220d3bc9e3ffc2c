"""Rules of RequestAuthentications: istiod's `ValidateRequestAuthentication`. The schema rejects most empty texts."""

from meshcompile.codes import validation as codes
from meshcompile.models.security.request_authentication import JWTRule, RequestAuthentication
from meshcompile.validate.checks import Found, attachment, duration, exclusive
from meshcompile.validate.jwks import InvalidKeys, private_keys
from meshcompile.validate.urls import InvalidURL, scheme_of


def violations(policy: RequestAuthentication) -> Found:
    """Findings about a RequestAuthentication."""
    yield from attachment(policy.spec, "selector", "target_ref", "target_refs")
    for rule in policy.spec.jwt_rules:
        yield from _rule(rule)


def _rule(rule: JWTRule) -> Found:
    if not rule.issuer and not rule.jwks_uri:
        yield codes.JWT_RULE(rule, problem="a rule needs an `issuer` or a `jwksUri`")
    yield from exclusive(rule, "jwks_uri", "jwks")
    if rule.jwks_uri and (problem := _uri_problem(rule.jwks_uri)):
        yield codes.URL(rule.at("jwks_uri"), url=rule.jwks_uri, problem=problem)
    if rule.jwks:
        yield from _keys(rule)
    yield from duration(rule, "timeout")


def _uri_problem(uri: str) -> str | None:
    try:
        scheme = scheme_of(uri)
    except InvalidURL as invalid:
        return str(invalid)
    return None if scheme in ("http", "https") else "the scheme must be `http` or `https`"


def _keys(rule: JWTRule) -> Found:
    try:
        private = tuple(private_keys(rule.jwks))
    except InvalidKeys as invalid:
        yield codes.JWT_RULE(rule.at("jwks"), problem=f"`jwks` is not a JSON Web Key Set: {invalid}")
        return
    for index in private:
        yield codes.PRIVATE_KEY(rule.at("jwks"), index=index)
