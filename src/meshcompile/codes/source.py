"""Codes of reading input: MC00xx."""

from meshcompile.diagnostics import Code, Severity

NOT_YAML = Code(
    "MC0001",
    "not-yaml",
    Severity.ERROR,
    "this is not YAML: {problem}",
    "The text cannot be read as YAML or JSON. The position is where reading stopped. The mistake is often one line "
    "earlier.",
)
DUPLICATE_KEY = Code(
    "MC0002",
    "duplicate-key",
    Severity.ERROR,
    "{problem}",
    "A mapping can hold a key only once. kubectl silently uses the last of two values, which is rarely intended.",
)
BAD_VALUE = Code(
    "MC0003",
    "bad-value",
    Severity.ERROR,
    "{problem}",
    "Kubernetes reads YAML as JSON. JSON has no infinity, no keys other than text, and no values of other types.",
)
BAD_ALIAS = Code(
    "MC0004",
    "bad-alias",
    Severity.ERROR,
    "{problem}",
    "`*name` repeats the value that `&name` marks earlier in the same document.",
)
TOO_DEEP = Code(
    "MC0005",
    "too-deep",
    Severity.ERROR,
    "{problem}",
    "No Kubernetes object nests this deep. `Limits.depth` sets how deep the input may nest.",
)
TOO_MANY_ALIASES = Code(
    "MC0006",
    "too-many-aliases",
    Severity.ERROR,
    "{problem}",
    "Aliases of aliases multiply: a few lines can expand to billions of entries. `Limits.expanded` sets the maximum "
    "number of entries.",
)
TOO_LARGE = Code(
    "MC0007",
    "too-large",
    Severity.ERROR,
    "{what} is larger than the {limit} bytes allowed",
    "`Limits.document_size` and `Limits.total_size` set how much is read.",
)
NO_SUCH_FILE = Code(
    "MC0008",
    "no-such-file",
    Severity.ERROR,
    "there is no file or folder {path!r}",
    "The file or folder does not exist.",
)
UNREADABLE_FILE = Code(
    "MC0009",
    "unreadable-file",
    Severity.ERROR,
    "{path!r} cannot be read: {problem}",
    "The operating system refused to open or list the file or folder.",
)
NOT_UTF8 = Code(
    "MC0010",
    "not-utf8",
    Severity.ERROR,
    "this is not UTF-8: {problem}",
    "Input must be UTF-8 text, with or without a byte order mark.",
)
NOT_A_MAPPING = Code(
    "MC0011",
    "not-a-mapping",
    Severity.ERROR,
    "expected an object with apiVersion, kind and metadata, but this is {found}",
    "Every document, and every item of a list, is one Kubernetes object. An extra `-` often turns an object into a "
    "list.",
)
ITEMS_NOT_A_LIST = Code(
    "MC0012",
    "items-not-a-list",
    Severity.ERROR,
    "the items of a {kind} must be a list, but these are {found}",
    "A `kind: List` holds its objects in the list `items`.",
)
OUTSIDE_FOLDER = Code(
    "MC0013",
    "outside-folder",
    Severity.WARNING,
    "{path!r} is not read: the link leaves the folder {folder!r}",
    "Files outside a named folder are not read. To read the target, pass its path as well.",
)
EMPTY_FOLDER = Code(
    "MC0014",
    "empty-folder",
    Severity.WARNING,
    "the folder {path!r} holds no .yaml, .yml or .json file",
    "These are skipped: files with other names, hidden files and folders, and everything that a `.gitignore` or a "
    "`.meshcompileignore` excludes.",
)
FOREIGN_FILE = Code(
    "MC0015",
    "foreign-file",
    Severity.INFO,
    "not a Kubernetes object: {what}",
    "A folder may hold files of other programs. They are counted and cause no other finding. A file that you pass by "
    "name must hold Kubernetes objects. To exclude files, use `--exclude` or a `.meshcompileignore`.",
)
HELM_CHART = Code(
    "MC0016",
    "helm-chart",
    Severity.WARNING,
    "the Helm chart {chart!r} is not read: its templates need values to become objects",
    "The files in `templates` and `charts` next to a `Chart.yaml` are not read. Render the chart with the values that "
    "you install it with. `--exclude` excludes the chart without this warning.",
)
KUSTOMIZATION = Code(
    "MC0017",
    "kustomization",
    Severity.WARNING,
    "the kustomization {folder!r} is not rendered, so these fields are not applied: {fields}",
    "The files of the folder are read as they are. A kustomization may change their names, namespaces and fields, and "
    "may add objects. Only Kustomize can do that. `--exclude` excludes the folder without this warning.",
)
NOT_RENDERED = Code(
    "MC0018",
    "not-rendered",
    Severity.WARNING,
    "{what} not read: render {them} first",
    "Jsonnet, CUE and templates are programs that generate objects. Run them, and pass their output.",
)
NO_OBJECTS = Code(
    "MC0019",
    "no-objects",
    Severity.WARNING,
    "the folder {path!r} holds no Kubernetes object",
    "The folder has files with the right extensions, but none of them holds an object. `-v` lists what they are.",
)
BROKEN_ARCHIVE = Code(
    "MC0020",
    "broken-archive",
    Severity.ERROR,
    "this is not a readable tar archive: {problem}",
    "Files that end in `.tar`, `.tar.gz` and `.tgz` are read as archives.",
)
ARCHIVE_MEMBER = Code(
    "MC0021",
    "archive-member",
    Severity.WARNING,
    "{member!r} in the archive is not read: {problem}",
    "Only regular files inside an archive are read: no links, no devices, and no paths that lead outside it.",
)
TEMPLATE = Code(
    "MC0022",
    "template",
    Severity.ERROR,
    "this is {what}, not YAML: render it first",
    "A template becomes YAML when a program such as Helm renders it. Render it, and pass the result.",
)

BROKEN_DOCUMENT = frozenset(
    code.id for code in (NOT_YAML, DUPLICATE_KEY, BAD_VALUE, BAD_ALIAS, TOO_DEEP, TOO_MANY_ALIASES, TEMPLATE)
)
"""Codes of a document that cannot be read although the other documents of its file can."""

BROKEN_FILE = frozenset(code.id for code in (TOO_LARGE, NO_SUCH_FILE, UNREADABLE_FILE, NOT_UTF8, BROKEN_ARCHIVE))
"""Codes of a file from which nothing can be read."""
