"""What autograd keeps is counted block by block, and let go when the graph is."""

import gc

import torch

from mnemonics_lib.inspection.held import held


def test_what_a_product_keeps_is_its_two_factors():
    x, y = (torch.ones(1000, requires_grad=True) for _ in range(2))
    with held() as memory:
        out = x * y
        assert memory.bytes == memory.most == 2 * 4000
    del out
    gc.collect()
    assert memory.bytes == 0
    assert memory.most == 8000


def test_a_block_that_is_kept_twice_counts_once():
    x = torch.ones(1000, requires_grad=True)
    with held() as memory:
        out = x * x  # both factors are the same block
        again = x * 2 * x[:500].sum()
    assert out.grad_fn is not None
    assert again.grad_fn is not None
    assert memory.most < 2 * 4000 + 4000


def test_the_most_is_that_of_one_moment_not_the_sum_of_all():
    x = torch.ones(1000, requires_grad=True)
    with held() as memory:
        for _ in range(5):
            (x.exp() * 1.0).sum().backward()
    assert 4000 <= memory.most < 2 * 4000


def test_the_gradient_is_the_same_as_without():
    x = torch.linspace(0, 1, 50, dtype=torch.float64, requires_grad=True)

    def gradient():
        return torch.autograd.grad((x.sin() * x.exp()).sum(), x)[0]

    with held():
        counted = gradient()
    assert torch.equal(counted, gradient())
