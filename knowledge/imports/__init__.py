"""Files and folders that become drafts of contributions."""
