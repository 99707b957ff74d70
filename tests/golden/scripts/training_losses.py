"""The first losses of mapper and frozen language model, from `runner` and from PyTorch with transformers.

    pip install torch transformers tokenizers safetensors numpy
    python tests/golden/scripts/training_losses.py build/bin/runner
    python tests/golden/scripts/training_losses.py build/bin/runner --model smollm2_135m --tokenizer FILE
    python tests/golden/scripts/training_losses.py build/bin/runner --keep tests/golden/training_losses

Both read the same folder: a Llama checkpoint with random weights as written by save_pretrained, features,
questions about one or two clips, with or without choices, and an experiment. PyTorch starts from the
mapper that the runner drew, and learns the scale of features itself. Prints both losses of each step
and the largest relative difference; exit code 1 if it is above 1e-4. `--keep` writes the folder, with
PyTorch's losses, for tests/end_to_end/training_losses_test.cpp.
"""

import argparse
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import wave

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, get_cosine_schedule_with_warmup

DIM, FRAME_RATE, TOKENS, HIDDEN = 12, 20, 16, 20
STEPS, WARM_UP, RATE, DECAY, BETAS, CLIP = 50, 5, 1e-2, 0.1, (0.9, 0.95), 0.5
CONFIGS = {
    "small": {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 256, "rope_parameters": {"rope_theta": 1e4, "rope_type": "default"},
    },
    "smollm2_135m": {
        "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
        "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64, "max_position_embeddings": 8192,
        "rope_parameters": {"rope_theta": 1e5, "rope_type": "default"},
    },
}  # fmt: skip
SOUNDS = ["rain", "a dog barking", "church bells", "an engine that does not start"]


def questions():
    """Ten items, the last two in the test split. Clips last 0.3 to 2.1 s."""
    rows = []
    for i in range(10):
        sound = SOUNDS[i * 3 % 4]
        row = {"id": f"q{i}", "split": "train" if i < 8 else "test", "audio": "first.wav", "second": None}
        row.update(start=float(i), duration=round(0.3 + 0.2 * i, 1), choices=None, answer=sound)
        if i % 4 == 1:  # two clips
            row.update(second="second.wav", question="Are these two recordings of the same place?")
            row.update(choices=["yes", "no"], answer="no" if i > 4 else "yes")
        elif i % 2 == 0:
            row.update(question="What is heard?", choices=SOUNDS[: 2 + i % 3] if i % 4 else SOUNDS)
            row["answer"] = row["choices"][i % 3 % len(row["choices"])]
        else:
            row["question"] = "Describe the recording, and say what it could be of: in 2 words, or 12."
        rows.append(row)
    return rows


def features(rows):
    """Sinusoids with noise; each value of a frame has its own scale and offset."""
    random = np.random.default_rng(1)
    scale, offset = np.exp(random.normal(size=DIM)), 3 * random.normal(size=DIM)
    made = {}
    for place, row in enumerate(rows):
        frames = round(row["duration"] * FRAME_RATE)
        for clip in ("-a", "-b") if row["second"] else ("",):
            angle = 0.3 * np.arange(frames)[:, None] + random.normal(size=DIM) + place
            value = np.sin(angle) + 0.3 * random.normal(size=(frames, DIM))
            made[row["id"] + clip] = (value * scale + offset).astype(np.float32)
    return made


def write_wave(file, seconds, pitch):
    """Only the header of the audio is read; clips are distinguished by its content."""
    rate = 1000
    samples = (128 + 100 * np.sin(np.arange(seconds * rate) * pitch)).astype(np.uint8)
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 1, rate, len(samples), "NONE", ""))
        out.writeframes(samples.tobytes())


def trained_tokenizer(texts):
    """Byte-level BPE that splits digits, like SmolLM2's."""
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = {"special_tokens": ["<|endoftext|>"], "initial_alphabet": alphabet, "show_progress": False}
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=300, **special))
    return tokenizer


def write_model(folder, name, tokenizer):
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    settings = {"vocab_size": tokenizer.get_vocab_size(), **CONFIGS[name]}
    config = LlamaConfig(rms_norm_eps=1e-5, tie_word_embeddings=True, bos_token_id=0, eos_token_id=0, **settings)
    torch.manual_seed(2)
    model = LlamaForCausalLM(config)
    if name == "small":  # transformers begins with weights so small that a narrow model says nothing
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.data.mul_(8)
    model.save_pretrained(folder)


EXPERIMENT = f"""[experiment]
name = "training_losses"
[dataset.questions]
use = "table"
options = {{ file = "questions.json", id = "id", audio = ["audio", "second"], start = "start", duration = "duration", split = "split", question = "question", choices = "choices", answer = "answer" }}
[encoder.given]
use = "precomputed"
options = {{ folder = "features.safetensors", frame_rate = {FRAME_RATE} }}
[mapper.mlp]
use = "mlp"
options = {{ hidden = {HIDDEN} }}
[language_model.llama]
use = "llama"
options = {{ weights = "model", train = "frozen" }}
[task.losses]
use = "audio_qa"
dataset = "questions"
options = {{ tokens = {TOKENS}, batch_size = 8, max_steps = {STEPS}, log_every = 1, validate_every = 0, lr = {RATE}, warm_up = {WARM_UP}, schedule = "cosine", weight_decay = {DECAY}, betas = [{BETAS[0]}, {BETAS[1]}], clip = {CLIP}, max_tokens = 1 }}
[[matrix]]
encoder = ["given"]
mapper = ["mlp"]
language_model = ["llama"]
task = ["losses"]
"""


def write_folder(folder, name, tokenizer_file):
    rows = questions()
    (folder / "questions.json").write_text(json.dumps(rows, indent=1) + "\n")
    (folder / "training.toml").write_text(EXPERIMENT)
    save_file(features(rows), folder / "features.safetensors")
    write_wave(folder / "first.wav", 12, 0.3)
    write_wave(folder / "second.wav", 12, 0.4)
    texts = [text for row in rows for text in (prompt_text(row), " " + row["answer"])]
    tokenizer = Tokenizer.from_file(tokenizer_file) if tokenizer_file else trained_tokenizer(texts)
    write_model(folder / "model", name, tokenizer)


def prompt_text(row):
    choices = " ".join(f"{'abcd'[i]}) {choice}" for i, choice in enumerate(row["choices"] or []))
    return f"Question: {row['question']}\n" + (f"Choices: {choices}\n" if choices else "") + "Answer:"


def run(runner, folder, results, *words):
    command = [runner, str(folder / "training.toml"), "--results", str(results), *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def losses_of_runner(runner, folder, scratch):
    """The initial mapper, and the losses."""
    run(runner, folder, scratch / "start" / "results.db", "--set", "task.losses.options.max_steps=0")
    state = load_file(next((scratch / "start").glob("**/fit.state")))
    prefix = "components/mapper/"
    mapper = {name.removeprefix(prefix): torch.tensor(v) for name, v in state.items() if name.startswith(prefix)}
    results = scratch / "whole" / "results.db"
    run(runner, folder, results)
    query = "SELECT value FROM curve WHERE name = 'train_loss' ORDER BY step"
    command = [runner, "query", query, "--format", "csv", "--results", str(results)]
    table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return mapper, [float(row["value"]) for row in csv.DictReader(io.StringIO(table))]


class Training:
    """What a PyTorch user would write."""

    def __init__(self, folder, start):
        self.lm = LlamaForCausalLM.from_pretrained(folder / "model").eval().requires_grad_(False)
        self.tokenizer = Tokenizer.from_file(str(folder / "model" / "tokenizer.json"))
        self.rows = [row for row in json.loads((folder / "questions.json").read_text()) if row["split"] == "train"]
        self.clips = {name: self.pooled(torch.tensor(v)) for name, v in load_file(folder / "features.safetensors").items()}
        first = torch.cat([self.clips[row["id"] + ("-a" if row["second"] else "")] for row in self.rows]).double()
        self.mean, self.deviation = first.mean(0).float(), first.std(0, correction=0).float()
        width = self.lm.config.hidden_size
        self.mapper = torch.nn.Sequential(torch.nn.Linear(DIM, HIDDEN), torch.nn.GELU(), torch.nn.Linear(HIDDEN, width))
        names = {"0.weight": "first.weight", "0.bias": "first.bias", "2.weight": "second.weight", "2.bias": "second.bias"}
        self.mapper.load_state_dict({ours: start[theirs] for ours, theirs in names.items()})

    @staticmethod
    def pooled(frames):
        return F.adaptive_avg_pool1d(frames.t()[None], TOKENS)[0].t() if len(frames) > TOKENS else frames

    def heard(self, name):
        return self.mapper((self.clips[name] - self.mean) / self.deviation)

    def read(self, text):
        return torch.tensor(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def example(self, row):
        embed = self.lm.get_input_embeddings()
        clips = [self.heard(row["id"])] if not row["second"] else [
            self.heard(row["id"] + "-a"), embed(self.read("\n")), self.heard(row["id"] + "-b")]  # fmt: skip
        asked = torch.cat([*clips, embed(self.read(prompt_text(row)))])
        answer = torch.cat([self.read(" " + row["answer"]), torch.tensor([self.lm.config.eos_token_id])])
        return torch.cat([asked, embed(answer)]), torch.cat([torch.full((len(asked),), -100), answer])

    def loss(self):
        examples, labels = zip(*map(self.example, self.rows))
        pad = torch.nn.utils.rnn.pad_sequence
        mask = pad([torch.ones(len(x), dtype=torch.long) for x in examples], batch_first=True)
        labels = pad(labels, batch_first=True, padding_value=-100)
        return self.lm(inputs_embeds=pad(examples, batch_first=True), attention_mask=mask, labels=labels).loss

    def losses(self):
        optimiser = torch.optim.AdamW(self.mapper.parameters(), lr=RATE, weight_decay=DECAY, betas=BETAS)
        schedule = get_cosine_schedule_with_warmup(optimiser, WARM_UP, STEPS)
        found = []
        for _ in range(STEPS):
            optimiser.zero_grad()
            loss = self.loss()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.mapper.parameters(), CLIP)
            optimiser.step()
            schedule.step()
            found.append(loss.item())
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runner")
    parser.add_argument("--model", choices=CONFIGS, default="small")
    parser.add_argument("--tokenizer", help="a tokenizer.json; by default one is trained on the questions")
    parser.add_argument("--keep", type=pathlib.Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        folder = given.keep or scratch / "data"
        folder.mkdir(parents=True, exist_ok=True)
        write_folder(folder, given.model, given.tokenizer)
        start, ours = losses_of_runner(given.runner, folder, scratch)
        theirs = Training(folder, start).losses()
    assert len(ours) == len(theirs) == STEPS, len(ours)
    for step, (one, other) in enumerate(zip(ours, theirs)):
        print(f"{step:3} runner {one:.7f} PyTorch {other:.7f} {one / other - 1:+.1e}")
    largest = max(abs(one / other - 1) for one, other in zip(ours, theirs))
    print(f"largest relative difference {largest:.2e}")
    if given.keep:
        kept = {"torch": torch.__version__.split("+")[0], "losses": [round(loss, 7) for loss in theirs]}
        (folder / "losses.json").write_text(json.dumps(kept) + "\n")
    return 1 if not largest <= 1e-4 else 0


sys.exit(main())
