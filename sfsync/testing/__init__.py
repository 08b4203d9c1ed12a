"""For tests of code that talks to Salesforce: pytest fixtures, and a project bound to a mock org."""
