"""`zayton demo`: real patents, or the bundled sample, from listing to signed deal through the public API alone."""

from deploy.local.demo.story import run

__all__ = ["run"]
