"""The contract as a document: facts of a deal → words of a versioned template → PDF/A."""
