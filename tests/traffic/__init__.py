"""Two months of a company's after-sales traffic, against a plain model of the process.

Dealers send files with seeded dirt, files come late and twice, the org loses answers, processes die, nights are
missed. In the end the org must hold what the model says, break no rule, and every mail must have gone out once.
"""
