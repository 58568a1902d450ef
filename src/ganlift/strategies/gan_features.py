"""`gan-features`: the features of a discriminator that saw all images without labels, then a probe.

Radford et al. 2016, section 5, with the run's classifier as the discriminator's body, so that its features are of the
same network as every other arm's. With features φ and the real/fake logit s = h(φ(x)) of a head h,

    D minimises   sp(−s(x)) + sp(s(G(z))) + β · CE(r(φ(x turned)), turn),              sp = softplus,
    G minimises   ‖mean φ(x) − mean φ(G(z))‖²,

simultaneously, from one forward of real, generated and turned images, for BatchNorm's sake. The generator matches
features (Salimans et al. 2016, eq. 1), as in `sgan`. The term with β is SS-GAN's (Chen et al. 2019, section 3): a
second head r tells quarter turns of real images apart, one random turn an image where the paper has all four. With
it a linear probe finds far more in the features of a short run, and so does what led in `benchmarks/tune.py`, which
trains on. Then the probe of `ganlift.strategies.probe`. Where Radford et al. pool the features of every layer and train
a linear SVM, the probe sees the last layer's, as it does in the rivals.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.augment import rotate90
from ganlift.layers.small_generator import draw_latent
from ganlift.losses import discriminator_bce, feature_matching
from ganlift.representations import JointGenerator
from ganlift.strategies.base import Outcome, Phases, Setup, choices, search, shipped, strategy
from ganlift.strategies.pretraining import PretrainOptions, pretraining_phase, take_average
from ganlift.strategies.probe import ProbeOptions, probe_phases
from ganlift.strategies.sgan import (
    LATENT,
    add_generator,
    joint_generator,
    new_generator,
)
from ganlift.strategies.terms import one_forward
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch
from ganlift.training.rng import seeded


class GanPretrainOptions(PretrainOptions):
    generator_lr: float = Field(
        2e-3, gt=0, description="Adam's rate of the generator", json_schema_extra=search(5e-4, 5e-3, log=True)
    )
    rotation: float = Field(
        1.0, ge=0, description="β: weight of telling turns of real images apart", json_schema_extra=choices(0.0, 1.0)
    )


@shipped(
    probe="finetune",
    lr=3.5e-3,
    weight_decay=4.6e-3,
    dropout=0.2,
    label_smoothing=0.1,
    policy="trivial",
    pretrain_lr=4.6e-3,
    head_lr=0.019,
    generator_lr=6.6e-4,
    rotation=1.0,
)
class GanFeaturesOptions(GanPretrainOptions, ProbeOptions):
    """Settings of both steps."""


def heads_of(setup: Setup, classifier: nn.Module) -> dict[str, nn.Module]:
    """h and r, linear on the features."""
    size: int = classifier.feature_size  # type: ignore[assignment]
    with seeded(setup.rng.derive("weights of discriminator heads", common=True)):
        return {
            "real/fake": nn.Linear(size, 1).to(setup.device),
            "rotation": nn.Linear(size, 4).to(setup.device),
        }


def gan_phase(setup: Setup, options: GanPretrainOptions, classifier: nn.Module, generator: JointGenerator) -> Phase:
    """Train the features of ``classifier`` as a discriminator's, against ``generator``."""
    heads = heads_of(setup, classifier)
    rng, noise = setup.rng.generator("augmentation"), setup.rng.generator("latent")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        real = setup.weak(batch["unlabelled"].x)
        images = {"real": real, "fake": generator(draw_latent(len(real), LATENT, noise))}
        turns = torch.randint(4, (len(real),), generator=rng, device=real.device)
        if options.rotation:
            images["turned"] = rotate90(real, turns)
        features = one_forward(classifier, images).features
        s = {kind: heads["real/fake"](features[kind]).squeeze(1) for kind in ("real", "fake")}
        d_loss = discriminator_bce(s["real"], s["fake"])
        g_loss = feature_matching(features["real"], features["fake"])
        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": s["real"].mean(), "d_fake": s["fake"].mean()}
        if options.rotation:
            metrics["rotation_loss"] = F.cross_entropy(heads["rotation"](features["turned"]), turns)
            d_loss = d_loss + options.rotation * metrics["rotation_loss"]
        update.together({"classifier": d_loss, "generator": g_loss})
        return {name: value.detach() for name, value in metrics.items()}

    phase = pretraining_phase(setup, options, classifier, step, heads=heads, beta1=0.5, name="generator")
    add_generator(setup, phase, generator, options.generator_lr)
    return phase


@strategy(
    "gan-features",
    kind="gan",
    summary="A discriminator's features, learned on all images, then all fine-tuned on the labelled ones.",
    source="DCGAN: Radford et al. 2016, section 5; SS-GAN: Chen et al. 2019",
    options=GanFeaturesOptions,
    unlabelled="optional",
    geometry=True,
)
def phases(setup: Setup, options: GanFeaturesOptions) -> Phases:
    """Two players, then the probe."""
    classifier, generator = setup.new_classifier(options.dropout), new_generator(setup)
    phase = gan_phase(setup, options, classifier, generator)
    yield phase
    take_average(classifier, phase)
    outcome = yield from probe_phases(setup, options, classifier)
    trained = joint_generator(setup, generator)
    return Outcome(outcome.classifier, outcome.facts, generator=trained, rebuildable=outcome.rebuildable)
