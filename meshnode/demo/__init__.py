"""The demonstration: two real nodes with a sample commons, told as a story or opened in the app."""
