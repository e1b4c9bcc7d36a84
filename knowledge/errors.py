"""What can go wrong with contributions, search and the local model.

MeshError
    KnowledgeError
        ModelUnavailable    there is no model here, or not the library that runs it
        ModelFailed         the model's process crashed, was killed or did not answer
        ImportRefused       a file or folder cannot be imported
            UnsupportedFile a file of a kind that we cannot read
        BadLanguage         what was given as a language is no tag
        BadLicence          what was given as a licence is no SPDX expression
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


class BadLanguage(KnowledgeError):
    """That is no language tag. Write one such as es, sw or pt-BR, or und for unknown."""

    code = "knowledge.bad_language"


class BadLicence(KnowledgeError):
    """That is no licence as SPDX names it. Write one such as CC-BY-SA-4.0, CC0-1.0 or MIT."""

    code = "knowledge.bad_licence"
