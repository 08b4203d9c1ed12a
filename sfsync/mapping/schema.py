"""The JSON Schema of mapping files, for completion and red lines in editors; made from the model."""

import json
from typing import Any

from sfsync.mapping.model import Mapping

SCHEMA_FILE = "mapping.schema.json"
"""Its name in a project's ``mappings/``; mapping files point at it in their first line."""


def _let_extend(schema: dict[str, Any]) -> None:
    """A mapping that extends another may leave out what the other one says."""
    schema["anyOf"] = [
        {"required": ["extend"]},
        {"required": [name for name in schema["required"] if name != "mapping"]},
    ]
    schema["required"] = ["mapping"]
    del schema["$defs"]["File"]["required"]


def _close(part: Any) -> None:
    """A table of names of some form has no others; the generator says only what those of the form must be."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part.setdefault("additionalProperties", False)
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        _close(inner)


def mapping_schema() -> str:
    """The schema as JSON text."""
    schema = Mapping.model_json_schema(by_alias=True)
    _let_extend(schema)
    _close(schema)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "sfsync mapping"}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
