"""Makes the input for both sides of the ablation: prepare.py HEARD DATA

HEARD is the folder written by `runner listen scene_questions`. The folder DATA will contain

  clips.csv      one clip per row, with labels and split
  questions.csv  one question per row, in five categories
  mimi, encodec, htsat
                 full-size models with random weights, as saved by transformers
  language_model a tiny Llama trained on questions about captions of the training clips

so that both sides use the same clips, weights and tokens.
"""

import csv
import pathlib
import sys

import soundfile
import torch
import torchaudio
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    EncodecConfig,
    EncodecModel,
    LlamaConfig,
    LlamaForCausalLM,
    MimiConfig,
    MimiModel,
    PreTrainedTokenizerFast,
)
from transformers.utils.logging import disable_progress_bar

categories = ["sound_event", "environment", "acoustic_properties", "multiple_choice", "yes_no"]
targets = ["room", "quality", "noise", "distance_class"]
end = "<|endoftext|>"
heard, data = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])


def write(name, columns, rows):
    with open(data / name, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def prompt(row):
    """Preset plain of evaluator audio_qa, the part after the audio."""
    choices = row["choices"] and [f"{a}) {choice}" for a, choice in zip("abcd", row["choices"].split(", "))]
    shown = f"Choices: {' '.join(choices)}\n" if choices else ""
    return f"Question: {row['question']}\n{shown}Answer:"


def read_items():
    """Questions about one clip; all questions about a clip have the same file."""
    items, files = [], {}
    with open(heard / "items.csv", newline="") as file:
        for row in csv.DictReader(file):
            clip, _, category = row["id"].rpartition("-")
            if category not in categories or row["split"] == "validation":
                continue
            row["clip"], row["category"], row["answer"] = clip, category, row["answers"]
            row["file"] = files.setdefault(clip, heard / row["file"])
            row["prompt"] = prompt(row)
            items.append(row)
    return items


def make_language_model(items):
    """Preset tiny of plugin llama, trained to answer with and without captions."""
    asked = [before + item["prompt"] for item in items for before in ("", item["caption"] + "\n")]
    answers = [" " + item["answer"] for item in items for _ in range(2)]
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = bytes_, decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000, special_tokens=[end], initial_alphabet=bytes_.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(asked + answers, trainer)
    last = tokenizer.token_to_id(end)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=64, intermediate_size=192, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=1024,
        tie_word_embeddings=True, initializer_range=0.1, bos_token_id=last, eos_token_id=last,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(500):
        rows, labels = [], []
        for i in torch.randint(len(asked), (32,)):
            question, answer = tokenizer.encode(asked[i]).ids, tokenizer.encode(answers[i]).ids + [last]
            rows.append(torch.tensor(question + answer))
            labels.append(torch.tensor([-100] * len(question) + answer))
        pad = torch.nn.utils.rnn.pad_sequence
        model(pad(rows, True, last), labels=pad(labels, True, -100)).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    model.save_pretrained(data / "language_model")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end).save_pretrained(data / "language_model")


def fill_codebooks(model, audio):
    """Fills the codebooks, which are zero in random models. Entries are random vectors, shortened so that
    each level adds a step in its direction and some of the signal is preserved."""
    vectors = {}
    quantizer = model.quantizer
    if isinstance(model, MimiModel):
        halves = [quantizer.semantic_residual_vector_quantizer, quantizer.acoustic_residual_vector_quantizer]
        sources = [(half.input_proj, half.layers) for half in halves]
    else:
        sources = [(model.encoder, quantizer.layers)]
    for source, _ in sources:
        source.register_forward_hook(lambda module, _, output: vectors.__setitem__(module, output))
    model.encode(audio)
    for source, layers in sources:
        deviation = 0.2 * vectors[source].std()
        for layer in layers:
            entries = layer.codebook.embed_sum if isinstance(model, MimiModel) else layer.codebook.embed
            entries.normal_(0, deviation)


@torch.no_grad()
def make_encoders(files):
    audio = torch.stack([torch.from_numpy(soundfile.read(file, dtype="float32")[0]) for file in files])
    audio = torchaudio.functional.resample(audio, soundfile.info(files[0]).samplerate, 24000).unsqueeze(1)
    text = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 8}  # never used
    encoders = {
        "mimi": MimiModel(MimiConfig()),
        "encodec": EncodecModel(EncodecConfig()),
        "htsat": ClapModel(ClapConfig(text_config=text, audio_config={"enable_fusion": False})),
    }
    for name, model in encoders.items():
        model.eval()
        if name != "htsat":
            fill_codebooks(model, audio)
        model.save_pretrained(data / name)
    extractor = ClapFeatureExtractor(frequency_min=50, truncation="rand_trunc", padding="repeatpad")
    extractor.save_pretrained(data / "htsat")


disable_progress_bar()
torch.set_num_threads(1)  # for the same weights everywhere
torch.manual_seed(0)
data.mkdir(exist_ok=True)
items = read_items()
clips = [item for item in items if item["category"] == categories[0]]
write("clips.csv", ["file", "clip", "split", *targets], clips)
columns = ["file", "id", "clip", "split", "category", "question", "choices", "prompt", "answer"]
write("questions.csv", columns, items)
training = [item for item in items if item["split"] == "train"]
make_language_model(training)
make_encoders([item["file"] for item in training if item["category"] == categories[0]][:8])
