"""Cases of tokenizers for tests/plugins/lib/text, created with the library `tokenizers`.

    pip install tokenizers
    python tests/golden/scripts/byte_level_tokenizers.py tests/golden/codec_lm

A case is a folder: tokenizer.json as the library writes it and golden.json. The cases vary what
real models leave at its default: how added tokens treat adjacent spaces and words, unknown bytes, runs of
digits.
"""

import json
import pathlib
import random
import sys

sys.path.pop(0)  # this file has the library's name
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

WORDS = """the sound of a dog barking in the rain while someone speaks The room is small It's they'll WE'LL don't
12 345 2024 ½ ٣ ^2 café naïve ſee Ünïcode 音がする 你好 हिन्दी سلام 😀👍🏽 -- ... \t \n \r\n   a_b foo(bar) {x: 1}""".split(" ")
NAMES = ["<|end|>", "<|end|>>", "<mask>", "<unit>", "<word>", "[a b]", "<note>", "音声"]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")


def strings(seed):
    """Words, names of tokens, spaces of all kinds and arbitrary characters, joined at random."""
    draw = random.Random(seed)
    spaces = ["", "", " ", "  ", "\n", "\u00a0", "\u2003", "\t ", "\u200b", "\u180e", "\u0085"]
    odd = [chr(c) for c in (0, 7, 0x2b0, 0x300, 0x345, 0x903, 0x16ee, 0x2160, 0x24b6, 0x203f, 0xfe0f, 0x1f170, 0x10ffff)]
    texts = ["", *WORDS, *NAMES]
    for _ in range(100):
        parts = draw.choices(WORDS, k=4) + draw.choices(NAMES, k=draw.randrange(3)) + draw.choices(odd, k=draw.randrange(3))
        draw.shuffle(parts)
        texts.append("".join(part + draw.choice(spaces) for part in parts))
    return texts


def golden(tokenizer, texts):
    rows = []
    for text in texts:
        plain = tokenizer.encode(text, add_special_tokens=False)
        rows.append({
            "text": text,
            "ids": tokenizer.encode(text).ids,
            "ids_no_special": plain.ids,
            "tokens": [tokenizer.id_to_token(i) for i in plain.ids],  # not with the spaces that it took
            "decoded": tokenizer.decode(plain.ids, skip_special_tokens=False),
            "decoded_skip_special": tokenizer.decode(plain.ids),
        })
    ids = [row["ids"] for row in rows if len(row["ids"]) > 2]
    return {
        "vocab_size": tokenizer.get_vocab_size(),
        "rows": rows,
        "decode_each_id": [tokenizer.decode([i], skip_special_tokens=False) for i in range(tokenizer.get_vocab_size())],
        "decode_cut": [{"ids": i[1:-1], "decoded": tokenizer.decode(i[1:-1], skip_special_tokens=False)} for i in ids],
    }


def train(pre_tokenizer, size, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    specials = [model["unk_token"]] if model.get("unk_token") else []
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=specials, show_progress=False)
    tokenizer.train_from_iterator([" ".join(WORDS)] * 3, trainer)
    return tokenizer


def add_tokens(tokenizer):
    tokenizer.add_special_tokens([AddedToken("<|end|>", special=True, normalized=False), AddedToken("<mask>", lstrip=True)])
    tokenizer.add_tokens([
        AddedToken("<|end|>>", normalized=False),
        AddedToken("<unit>", rstrip=True, normalized=False),
        AddedToken("<word>", single_word=True, normalized=False),
        AddedToken("[a b]", normalized=True),
        AddedToken("<note>", lstrip=True, rstrip=True, single_word=True, normalized=True),
        AddedToken("音声", single_word=True),
    ])


def cases():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    digits = pre_tokenizers.Digits(individual_digits=False)
    runs = train(pre_tokenizers.Sequence([digits, byte_level]), 180, unk_token="<unk>", fuse_unk=True)
    add_tokens(runs)
    yield "tok_digit_runs_unknown", runs

    split = pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated", invert=False)
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    template = train(pre_tokenizers.Sequence([split, bytes_only]), 200, unk_token="<unk>", ignore_merges=True)
    add_tokens(template)
    end = template.token_to_id("<|end|>")
    template.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|end|> $A <|end|>", special_tokens=[("<|end|>", end)]),
    ])
    yield "tok_template_unknown", template


for name, tokenizer in cases():
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    rows = golden(tokenizer, strings(7))
    (folder / "golden.json").write_text(json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + "\n")
