"""Mappings of other programs (Data Loader, SFDMU, CumulusCI) as mapping files of ours."""
