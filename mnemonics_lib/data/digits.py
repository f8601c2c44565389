"""scikit-learn's digits (the test part of UCI optdigits): 1,797 images of 8 x 8, 17 grey levels, in the package."""

from __future__ import annotations

import torch

from mnemonics_lib.data.split import Split


def load() -> tuple[Split, Split]:
    """Training (1,198) and test (599) images, stratified by class, always the same ones.

    The set has no split of its own: a third is held out with a fixed seed that no run can change, so that every run is
    tested on the same images.
    """
    # Imported here, because it takes a second, and no other data set needs it.
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = torch.from_numpy(digits.images).to(torch.uint8)[:, None]  # [1797, 1, 8, 8], values 0..16
    labels = torch.from_numpy(digits.target).to(torch.int64)
    train, test = train_test_split(range(len(labels)), test_size=1 / 3, stratify=labels, random_state=1993)
    return Split(images[train], labels[train]), Split(images[test], labels[test])
