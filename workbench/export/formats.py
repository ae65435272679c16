"""The formats by name. Listing them imports none of them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from workbench.jsontext import FieldError

TABLE, TUNING, PREFERENCE = "table", "fine-tuning", "preference"


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """kind: TABLE (a row a request), TUNING (an example a request), PREFERENCE (two requests).

    place: the class, as module:name below workbench.export. source: where its rules are published.
    every_answer: why earlier answers are learnt whatever is asked for, as a sentence; "" where the
    file says which ones are. rules: counts up with what is checked of a line.
    """

    name: str
    label: str
    kind: str
    suffix: str
    place: str
    source: str = ""
    every_answer: str = ""
    rules: int = 1

    def load(self) -> Any:
        """The class: a `TableSink`, or a `TuningFormat`."""
        module, _, name = self.place.partition(":")
        return getattr(importlib.import_module(f"workbench.export.{module}"), name)


_OPENAI = "https://platform.openai.com/docs/guides/supervised-fine-tuning"
_DPO = "https://platform.openai.com/docs/guides/direct-preference-optimization"
_CLAUDE = "https://docs.aws.amazon.com/bedrock/latest/userguide/preparing-text-data.html"
_NOVA = "https://docs.aws.amazon.com/nova/latest/nova2-userguide/nova-data-prep-sft-2.html"
_VERTEX = (
    "https://cloud.google.com/vertex-ai/generative-ai/docs/models/gemini-supervised-tuning-prepare"
)
_MISTRAL = "https://docs.mistral.ai/capabilities/finetuning/"
_COHERE = "https://docs.cohere.com/docs/chat-preparing-the-data"
_LLAMA_FACTORY = "https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md"
_TRL = "https://huggingface.co/docs/trl/dataset_formats"

_NOT_SAID = "The published format has no place that says which answers are learnt."
_MASK_HISTORY = (
    "LLaMA-Factory is told which answers are learnt when it trains: mask_history: true learns from "
    "the last alone."
)
_WHOLE = (
    "TRL learns from the whole conversation, or with assistant_only_loss from every answer. The "
    "format Hugging Face prompt and completion learns from the last alone."
)

FORMATS = {
    each.name: each
    for each in (
        FormatEntry("csv", "CSV", TABLE, ".csv", "tables.csv_table:CsvSink"),
        FormatEntry("jsonl", "JSONL", TABLE, ".jsonl", "tables.jsonl_table:JsonlSink"),
        FormatEntry("parquet", "Parquet", TABLE, ".parquet", "tables.parquet_table:ParquetSink"),
        FormatEntry("excel", "Excel", TABLE, ".xlsx", "tables.excel_table:ExcelSink"),
        FormatEntry(
            "openai", "OpenAI chat", TUNING, ".jsonl", "tuning.openai_chat:OpenAiChat", _OPENAI
        ),
        FormatEntry(
            "openai-preference",
            "OpenAI preference (DPO)",
            PREFERENCE,
            ".jsonl",
            "tuning.openai_preference:OpenAiPreference",
            _DPO,
            rules=2,
        ),
        FormatEntry(
            "anthropic",
            "Anthropic (Claude on Bedrock)",
            TUNING,
            ".jsonl",
            "tuning.anthropic:Anthropic",
            _CLAUDE,
            _NOT_SAID,
        ),
        FormatEntry(
            "bedrock",
            "Amazon Nova (Bedrock)",
            TUNING,
            ".jsonl",
            "tuning.bedrock:Bedrock",
            _NOVA,
            _NOT_SAID,
            rules=2,
        ),
        FormatEntry(
            "gemini",
            "Gemini (Vertex AI)",
            TUNING,
            ".jsonl",
            "tuning.gemini:Gemini",
            _VERTEX,
            _NOT_SAID,
        ),
        FormatEntry(
            "mistral", "Mistral", TUNING, ".jsonl", "tuning.mistral:Mistral", _MISTRAL, rules=2
        ),
        FormatEntry(
            "cohere", "Cohere", TUNING, ".jsonl", "tuning.cohere:Cohere", _COHERE, _NOT_SAID
        ),
        FormatEntry(
            "sharegpt",
            "ShareGPT",
            TUNING,
            ".jsonl",
            "tuning.sharegpt:ShareGpt",
            _LLAMA_FACTORY,
            _MASK_HISTORY,
        ),
        FormatEntry(
            "alpaca",
            "Alpaca",
            TUNING,
            ".jsonl",
            "tuning.alpaca:Alpaca",
            _LLAMA_FACTORY,
            _MASK_HISTORY,
        ),
        FormatEntry(
            "huggingface",
            "Hugging Face messages",
            TUNING,
            ".jsonl",
            "tuning.huggingface:HuggingFace",
            _TRL,
            _WHOLE,
        ),
        FormatEntry(
            "huggingface-completion",
            "Hugging Face prompt and completion",
            TUNING,
            ".jsonl",
            "tuning.huggingface:HuggingFaceCompletion",
            _TRL,
        ),
        FormatEntry(
            "huggingface-preference",
            "Hugging Face preference",
            PREFERENCE,
            ".jsonl",
            "tuning.huggingface:HuggingFacePreference",
            _TRL,
        ),
    )
}


def format_of(name: str) -> FormatEntry:
    """Raises FieldError for a name that is none."""
    if name not in FORMATS:
        raise FieldError("format", f'"{name[:40]}" is no format; there are {", ".join(FORMATS)}')
    return FORMATS[name]
