# A run at resolution 4, asked about the data set's own 8 x 8 images; and bytes against floats in 0..1
import torch
from mnemonics_lib.config import load_config
from mnemonics_lib.data import digits
from mnemonics_lib.runs import load_run, run
_, test = digits.load()
record, path = run(load_config("small.yaml").replace(resolution=4), "build-F4")
back = load_run(path)
place = {c: i for i, c in enumerate(back.class_order)}
y = torch.tensor([place[int(c)] for c in test.labels])
for name, images in {"8 x 8": test.images, "floats": test.images.float() / 16}.items():
    print(name, "accuracy", 100 * (back.predict(images).positions == y).float().mean().item(), "record", record.accuracy[-1])
