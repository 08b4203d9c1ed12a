"""The platform's own rules about records, beyond what describe says: one file per subject."""
