"""`sgan-mean-teacher`: the joint GAN of `sgan` with Mean Teacher's consistency.

The K + 1 loss (Salimans et al. 2016) with the squared difference to the averaged classifier's predictions (Tarvainen
and Valpola 2017, eq. 1) on the same unlabelled images.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, Phases, Setup, strategy
from ganlift.strategies.sgan import SganOptions, sgan_phases
from ganlift.strategies.terms import TeacherOptions, teacher


class SganMeanTeacherOptions(TeacherOptions, SganOptions):
    """The joint arm's options and those of the teacher."""


@strategy(
    "sgan-mean-teacher",
    kind="gan",
    summary="sgan and Mean Teacher's consistency in one model.",
    source="Salimans et al. 2016 with Tarvainen and Valpola 2017, eq. 1",
    options=SganMeanTeacherOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={
        "lr": 1.2e-3,
        "weight_decay": 1.1e-2,
        "dropout": 0.0,
        "label_smoothing": 0.1,
        "weight": 0.29,
        "generator_lr": 3.3e-3,
        "teacher_weight": 16.0,
    },
)
def phases(setup: Setup, options: SganMeanTeacherOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from sgan_phases(setup, options, classifier, [teacher(setup, options)]))
