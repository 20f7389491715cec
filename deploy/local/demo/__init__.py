"""`zayton demo`: real patents, or the bundled sample, from listing to released payment through the public API alone."""

from deploy.local.demo.story import run

__all__ = ["run"]
