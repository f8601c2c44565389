"""Mnemonics training (Liu et al., CVPR 2020) as an exact, executable library.

Three calls are enough to begin with. ``run`` makes a run of a configuration, here one of the parameter files that come
with the library, with two of its fields changed:

>>> from mnemonics_lib.config import load_config
>>> from mnemonics_lib.config.shipped import parameter_file
>>> config = load_config(parameter_file("quick/digits-n5"), ["exemplars=herding", "seed=2"])
>>> config.dataset, config.phases, config.method, config.exemplars, config.seed
('digits', 5, 'lwf', 'herding', 2)

It takes some 20 s on one core, goes on where it was stopped, and is not made twice::

    from mnemonics_lib.runs import load_run, run

    record, path = run(config)
    record.accuracy  # one number a phase, in per cent

``load_run`` gives a finished run back::

    finished = load_run(path)
    finished.model, finished.exemplars.images, finished.results

``train_exemplars`` trains exemplars for a network that is not of this library:

>>> import torch
>>> from mnemonics_lib.config import ExemplarLevel
>>> from mnemonics_lib.exemplars.any_model import train_exemplars
>>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 2))
>>> images, labels = torch.rand(20, 1, 4, 4), torch.arange(20) % 2
>>> short = ExemplarLevel(epochs=2, inner_steps=3, inner_augment=False)
>>> train_exemplars(model, (images[:4], labels[:4]), (images, labels), short).images.shape
torch.Size([4, 1, 4, 4])

The same from a shell, in any folder; ``python -m mnemonics_lib --help`` lists the other commands::

    python -m mnemonics_lib run quick/digits-n5 --set exemplars=herding seed=2

What is where, in the order of the paper:

- ``phases`` (section 5.1), ``losses`` (section 3; Eq. 1, 2 and 5), ``global_bop`` (Figure 2, Eq. 4), ``training``
  (Eq. 6);
- ``exemplars.mnemonics`` (Eq. 7 to 9), ``exemplars.adjustment`` (Eq. 10), ``exemplars.selection`` (random, herding);
- ``bilevel.adjoint`` and ``bilevel.higher_engine``: the gradient through Eq. 8;
- ``methods``: LwF, iCaRL, BiC, LUCIR, and both bounds; ``models``: networks, heads, weight transfer; ``data``.

And around it:

- ``config``: every axis of a run is a field of ``config.RunConfig``;
- ``runs``, and ``durable`` below it: what makes a run last; ``durable.records``: what is known of a finished one;
- ``exemplars.any_model``, ``exemplars.files``: exemplars for other networks, and for other programmes;
- ``edition``: what is made from finished runs; ``edition.report`` and ``edition.paired.compare`` for records of yours;
- ``kept``, ``inspection``, ``bench``, ``device``: artefacts of a run, what is there of data, speed, and what is asked
  of a device.

Of what stands around it the paper's part imports ``config``, whose values it is given, and the hooks by which a GPU
records a step and several processes take one.
"""

__version__ = "0.1.0"
