"""The use cases of money, and what they need of the world."""
