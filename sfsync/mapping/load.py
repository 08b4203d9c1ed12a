"""Loads a mapping file: YAML to a checked Mapping, or one ConfigError with every mistake in it."""

from pathlib import Path

from sfsync.mapping.model import Mapping
from sfsync.mapping.yamlfile import read_yaml


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file. Raises ConfigError with a Problem (file, line, suggestion) per mistake."""
    found = read_yaml(path)
    mapping = Mapping.model_validate(found.value)
    mapping._yaml = found
    return mapping
