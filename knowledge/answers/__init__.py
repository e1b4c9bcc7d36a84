"""Answers out of the commons: quoted first, phrased, checked, cited."""
