"""Codes of reading input: MC00xx."""

from meshcompile.diagnostics import Code, Severity

NOT_YAML = Code(
    "MC0001",
    "not-yaml",
    Severity.ERROR,
    "this is not YAML: {problem}",
    "The text cannot be read as YAML or JSON. The place is where reading stopped; the slip is often a line earlier.",
)
DUPLICATE_KEY = Code(
    "MC0002",
    "duplicate-key",
    Severity.ERROR,
    "{problem}",
    "A mapping holds a key once. kubectl silently takes the last of two, which is seldom what was meant.",
)
BAD_VALUE = Code(
    "MC0003",
    "bad-value",
    Severity.ERROR,
    "{problem}",
    "Kubernetes reads YAML as JSON, which has no infinity, no keys other than text, and no values of other types.",
)
BAD_ALIAS = Code(
    "MC0004",
    "bad-alias",
    Severity.ERROR,
    "{problem}",
    "`*name` repeats the value that was marked `&name` earlier in the same document.",
)
TOO_DEEP = Code(
    "MC0005",
    "too-deep",
    Severity.ERROR,
    "{problem}",
    "No Kubernetes object nests this deep. `Limits.depth` sets how deep input may nest.",
)
TOO_MANY_ALIASES = Code(
    "MC0006",
    "too-many-aliases",
    Severity.ERROR,
    "{problem}",
    "Aliases of aliases multiply: a few lines can mean billions. `Limits.expanded` sets how many entries they may.",
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
    "A file or folder was named that does not exist.",
)
UNREADABLE_FILE = Code(
    "MC0009",
    "unreadable-file",
    Severity.ERROR,
    "{path!r} cannot be read: {problem}",
    "The operating system refused to open or list what was named.",
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
    "Every document, and every item of a list, is one Kubernetes object. A `-` too many often makes a list of it.",
)
ITEMS_NOT_A_LIST = Code(
    "MC0012",
    "items-not-a-list",
    Severity.ERROR,
    "the items of a {kind} are a list, but these are {found}",
    "A `kind: List` holds its objects in the list `items`.",
)
OUTSIDE_FOLDER = Code(
    "MC0013",
    "outside-folder",
    Severity.WARNING,
    "{path!r} is not read: the link leaves the folder {folder!r}",
    "Nothing outside a named folder is read. Name the target as well if it is wanted.",
)
EMPTY_FOLDER = Code(
    "MC0014",
    "empty-folder",
    Severity.WARNING,
    "the folder {path!r} holds no .yaml, .yml or .json file",
    "Files with other names, hidden files and folders, and what a `.gitignore` or a `.meshcompileignore` leaves out, "
    "are passed over.",
)
FOREIGN_FILE = Code(
    "MC0015",
    "foreign-file",
    Severity.INFO,
    "not a Kubernetes object: {what}",
    "A folder may hold files of other programs. They are counted, and nothing is said against them. A file that is "
    "named itself must hold objects. Leave files out with `--exclude` or a `.meshcompileignore`.",
)
HELM_CHART = Code(
    "MC0016",
    "helm-chart",
    Severity.WARNING,
    "the Helm chart {chart!r} is not read: its templates become objects only with values",
    "The files in `templates` and `charts` below the folder of a `Chart.yaml` are not read. Render the chart with the "
    "values that you install it with. `--exclude` leaves the chart out without this warning.",
)
KUSTOMIZATION = Code(
    "MC0017",
    "kustomization",
    Severity.WARNING,
    "the kustomization {folder!r} is not rendered, so this is not applied: {fields}",
    "The files of the folder are read as they are written. A kustomization may change their names, namespaces and "
    "fields, and add objects: only Kustomize does that. `--exclude` leaves the folder out without this warning.",
)
NOT_RENDERED = Code(
    "MC0018",
    "not-rendered",
    Severity.WARNING,
    "{what} not read: render {them} first",
    "Jsonnet, CUE and templates are programs that make objects. Run them, and read what they print.",
)
NO_OBJECTS = Code(
    "MC0019",
    "no-objects",
    Severity.WARNING,
    "the folder {path!r} holds no Kubernetes object",
    "There are files with the right names in the folder, but no object is in any of them. `-v` says what they are.",
)
BROKEN_ARCHIVE = Code(
    "MC0020",
    "broken-archive",
    Severity.ERROR,
    "this is not a tar archive that can be read: {problem}",
    "Files that end in `.tar`, `.tar.gz` and `.tgz` are read as archives.",
)
ARCHIVE_MEMBER = Code(
    "MC0021",
    "archive-member",
    Severity.WARNING,
    "{member!r} in the archive is not read: {problem}",
    "Of an archive, only plain files inside it are read: no links, no devices, no paths that lead out of it.",
)
TEMPLATE = Code(
    "MC0022",
    "template",
    Severity.ERROR,
    "this is {what}, not YAML: it must be filled in first",
    "A template becomes YAML when a program such as Helm fills it in. Render it, and read the result.",
)

BROKEN_DOCUMENT = frozenset(
    code.id for code in (NOT_YAML, DUPLICATE_KEY, BAD_VALUE, BAD_ALIAS, TOO_DEEP, TOO_MANY_ALIASES, TEMPLATE)
)
"""Codes of a document that could not be read, while the others of its file could."""

BROKEN_FILE = frozenset(code.id for code in (TOO_LARGE, NO_SUCH_FILE, UNREADABLE_FILE, NOT_UTF8, BROKEN_ARCHIVE))
"""Codes of a file of which nothing could be read."""
