"""A mapping for tests of several rooms that import tables: customers by key, with a name."""

CUSTOMERS = """
mapping: customers
object: Account
key: Sfsync_Key__c
file: {headers: {number: [Number], title: [Name]}}
fields:
  Sfsync_Key__c: {from: number, type: key, required: true, unique: true}
  Name: {from: title, type: text, required: true}
"""
