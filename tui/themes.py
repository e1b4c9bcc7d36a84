"""The three themes: dark, light, and one for tired eyes, sunlight and poor screens."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="dark",
    primary="#7fc4b0",
    secondary="#8fb4d8",
    accent="#e0b070",
    warning="#e6c06a",
    error="#f08a80",
    success="#93cf8f",
    foreground="#dde3e2",
    background="#131618",
    surface="#1c2123",
    panel="#272d30",
    dark=True,
    variables={
        "footer-key-foreground": "#e0b070",
        "edge": "#47565f",
        "quiet": "#93a3a8",
        "cursor": "#2f5a52",
    },
)

LIGHT = Theme(
    name="light",
    primary="#17604f",
    secondary="#2a5583",
    accent="#84490a",
    warning="#7a5600",
    error="#a3271c",
    success="#2b6a27",
    foreground="#1e2426",
    background="#faf8f3",
    surface="#eeede9",
    panel="#e2e0da",
    dark=False,
    variables={
        "footer-key-foreground": "#84490a",
        "edge": "#a39c8a",
        "quiet": "#5d6263",
        "cursor": "#bfded5",
    },
)

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#00ffff",
    warning="#ffd000",
    error="#ff8080",
    success="#80ff80",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    text_alpha=1.0,
    variables={
        "footer-key-foreground": "#ffff00",
        "edge": "#ffffff",
        "quiet": "#ffffff",
        "cursor": "#0000c0",
    },
)

THEMES = (DARK, LIGHT, HIGH_CONTRAST)
NAMES = tuple(theme.name for theme in THEMES)
