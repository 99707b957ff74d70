"""A small ablation as in plain scripts: ablation.py DATA RESULTS [features=memory]

DATA is the folder written by bench/ablation/prepare.py; seconds and scores go into the JSON file RESULTS.
For each encoder and seed, four linear probes are trained, and a mapper with which a frozen language model
answers questions. Audio is read and encoded in the training loop, whenever a clip is used. With
features=memory each clip is encoded once and its features are kept, as a careful script would do.

One process does the work of all scripts, so that no library is imported and no model loaded twice.
"""

import collections
import contextlib
import csv
import json
import sys
import time

started = time.perf_counter()

import soundfile
import torch
import torchaudio
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel
from transformers import EncodecModel, LlamaForCausalLM, MimiModel

# As in bench/ablation/experiment.toml; there the probes are fitted to convergence, here for a few
# epochs.
seeds, n_train, epochs, batch, learning_rate = [0, 1], 40, 2, 8, 1e-2
tokens, steps, learning_rate_of_mapper, most_answer_tokens = 8, 15, 3e-3, 8
targets = ["room", "quality", "noise", "distance_class"]

data = sys.argv[1]
in_memory = "features=memory" in sys.argv[3:]
seconds = collections.Counter(imports=time.perf_counter() - started)
scores = []


@contextlib.contextmanager
def timed(part):
    start = time.perf_counter()
    yield
    seconds[part] += time.perf_counter() - start


def read_table(name):
    with open(f"{data}/{name}", newline="") as file:
        rows = list(csv.DictReader(file))
    return {split: [row for row in rows if row["split"] == split] for split in ("train", "test")}


class Encoder:
    """Clips of one length to frames, (B, T, D)."""

    def __init__(self, name):
        self.name = name
        self.kept = {}
        self.rate = 48000 if name == "htsat" else 24000
        kind = {"mimi": MimiModel, "encodec": EncodecModel, "htsat": ClapModel}[name]
        self.model = kind.from_pretrained(f"{data}/{name}").eval()
        if name == "htsat":
            self.extract = ClapFeatureExtractor.from_pretrained(f"{data}/htsat")

    def read(self, file):
        audio, rate = soundfile.read(file, dtype="float32")
        return torchaudio.functional.resample(torch.from_numpy(audio), rate, self.rate)

    def encode(self, audio):
        if self.name == "htsat":
            mels = self.extract(list(audio.numpy()), sampling_rate=self.rate, return_tensors="pt")
            return self.model.audio_model(mels["input_features"]).pooler_output.unsqueeze(1)
        if self.name == "mimi":
            codes = self.model.encode(audio.unsqueeze(1), num_quantizers=8).audio_codes
        else:
            codes = self.model.encode(audio.unsqueeze(1), bandwidth=6.0).audio_codes[0].transpose(0, 1)
        return self.model.quantizer.decode(codes).transpose(1, 2)

    @torch.no_grad()
    def features(self, rows, purpose):
        if in_memory and rows[0]["file"] in self.kept:
            return torch.stack([self.kept[row["file"]] for row in rows])
        with timed("reading audio"):
            audio = torch.stack([self.read(row["file"]) for row in rows])
        with timed("encoding " + purpose):
            return self.encode(audio)

    def keep(self, rows):
        for some in batches(rows):
            frames = self.features(some, "once")
            self.kept.update((row["file"], one) for row, one in zip(some, frames))


def batches(rows, order=None):
    rows = rows if order is None else [rows[i] for i in order]
    return [rows[first : first + batch] for first in range(0, len(rows), batch)]


def pooled(frames):
    return torch.cat([frames.mean(1), frames.std(1, unbiased=False)], 1)


def few(frames):
    """At most `tokens` frames."""
    count = min(tokens, frames.shape[1])
    return nn.functional.adaptive_avg_pool1d(frames.transpose(1, 2), count).transpose(1, 2)


class Scale:
    """Scales to mean 0 and variance 1 over the training clips."""

    def __init__(self, values):
        values = values.flatten(0, -2)
        self.mean, self.deviation = values.mean(0), values.std(0, unbiased=False)
        self.deviation[self.deviation == 0] = 1

    def __call__(self, values):
        return (values - self.mean) / self.deviation


def probe(encoder, scale, clips, target, seed):
    """The balanced accuracy of a linear layer."""
    torch.manual_seed(seed)
    classes = sorted({row[target] for row in clips["train"]})
    truths = lambda rows: torch.tensor([classes.index(row[target]) for row in rows])
    train = [clips["train"][i] for i in torch.randperm(len(clips["train"]))[:n_train]]
    head = nn.Linear(len(scale.mean), len(classes))
    optimiser = torch.optim.Adam(head.parameters(), lr=learning_rate)
    for _ in range(epochs):
        for rows in batches(train, torch.randperm(len(train))):
            frames = encoder.features(rows, "in training")
            with timed("probes"):
                loss = nn.functional.cross_entropy(head(scale(pooled(frames))), truths(rows))
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    right = collections.defaultdict(list)
    for rows in batches(clips["test"]):
        frames = encoder.features(rows, "in testing")
        with timed("probes"):
            for truth, chosen in zip(truths(rows), head(scale(pooled(frames))).argmax(1)):
                right[truth.item()].append(float(truth == chosen))
    return sum(sum(one) / len(one) for one in right.values()) / len(right)


def ids(text):
    return torch.tensor(tokenizer.encode(text, add_special_tokens=False))


def answer_loss(heard, rows):
    """Padding is on the right."""
    inputs, labels = [], []
    for audio, row in zip(heard, rows):
        question = ids(row["prompt"])
        answer = torch.cat([ids(" " + row["answer"]), torch.tensor([tokenizer.eos_token_id])])
        inputs.append(torch.cat([audio, embed(question), embed(answer)]))
        labels.append(torch.cat([torch.full((len(audio) + len(question),), -100), answer]))
    mask = pad_sequence([torch.ones(len(one), dtype=torch.long) for one in inputs], True)
    inputs, labels = pad_sequence(inputs, True), pad_sequence(labels, True, -100)
    return language_model(inputs_embeds=inputs, attention_mask=mask, labels=labels).loss


@torch.no_grad()
def replies(heard, rows):
    """Padding is on the left."""
    inputs = [torch.cat([audio, embed(ids(row["prompt"]))]) for audio, row in zip(heard, rows)]
    mask = [torch.ones(len(one), dtype=torch.long) for one in inputs]
    said = language_model.generate(
        inputs_embeds=pad_sequence(inputs, True, padding_side="left"),
        attention_mask=pad_sequence(mask, True, padding_side="left"),
        max_new_tokens=most_answer_tokens,
        do_sample=False,
        pad_token_id=tokenizer.eos_token_id,
    )
    return tokenizer.batch_decode(said, skip_special_tokens=True)


def question_answering(encoder, scale, questions, seed):
    """The share of correct answers in each category."""
    torch.manual_seed(seed)
    width = language_model.config.hidden_size
    mapper = nn.Sequential(nn.Linear(len(scale.mean), width), nn.GELU(), nn.Linear(width, width))
    optimiser = torch.optim.AdamW(mapper.parameters(), lr=learning_rate_of_mapper)
    train, order = questions["train"], []
    for _ in range(steps):
        order = order or batches(train, torch.randperm(len(train)))
        rows = order.pop()
        frames = encoder.features(rows, "in training")
        with timed("training mappers"):
            loss = answer_loss(mapper(scale(few(frames))), rows)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(mapper.parameters(), 1.0)
            optimiser.step()
    right = collections.defaultdict(list)
    for rows in batches(questions["test"]):
        frames = encoder.features(rows, "in testing")
        with timed("answering"):
            for row, reply in zip(rows, replies(mapper(scale(few(frames))), rows)):
                right[row["category"]].append(float(reply.strip() == row["answer"]))
    return {category: sum(one) / len(one) for category, one in right.items()}


clips, questions = read_table("clips.csv"), read_table("questions.csv")
with timed("loading models"):
    tokenizer = AutoTokenizer.from_pretrained(f"{data}/language_model")
    language_model = LlamaForCausalLM.from_pretrained(f"{data}/language_model").eval().requires_grad_(False)
    embed = language_model.get_input_embeddings()
for name in ("mimi", "encodec", "htsat"):
    with timed("loading models"):
        encoder = Encoder(name)
    if in_memory:
        encoder.keep(clips["train"] + clips["test"])
    frames = torch.cat([encoder.features(rows, "once") for rows in batches(clips["train"])])
    scale_of_clips, scale_of_frames = Scale(pooled(frames)), Scale(few(frames))
    for seed in seeds:
        for target in targets:
            scores.append([name, target, seed, probe(encoder, scale_of_clips, clips, target, seed)])
        found = question_answering(encoder, scale_of_frames, questions, seed)
        scores += [[name, category, seed, share] for category, share in found.items()]

with open(sys.argv[2], "w") as file:
    json.dump({"seconds": seconds, "scores": scores}, file)
