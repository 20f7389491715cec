"""`zayton backup` and `zayton restore`: all services at one moment, in one file that can be checked.

How the moment is chosen is in docs/adr/0018-one-moment-for-all-services.md.
"""
