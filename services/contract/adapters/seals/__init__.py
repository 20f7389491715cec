"""Signatures on documents: the hall's authority, organisations' certificates, timestamps, PAdES, and their check."""
