"""Every object of the corpus can be read into its model, and matches its JSON Schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshcompile.documents import Document
from meshcompile.models.read import read
from meshcompile.models.registry import find
from meshcompile.models.schema import file_name
from meshcompile.source.reading import read as read_files
from tests.conformance import corpus

SCHEMAS = corpus.ROOT / "schemas"
NOT_ADMITTED = {"fuzz-gwapi": "gateway.networking.k8s.io"}
"""Areas whose objects of a group no API server has seen: it would have rejected some that istiod got."""


@pytest.mark.parametrize("area", corpus.areas())
def test_what_istiod_accepts_is_read(area: str) -> None:
    """An object that istiod accepts is read without errors, and matches its schema."""
    wrong = [
        problem
        for case in sorted((corpus.cases_dir() / area).iterdir())
        if (case / "istiod" / "validation.json").exists()
        for document in accepted(case)
        for problem in (*errors(document), *schema_errors(document.value))
    ]
    assert wrong == []


def accepted(case: Path) -> list[Document]:
    """The objects of a case that neither istiod nor the API server's schema rejects."""
    findings = json.loads((case / "istiod" / "validation.json").read_text()) or []
    rejected = {
        (found["Kind"], found.get("Namespace") or "default", found["Name"])
        for found in findings
        if "Error" in found or "SchemaError" in found
    }
    documents = read_files(case / "input.yaml").documents
    return [
        document
        for document in documents
        if (document.kind, document.namespace or "default", document.name) not in rejected
        and document.value["apiVersion"].partition("/")[0] != NOT_ADMITTED.get(case.parent.name)
    ]


def errors(document: Document) -> list[str]:
    return [str(problem) for problem in read(document)[1] if problem.severity == "error"]


def schema_errors(value: Any) -> list[str]:
    if (kind := find(value["apiVersion"], value["kind"])) is None:
        return []
    return [f"{value['metadata']['name']}: {error.message}" for error in validator(file_name(kind)).iter_errors(value)]


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))
