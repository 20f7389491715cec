"""The deal: its states, terms, guard rails and evidence. Pure: no framework, no clock, no database."""
