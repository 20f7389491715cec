"""The ways in: the API and the events heard."""
