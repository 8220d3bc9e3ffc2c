"""Codes of reading objects into models: MC01xx."""

from meshcompile.diagnostics import Code, Severity

NOT_AN_OBJECT = Code(
    "MC0101",
    "not-an-object",
    Severity.ERROR,
    "expected an object with `apiVersion`, `kind` and `metadata`, found {found}",
    "A document must be a mapping of fields. Write several objects as separate documents, or as `kind: List`.",
)
MISSING_TYPE = Code(
    "MC0102",
    "missing-type",
    Severity.ERROR,
    "`{field}` is missing, so the type of the object is unknown",
    "Every object needs an `apiVersion`, such as `networking.istio.io/v1`, and a `kind`. Both are text in exactly this "
    "spelling.",
)
UNKNOWN_TYPE = Code(
    "MC0103",
    "unknown-type",
    Severity.ERROR,
    "there is no kind `{kind}` in `{api_version}`{hint}",
    "The API server rejects an unknown kind or version of a group, so the object is ignored.",
)
PASSED_OVER = Code(
    "MC0104",
    "kind-passed-over",
    Severity.INFO,
    "objects of kind `{kind}` in `{api_version}` are not read",
    "meshcompile reads only the kinds that istiod uses for Envoy configuration, and those that create Pods.",
)
MISSING_NAME = Code(
    "MC0105",
    "missing-name",
    Severity.ERROR,
    "`metadata.name` is missing",
    "An object needs a name, or a `generateName` from which the API server generates one.",
)
UNSUPPORTED_KIND = Code(
    "MC0106",
    "unsupported-kind",
    Severity.WARNING,
    "objects of kind `{kind}` in `{api_version}` are not supported: their configuration is missing from the output",
    "istiod turns such objects into Envoy configuration, but meshcompile does not.",
)
FLAGGED_KIND = Code(
    "MC0107",
    "flagged-kind",
    Severity.WARNING,
    "istiod does not read objects of kind `{kind}` unless {advice} is true: the object has no effect",
    "The kind belongs to a feature that is off by default. meshcompile does what istiod does by default, and does not "
    "support the feature: with the flag, istiod sends configuration that is missing from the output.",
)
UNKNOWN_FIELD = Code(
    "MC0110",
    "unknown-field",
    Severity.ERROR,
    "unknown field `{field}`{hint}",
    "The kind has no such field at this level. The field is misspelled, or its indentation is one level too high or "
    "too low. `kubectl apply` rejects the object. For Istio's kinds, meshcompile ignores the whole object. For "
    "Kubernetes' own kinds, it drops the field and uses the rest, like a cluster with lenient validation.",
)
PROTO_SPELLING = Code(
    "MC0111",
    "proto-spelling",
    Severity.ERROR,
    "the API server does not know `{field}`: write `{expected}`",
    "Fields of Kubernetes objects are spelled in lowerCamelCase. The snake_case names of protobuf work in a mesh "
    "config, but not in an object that you apply to a cluster.",
)
FIELD_TWICE = Code(
    "MC0112",
    "field-twice",
    Severity.ERROR,
    "`{field}` and `{expected}` are two spellings of one field: keep `{expected}`",
    "Write each field once, in lowerCamelCase.",
)
WRONG_TYPE = Code(
    "MC0113",
    "wrong-type",
    Severity.ERROR,
    "`{field}` must be {expected}, found {found}",
    "The value does not have the field's type. Quote text that YAML reads as a number or a boolean, such as `no`. Do "
    "not quote numbers and booleans.",
)
WRONG_VALUE = Code(
    "MC0114",
    "wrong-value",
    Severity.ERROR,
    "`{field}` is not valid: {problem}",
    "The field does not accept this value, for example a duration without a unit.",
)
WRONG_CHOICE = Code(
    "MC0115",
    "wrong-choice",
    Severity.ERROR,
    "`{field}` must be one of {expected}, not {found}{hint}",
    "The field accepts a fixed set of names, in exactly this spelling.",
)
OUT_OF_RANGE = Code(
    "MC0116",
    "out-of-range",
    Severity.ERROR,
    "`{field}` must be {expected}, found {found}",
    "The number is outside the field's range.",
)
NULL_VALUE = Code(
    "MC0117",
    "null-value",
    Severity.ERROR,
    "`{field}` is null: leave it out, or give it a value",
    "In Istio's kinds, the API server accepts null only where protobuf has a wrapper, such as `consecutive5xxErrors`. "
    "In a list of a Kubernetes kind, it reads null as an empty item, and nearly always refuses that item because a "
    "field is missing; such a null is always an error here. A template that renders to nothing often leaves a null.",
)
MISSING_FIELD = Code(
    "MC0118",
    "missing-field",
    Severity.ERROR,
    "`{field}` is missing",
    "The kind requires this field. A Deployment without `spec.template` is often a Kustomize patch: run `kustomize "
    "build`, and pass its output instead.",
)
MORE_PROBLEMS = Code(
    "MC0119",
    "more-problems",
    Severity.ERROR,
    "{count} more problems in this object are not shown",
    "Only the first problems of an object are listed.",
)
WRONG_SIZE = Code(
    "MC0120",
    "wrong-size",
    Severity.ERROR,
    "`{field}` must have {expected}",
    "The schema of the kind limits the length of the text, list or map. An optional field often must not be empty: "
    "remove it instead.",
)
WRONG_FORM = Code(
    "MC0121",
    "wrong-form",
    Severity.ERROR,
    "`{field}` is `{found}`, which the pattern {expected} does not match",
    "The schema of the kind has a regular expression for this field.",
)
ONE_MEMBER = Code(
    "MC0122",
    "one-member-used",
    Severity.WARNING,
    "`{field}` sets {names}, which exclude each other: istiod uses {last}",
    "The fields are alternatives: protobuf calls them a oneof. istiod does not reject a mesh config or a proxy config "
    "that sets several of them. It uses the one that the API declares last, wherever it stands in the file. Keep the "
    "one that you mean.",
)
UNSUPPORTED_FIELD = Code(
    "MC0130",
    "unsupported-field",
    Severity.WARNING,
    "`{field}` is not supported: {why}",
    "istiod uses this field, but meshcompile does not, so the output lacks its effect. The rest of the object applies. "
    "The reference page of each kind lists its unsupported fields.",
)
FIELD_WITHOUT_EFFECT = Code(
    "MC0131",
    "field-without-effect",
    Severity.INFO,
    "`{field}` has no effect: {why}",
    "Istio's API has the field, but istiod ignores it. Remove it, so that nobody relies on it.",
)
REMOVED_API = Code(
    "MC0140",
    "removed-api",
    Severity.WARNING,
    "`{kind}` in `{api_version}` has no effect: {advice}",
    "An earlier Istio had this API. No supported Istio has it, so the object has no effect: a policy that seems to "
    "protect a workload does not.",
)
RETIRED_VERSION = Code(
    "MC0141",
    "retired-version",
    Severity.WARNING,
    "`{kind}` in `{api_version}` is ignored: {advice}",
    "No supported Kubernetes accepts an object of this version. Migrate it to the version that replaced it; some "
    "fields changed.",
)
MISTYPED_GROUP = Code(
    "MC0142",
    "mistyped-group",
    Severity.WARNING,
    "`{kind}` in `{api_version}` is not read: did you mean the group `{meant}`?",
    "The kind is known, but its group is misspelled. The API server rejects such an object, unless the group really "
    "exists.",
)
MAKES_OBJECTS = Code(
    "MC0143",
    "makes-objects",
    Severity.WARNING,
    "`{kind}` creates objects that are not in the input: {advice}",
    "A controller in the cluster creates objects from this one. The output lacks them unless they are part of the "
    "input. Render them first.",
)
DEPRECATED_API = Code(
    "MC0146",
    "deprecated-api",
    Severity.WARNING,
    "`{what}` is deprecated in Istio {release}: {instead}",
    "Istio or the Gateway API has deprecated the field, the value or the version. It works as before, but may stop "
    "working in a later release. `meshcompile upgrade` reports it.",
)
NOT_IN_RELEASE = Code(
    "MC0145",
    "not-in-release",
    Severity.ERROR,
    "Istio {release} refuses `{field}`: {problem}",
    "The object needs another release of Istio than the one that meshcompile follows, so it is ignored. Choose the "
    "release of your mesh with `--istio`. `meshcompile validate --istio` shows what another release refuses.",
)
UNKNOWN_IN_RELEASE = Code(
    "MC0147",
    "unknown-in-release",
    Severity.WARNING,
    "Istio {release} does not know `{field}`: {effect}",
    "The mesh config has a setting of a later release of Istio than the one that meshcompile follows. istiod skips "
    "what it does not know. Choose the release of your mesh with `--istio`.",
)
