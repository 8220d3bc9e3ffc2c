"""Codes of reading objects into models: MC01xx."""

from meshcompile.diagnostics import Code, Severity

NOT_AN_OBJECT = Code(
    "MC0101",
    "not-an-object",
    Severity.ERROR,
    "expected an object with `apiVersion`, `kind` and `metadata`, found {found}",
    "A document must be a mapping of fields. A list of objects is written as separate documents or as `kind: List`.",
)
MISSING_TYPE = Code(
    "MC0102",
    "missing-type",
    Severity.ERROR,
    "`{field}` is missing: it says what the object is",
    "Every object states its `apiVersion`, such as `networking.istio.io/v1`, and its `kind`, as text and in exactly "
    "this spelling.",
)
UNKNOWN_TYPE = Code(
    "MC0103",
    "unknown-type",
    Severity.ERROR,
    "there is no kind `{kind}` in `{api_version}`{hint}",
    "The API server refuses a kind or a version that its group does not have, so the object takes no part.",
)
PASSED_OVER = Code(
    "MC0104",
    "kind-passed-over",
    Severity.INFO,
    "objects of kind `{kind}` in `{api_version}` are not read",
    "Only the kinds that istiod reads for Envoy's configuration are read, and those that make Pods.",
)
MISSING_NAME = Code(
    "MC0105",
    "missing-name",
    Severity.ERROR,
    "`metadata.name` is missing",
    "An object needs a name, or a `generateName` of which the API server makes one.",
)
UNSUPPORTED_KIND = Code(
    "MC0106",
    "unsupported-kind",
    Severity.WARNING,
    "objects of kind `{kind}` in `{api_version}` are not supported: what they configure is missing",
    "istiod turns such objects into Envoy configuration, which is not compiled here.",
)
UNKNOWN_FIELD = Code(
    "MC0110",
    "unknown-field",
    Severity.ERROR,
    "unknown field `{field}`{hint}",
    "The kind has no such field at this place: it is misspelt, or a level of indentation too high or too low. "
    "`kubectl apply` refuses the object. One of Istio's kinds takes no part; in one of Kubernetes' own kinds the field "
    "is dropped and the rest counts, as in a cluster that is told to be lenient.",
)
PROTO_SPELLING = Code(
    "MC0111",
    "proto-spelling",
    Severity.ERROR,
    "the API server does not know `{field}`: write `{expected}`",
    "Fields of Kubernetes objects are spelt in lowerCamelCase. The snake_case names of protobuf are understood in a "
    "mesh config, but not in an object that is applied to a cluster.",
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
    "The value has another type than the field. Text that YAML takes for a number or a boolean, such as `no`, needs "
    "quotes; numbers and booleans must have none.",
)
WRONG_VALUE = Code(
    "MC0114",
    "wrong-value",
    Severity.ERROR,
    "`{field}` is not valid: {problem}",
    "The value cannot be what the field is for, for example a duration without a unit.",
)
WRONG_CHOICE = Code(
    "MC0115",
    "wrong-choice",
    Severity.ERROR,
    "`{field}` is one of {expected}, not {found}{hint}",
    "The field takes one of a fixed set of names, in exactly this spelling.",
)
OUT_OF_RANGE = Code(
    "MC0116",
    "out-of-range",
    Severity.ERROR,
    "`{field}` must be {expected}, found {found}",
    "The number does not fit into the field.",
)
NULL_VALUE = Code(
    "MC0117",
    "null-value",
    Severity.ERROR,
    "`{field}` is null: leave it out, or give it a value",
    "The API server accepts null only where protobuf has a wrapper, such as `consecutive5xxErrors`. A template that "
    "renders nothing often leaves such a null behind.",
)
MISSING_FIELD = Code(
    "MC0118",
    "missing-field",
    Severity.ERROR,
    "`{field}` is missing",
    "The kind cannot do without this field. A Deployment without `spec.template` is often a patch of Kustomize: run "
    "`kustomize build`, and pass its output instead.",
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
    "The schema of the kind limits how long the text, the list or the map may be. A field that may be absent often may "
    "not be written empty: leave it out.",
)
WRONG_FORM = Code(
    "MC0121",
    "wrong-form",
    Severity.ERROR,
    "`{field}` is `{found}`, which the pattern {expected} does not match",
    "The schema of the kind has a regular expression for the field's text.",
)
UNSUPPORTED_FIELD = Code(
    "MC0130",
    "unsupported-field",
    Severity.WARNING,
    "`{field}` is not supported: {why}",
    "istiod acts on this field, and meshcompile does not: what is compiled lacks what the field asks for. The rest of "
    "the object counts. The pages of the kinds list every such field.",
)
FIELD_WITHOUT_EFFECT = Code(
    "MC0131",
    "field-without-effect",
    Severity.INFO,
    "`{field}` has no effect: {why}",
    "Istio's API has the field, and istiod does nothing with it. Remove it, so that nobody relies on it.",
)
REMOVED_API = Code(
    "MC0140",
    "removed-api",
    Severity.WARNING,
    "`{kind}` in `{api_version}` has no effect: {advice}",
    "An earlier Istio had this API. No cluster with a supported Istio has it, so that what the object asks for does "
    "not happen: a policy that seems to protect something does not.",
)
RETIRED_VERSION = Code(
    "MC0141",
    "retired-version",
    Severity.WARNING,
    "`{kind}` in `{api_version}` takes no part: {advice}",
    "No supported Kubernetes takes an object of this version. Move it to the version that replaced it; some fields "
    "changed with it.",
)
MISTYPED_GROUP = Code(
    "MC0142",
    "mistyped-group",
    Severity.WARNING,
    "`{kind}` in `{api_version}` is not read: did you mean the group `{meant}`?",
    "A known kind in a group that is spelt almost like the kind's own. The API server refuses such an object, unless "
    "the group is really there.",
)
MAKES_OBJECTS = Code(
    "MC0143",
    "makes-objects",
    Severity.WARNING,
    "`{kind}` makes objects that are not in the input: {advice}",
    "A controller in the cluster makes objects from this one. They are missing from what is compiled unless they are "
    "part of the input: render them first.",
)
