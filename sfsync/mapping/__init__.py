"""Mappings: YAML that admins edit, turned into vectorised reading of partner files.

yamlfile   YAML 1.2 to plain values with line numbers
model      what a mapping may say; schema makes the editor's JSON Schema of it
load       one file to one checked Mapping, every mistake at once
compile    a Mapping to readers; bind ties it to the headings of one file; block does the work
readers    one reader per type: texts, digits, amounts, dates, words, phones
duplicates what stands twice in one file
describe   a mapping against an object's describe

Blocks are worked on side by side, the columns of each one after the other: hence ``select_seq``, not ``select``.
"""
