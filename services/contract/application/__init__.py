"""The use cases: one file each, told in the order things happen. The edge commits."""
