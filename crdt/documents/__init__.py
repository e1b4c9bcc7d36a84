"""Documents replayed from their edits into Automerge, and what people typed as edits."""
