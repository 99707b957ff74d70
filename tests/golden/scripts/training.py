"""Losses of the first 50 steps of a mapper before a frozen language model, by PyTorch.

    python tests/golden/scripts/training.py > tests/golden/training_losses.json

The model is kit::SmallLanguageModel, the mapper kit::SmallMapper, the data are made by a formula;
torch.manual_seed gives both the weights that LibTorch draws. Compared by
tests/plugins/evaluators/audio_qa/losses.cpp.
"""
import json
import math

import torch

WIDTH, PLACES, BORDER, ITEMS, FRAMES, DIM = 24, 48, 256, 60, 6, 8
STEPS, WARM_UP, RATE = 50, 5, 0.02

torch.manual_seed(1)
byte_table = torch.randn(BORDER + 1, WIDTH) * 1.0
place_table = torch.randn(PLACES, WIDTH) * 1.0
output = torch.randn(BORDER + 1, WIDTH) * 0.3
weight = (torch.randn(WIDTH, DIM) * (1 / math.sqrt(DIM))).requires_grad_()
bias = torch.zeros(WIDTH, requires_grad=True)

item = torch.arange(ITEMS, dtype=torch.float32).view(-1, 1, 1)
frame = torch.arange(FRAMES, dtype=torch.float32).view(1, -1, 1)
axis = torch.arange(DIM, dtype=torch.float32).view(1, 1, -1)
features = torch.sin(0.7 * item + 0.3 * frame + 1.1 * axis)
kinds = ["low", "middle", "high"]
prompt = "Question: Which kind is it?\nChoices: a) low b) middle c) high\nAnswer:"
text = byte_table[torch.tensor(list(prompt.encode()))].mean(0)


def losses():
    log_prob, tokens = 0, 0
    mapped = torch.nn.functional.linear(features, weight, bias).mean(1)
    for i in range(ITEMS):
        answer = list((" " + kinds[i % 3]).encode())
        before, after = [BORDER] + answer, torch.tensor(answer + [BORDER])
        hidden = torch.tanh(mapped[i] + text + byte_table[torch.tensor(before)]
                            + place_table[: len(before)])
        log_prob = log_prob + torch.nn.functional.cross_entropy(hidden @ output.T, after,
                                                                reduction="sum")
        tokens += len(before)
    return log_prob / tokens


def factor(step):
    if step < WARM_UP:
        return step / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP)))


optimiser = torch.optim.AdamW([weight, bias], lr=RATE, weight_decay=0.01)
found = []
for step in range(STEPS):
    for group in optimiser.param_groups:
        group["lr"] = RATE * factor(step)
    optimiser.zero_grad()
    loss = losses()
    loss.backward()
    torch.nn.utils.clip_grad_norm_([weight, bias], 0.5)
    optimiser.step()
    found.append(round(loss.item(), 7))
print(json.dumps({"torch": torch.__version__.split("+")[0], "losses": found}))
