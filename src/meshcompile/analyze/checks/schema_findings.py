"""What Istio's validation says of single objects. Follows istioctl's `schema.ValidationAnalyzer`."""

from collections.abc import Iterator

from msgspec.structs import replace

from meshcompile.analyze.context import Context
from meshcompile.analyze.restated import restated
from meshcompile.analyze.validation import messages
from meshcompile.codes.schema import SCHEMA_ERROR, SCHEMA_WARNING
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin


def schema_findings(context: Context) -> Iterator[Diagnostic]:
    """A finding for each message of Istio's validation, about the object, with the place of the mistake."""
    for message in messages(context):
        found = message.found
        code = SCHEMA_ERROR if message.is_error else SCHEMA_WARNING
        whole = Origin(found.origin.document.with_comments_above())
        yield replace(restated(found, message.text, code), origin=whole, cause=found.origin)
