import numpy as np
import torch

from sparcode_mini.lessons.product_quantization import widget_arrows
from sparcode_mini.lessons.product_quantization.experiments import line_losses, within

C = torch.tensor(widget_arrows.CODEWORDS).double()


def test_line_losses_are_the_definition():
    ts, y = np.array([-2.0, 0.5]), torch.tensor([1.0, 1.0]).double()
    hard, soft = line_losses(ts, C, y, (1e-4,), height=0.2)
    T = torch.tensor([[-2.0, 0.2], [0.5, 0.2]]).double()
    q = C[torch.cdist(T, C).argmin(1)]
    np.testing.assert_allclose(hard, ((q - y).square().sum(1) / 2).numpy())
    np.testing.assert_allclose(soft[1e-4], hard)


def test_a_number_near_the_stated_one_is_given_as_stated():
    assert within(0.1284, 0.13, 0.02) == "0.13 (within 0.02)"
    assert within(0.16, 0.13, 0.02) == "0.16 (not the stated 0.13)"
