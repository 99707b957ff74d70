"""Times transformers on the work of bench/language_model.cpp: language_model.py [key=value ...]

SmolLM2-135M with random weights, frozen, and a mapper of Linear, GELU, Linear in front.

Keys: work (train or generate), threads (1), batch (16), audio, question and answer (positions: 125, 24,
12), spread (0; 1: lengths as in bench/language_model.cpp, padded to the longest of the batch), layout
(tight; mellow: all padded to 129 audio, 129 question and 250 answer positions, the layout of Mellow's
paper). After a warm-up it prints "ready", then, for each line that it reads, the seconds that a batch took.
"""

import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

keys = {"work": "train", "threads": "1", "batch": "16", "audio": "125", "question": "24", "answer": "12"}
keys.update({"spread": "0", "layout": "tight"})
keys.update(argument.split("=", 1) for argument in sys.argv[1:])
torch.set_num_threads(int(keys["threads"]))
torch.manual_seed(0)
batch, audio = int(keys["batch"]), int(keys["audio"])
vocabulary, width, end = 49152, 576, 0


def lengths(key, step):
    """Of each example: the median, or a spread around it as in lengths() of the C++ side."""
    median = int(keys[key])
    if keys["spread"] != "1":
        return [median] * batch
    shares = [((step * i + 3) % batch + 0.5) / batch for i in range(batch)]
    return [max(1, round(median * (p / (1 - p)) ** 0.35)) for p in shares]


def tokens(sizes, longest, left):
    """Random tokens with padding, and the mask."""
    ids = torch.zeros(batch, longest, dtype=torch.long)
    mask = torch.zeros(batch, longest, dtype=torch.long)
    for row, size in enumerate(sizes):
        size = min(size, longest)
        place = slice(longest - size, longest) if left else slice(0, size)
        ids[row, place] = torch.randint(1, vocabulary, (size,))
        mask[row, place] = 1
    return ids, mask


config = LlamaConfig(
    vocab_size=vocabulary, hidden_size=width, intermediate_size=1536, num_hidden_layers=30,
    num_attention_heads=9, num_key_value_heads=3, head_dim=64, max_position_embeddings=8192,
    rms_norm_eps=1e-5, tie_word_embeddings=True, bos_token_id=0, eos_token_id=end,
    rope_parameters={"rope_theta": 1e5, "rope_type": "default"},
)  # fmt: skip
model = LlamaForCausalLM(config).eval().requires_grad_(False)
mapper = torch.nn.Sequential(torch.nn.Linear(512, width), torch.nn.GELU(), torch.nn.Linear(width, width))
optimiser = torch.optim.AdamW(mapper.parameters(), lr=1e-4)
features = torch.randn(batch, audio, 512)
embed = model.get_input_embeddings()
questions, answers = lengths("question", 1), lengths("answer", 7)
mellow = keys["layout"] == "mellow"


def train():
    question, question_mask = tokens(questions, 129 if mellow else max(questions), left=False)
    answer, answer_mask = tokens([n + 1 for n in answers], 250 if mellow else max(answers) + 1, left=False)
    heard = mapper(features)
    heard_mask = torch.ones(batch, audio, dtype=torch.long)
    if mellow:  # 129 positions of audio, the last of them separators
        heard = torch.nn.functional.pad(heard, (0, 0, 0, max(0, 129 - audio)))
        heard_mask = torch.ones(batch, heard.shape[1], dtype=torch.long)
    ignored = torch.full((batch, heard.shape[1] + question.shape[1]), -100)
    labels = torch.cat([ignored, answer.masked_fill(answer_mask == 0, -100)], 1)
    inputs = torch.cat([heard, embed(question), embed(answer)], 1)
    mask = torch.cat([heard_mask, question_mask, answer_mask], 1)
    model(inputs_embeds=inputs, attention_mask=mask, labels=labels, use_cache=False).loss.backward()
    optimiser.step()
    optimiser.zero_grad()


@torch.no_grad()
def generate():
    """Padding is on the left: before the audio."""
    longest = max(questions)
    rows = torch.zeros(batch, longest + audio, width)
    mask = torch.zeros(batch, longest + audio, dtype=torch.long)
    heard = mapper(features)
    for row, size in enumerate(questions):
        text = embed(torch.randint(1, vocabulary, (size,)))
        rows[row, longest - size :] = torch.cat([heard[row], text])
        mask[row, longest - size :] = 1
    count = int(keys["answer"])
    model.generate(inputs_embeds=rows, attention_mask=mask, max_new_tokens=count, do_sample=False, pad_token_id=end)


step = train if keys["work"] == "train" else generate
step()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    step()
    print(f"{time.perf_counter() - start:.9f}", flush=True)
