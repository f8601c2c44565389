"""Who judges when old exemplars are adjusted (Eq. 10)? One half of them is trained at the end of a run, by several judges.

    python adjustment_script.py OUT RUN [RUN ...]

RUN is the folder of a finished run with trained exemplars that were not adjusted. Half A of its old exemplars is
trained once for each judge: half B (Eq. 10a), as many real images of the same classes, and 400 real images of each.
Judges with real images have what the method has thrown away; they are controls. No real image is one that an exemplar
was. Networks are then trained on A as it was and as it became, from four fixed perturbed starts (Eq. 8), and tested on
half B and on the test images of the old classes. A line of JSON for each judge.
"""

import json
import sys
import time

import torch

from mnemonics_lib import metrics
from mnemonics_lib.bilevel.solution import solve
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.controls import own_loss
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.runs import load_run

torch.set_num_threads(1)
STARTS = 4


def real_images(experiment, memory, classes, each, seed):
    """Training images of the old classes that no exemplar was: so many of each class."""
    data = experiment.seen_data(experiment.config.phases)
    chosen, generator = [], stream(seed, "real judge")
    for c in range(classes):
        at = (data.labels == c).nonzero().flatten()
        images = data.batch(at)[0].flatten(1)
        kept = memory.origin[memory.positions(c, c + 1)].flatten(1)
        apart = torch.cdist(
            images, kept, compute_mode="donot_use_mm_for_euclid_dist"
        )
        free = at[apart.amin(dim=1) > 0.001]
        assert len(at) - len(free) >= len(kept), (
            len(at),
            len(free),
            len(kept),
        )  # CIFAR-100 has some images twice
        chosen.append(
            free[torch.randperm(len(free), generator=generator)[:each]]
        )
    return data.where(torch.cat(chosen))


def taught(training, images, panel):
    """Loss and accuracy of networks trained on images, by what they are tested on: means over the starts."""
    found = {name: [] for name in panel}
    for k in range(STARTS):
        theta = temporary_model(
            training.model,
            training.level,
            derive(training.seed, "panel", k),
            (k + 0.5) / STARTS,
        )
        minibatches = training.inner.draw(
            -1 - k, training.engine.minibatches_per_call
        )
        E = training.inner.bring(images)
        fitted = solve(
            theta, E, minibatches, training.inner.load, training.level
        ).eval()
        for name, samples in panel.items():
            accuracy, loss = metrics.accuracy_and_loss(fitted, samples)
            found[name].append([loss, accuracy])
    return {
        name: torch.tensor(rows, dtype=torch.float64).mean(dim=0).tolist()
        for name, rows in found.items()
    }


def main(out, folder):
    run = load_run(folder)
    config, experiment, memory = (
        run.config,
        Experiment.of(run.config),
        run.exemplars,
    )
    assert config.exemplars == "mnemonics"
    assert config.exemplar_level.init == "herding"
    assert not config.adjust
    last, level = config.phases, config.exemplar_level
    classes = experiment.protocol.bounds(last)[0]
    A, B = memory.splits(2, classes)
    images, labels = memory.images, memory.labels
    half = Samples.learned(images[B], labels[B], run.pixels)
    seed = experiment.seed("adjust", last)
    judges = {
        "half": half,
        "as_many_real": real_images(
            experiment, memory, classes, len(B) // classes, seed
        ),
        "real": real_images(experiment, memory, classes, 400, seed),
    }
    panel = {"half": half, "test": experiment.test_data(classes)}
    before = None
    for judge, D in judges.items():
        began = time.process_time()
        batches = -(-len(D) // level.val_batch)
        of_judge = level.model_copy(
            update={"epochs": level.adjust_epochs // batches}
        )
        nothing = images[:0], labels[:0]
        training = ExemplarTraining(
            run.model,
            (images[A], labels[A]),
            D,
            nothing,
            of_judge,
            derive(seed, "part", 0),
        )
        before = before or taught(training, training.start, panel)
        while training.done < len(training):
            training.step()
        E = training.E.detach()
        row = {
            "method": config.method,
            "seed": config.seed,
            "judge": judge,
            "judge_images": len(D),
            "exemplars": len(A),
            "outer_steps": len(training),
            "displacement": round(
                (E - training.start).square().mean().sqrt().item(), 5
            ),
            "own_loss": [
                round(own_loss(training, each), 4)
                for each in (training.start, E)
            ],
        }
        after = taught(training, E, panel)
        for name in panel:
            row[f"loss_on_{name}"] = [
                round(of[name][0], 4) for of in (before, after)
            ]
            row[f"accuracy_on_{name}"] = [
                round(of[name][1], 3) for of in (before, after)
            ]
        row["cpu_seconds"] = round(time.process_time() - began)
        with open(out, "a") as file:
            file.write(json.dumps(row) + "\n")


for folder in sys.argv[2:]:
    main(sys.argv[1], folder)
