"""Who may do what in a space: a pure function of its control entries."""
