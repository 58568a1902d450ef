"""A second set of BatchNorm layers for images of another kind (AdvProp's auxiliary BatchNorm, Xie et al. 2020).

Real and generated images have different statistics. Normalised together, the generated ones move the running mean and
variance with which the real ones are judged later. A twin has every weight of the network but its BatchNorms, so the
network itself stays what it was: there is nothing to take out of it afterwards.
"""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganlift.layers.dropout import Dropout
from ganlift.layers.repeatable import Repeatable


def with_own_norms(module: nn.Module) -> tuple[nn.Module, nn.ModuleList]:
    """A twin of ``module`` that shares all its weights but has BatchNorms of its own, and those BatchNorms.

    The twin's norms begin as copies. Whoever trains the twin optimises and checkpoints the norms beside ``module``;
    they are in no state dict of it. Without BatchNorm in ``module`` the list is empty and the twin computes the same.
    """
    norms = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    own = {id(value) for norm in norms for value in (*norm.parameters(), *norm.buffers())}
    values = [*module.parameters(), *module.buffers()]
    draws = [layer.rng for layer in module.modules() if isinstance(layer, Dropout | Repeatable)]
    # what `deepcopy` finds in its memo it takes as copied already
    shared = {id(value): value for value in [*values, *draws] if value is not None and id(value) not in own}
    twin = copy.deepcopy(module, shared)
    return twin, nn.ModuleList(layer for layer in twin.modules() if isinstance(layer, _BatchNorm))
