"""A BERT tokenizer of a few words and all letters, as tests of fine-tuning need it."""

from typing import Any

WORDS = ("goal", "team", "soup", "salt", "the", "some")
SPECIAL = ("[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def uncased_tokenizer(*, lowercase: bool = True) -> dict[str, Any]:
    """Return the tokenizer.json of a small WordPiece."""
    letters = [prefix + letter for prefix in ("", "##") for letter in "abcdefghijklmnopqrstuvwxyz"]
    vocabulary = {token: i for i, token in enumerate((*SPECIAL, *WORDS, ".", "/", ":", *letters))}
    special = [
        {"id": vocabulary[t], "content": t, "special": True, "single_word": False, "lstrip": False, "rstrip": False}
        | {"normalized": False}
        for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    ]
    pieces = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    ends = {t: {"id": t, "ids": [vocabulary[t]], "tokens": [t]} for t in ("[CLS]", "[SEP]")}
    return {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [*pieces, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [*pieces, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": ends,
        },
        "model": {
            "type": "WordPiece",
            "vocab": vocabulary,
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
        },
    }
