"""`make soak`: five kinds of people trade on a hall while its parts are killed. Then comes the count."""
