"""Tokens and scores of captions for tests/plugins/lib/text, computed by COCO's programs. Needs Java.

    pip install numpy pycocoevalcap
    python tests/golden/scripts/captions.py tests/golden/captions.json
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

import pycocoevalcap.tokenizer.ptbtokenizer as ptb
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

SENTENCES = """A man's voice, it isn't loud (in English), "quite" calm.
can't won't they're I'll I'd we've I'm cannot gonna wanna gotta lemme gimme 'tis shouldn't've
beep, beep... beep -- boom; who? me! yes: ok!!! what?!
3.5 seconds 1,000 people 50% $5 1/2 10-15 5th 3:30 80's 2-3 20kHz 44.1kHz .5 1980s '90s
Mr. Smith and Dr. Jones etc. at 5 a.m. in the U.S. e.g. this vs. those, vitamin c. too
rock 'n' roll and/or a/c well-known state-of-the-art coo- cooing -pre dog_barking
dogs' barks o'clock ma'am d'you 'em 'til 'cause 'quoted' [square] {curly} a & b = c # 5 @home #tag C# F#
caf\u00e9 na\u00efve \u00bd cup 5\u00b0C \u2014 em\u2013en \u201cquote\u201d \u2018single\u2019 \u2026 \u4f60\u597d
a  double   space.No space after , odd ,commas""".split("\n")

WHO = ["a man", "a woman's voice", "two dogs", "someone", "an engine", "the rain", "a train horn", "birds"]
DOES = ["is speaking", "barks twice", "hums loudly", "isn't heard", "falls", "rings", "can't be heard well"]
WHERE = ["", "in the distance", "on a tin roof, while people talk", "near a busy road", "and then stops."]


def tokenize(sentences):
    jar = pathlib.Path(ptb.__file__).parent / ptb.STANFORD_CORENLP_3_4_1_JAR
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(sentences) + "\n")
        file.flush()
        command = ["java", "-cp", jar, "edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase", file.name]
        lines = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\n")
    return [[t for t in line.split() if t not in ptb.PUNCTUATIONS] for line in lines[: len(sentences)]]


def captions(seed, count):
    draw = random.Random(seed)
    one = lambda: " ".join(part for part in (draw.choice(WHO), draw.choice(DOES), draw.choice(WHERE)) if part)
    rows = []
    for _ in range(count):
        references = [one() for _ in range(draw.choice([1, 2, 5]))]
        said = draw.choice([one(), references[0], " ".join(draw.sample(references[0].split(), 2))])
        rows.append({"candidate": said.capitalize(), "references": references})
    return rows


def scored(rows):
    texts = [text for row in rows for text in [row["candidate"], *row["references"]]]
    tokens = iter(" ".join(line) for line in tokenize(texts))
    said, references = {}, {}
    for i, row in enumerate(rows):
        said[i] = [next(tokens)]
        references[i] = [next(tokens) for _ in row["references"]]
    bleu, _ = Bleu(4).compute_score(references, said, verbose=0)
    rouge, rouges = Rouge().compute_score(references, said)
    cider, _ = Cider().compute_score(references, said)
    return {"rows": rows, "bleu": bleu, "rouge_l": float(rouge), "rouge_l_each": rouges.tolist(), "cider_d": float(cider)}


sets = [captions(seed, count) for seed, count in ((1, 2), (2, 12), (3, 40))]
golden = {
    "tokens": [{"text": text, "tokens": tokens} for text, tokens in zip(SENTENCES, tokenize(SENTENCES))],
    "sets": [scored(rows) for rows in sets],
}
pathlib.Path(sys.argv[1]).write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
