"""What can go wrong with contributions, search and the local model.

MeshError
    KnowledgeError
        ModelUnavailable    there is no model here, or not the library that runs it
        ModelFailed         the model's process crashed, was killed or did not answer
        ImportRefused       a file or folder cannot be imported
            UnsupportedFile a file of a kind that we cannot read
"""

from __future__ import annotations

from crdt.errors import MeshError


class KnowledgeError(MeshError):
    """The commons or the model could not do this."""

    code = "knowledge"


class ModelUnavailable(KnowledgeError):
    """No language model runs here: answers are passages only. `scripts/setup --model` gets one."""

    code = "knowledge.model_unavailable"


class ModelFailed(KnowledgeError):
    """The language model stopped before it was done. It starts again with the next question."""

    code = "knowledge.model_failed"


class ImportRefused(KnowledgeError):
    """This cannot be added to the commons."""

    code = "knowledge.import_refused"


class UnsupportedFile(ImportRefused):
    """This kind of file cannot be read. Save it as text, Markdown, HTML, CSV, PDF or DOCX."""

    code = "knowledge.unsupported_file"
