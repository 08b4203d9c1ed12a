"""SOQL: text to syntax tree (``parse``), syntax tree to SQL (``compile``), rows to REST records (``run``)."""
