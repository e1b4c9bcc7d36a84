"""Where the model's file is: named in the environment, or in the user's data folder."""

from __future__ import annotations

import os
from pathlib import Path

MODEL_FOLDER_VARIABLE = "MESHNODE_MODELS"
DEFAULT_MODEL = "SmolLM2-135M-Instruct.Q8_0.gguf"


def model_folder() -> Path:
    """Return the folder that holds GGUF files: `MESHNODE_MODELS`, or the default one."""
    named = os.environ.get(MODEL_FOLDER_VARIABLE)
    return Path(named) if named else Path.home() / ".local/share/meshnode/models"


def find_model() -> Path | None:
    """Return the default model's file, or None when it is not installed."""
    path = model_folder() / DEFAULT_MODEL
    return path if path.is_file() else None
