"""Finding contributions and passages, by permission first."""
