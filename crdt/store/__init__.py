"""Where entries are kept: the port, and the SQLCipher store."""
