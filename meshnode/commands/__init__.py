"""What each command of `meshnode` does, and what it prints."""
