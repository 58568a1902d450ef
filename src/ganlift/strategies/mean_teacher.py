"""`mean-teacher`: the average of the weights so far teaches the weights of now.

Tarvainen and Valpola 2017: L = CE(labelled) + w(t) · ‖p(x) - p̄(x')‖², p̄ by the exponential moving average of the
weights, x and x' two augmented views, w growing over the first steps. The teacher is the arm's result, as in the
paper. Different here: it predicts in evaluation mode, the squared difference is taken on unlabelled images alone, and
its decay is that of every arm's average, since runs are short.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, ClassifierOptions, Phases, Setup, shipped, strategy
from ganlift.strategies.terms import TeacherOptions, semi_phases, teacher


@shipped(lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand", teacher_weight=7.3)
class MeanTeacherOptions(TeacherOptions, ClassifierOptions):
    """The classifier's options and those of the teacher."""


@strategy(
    "mean-teacher",
    kind="rival",
    summary="The averaged classifier's predictions on unlabelled images are the target.",
    source="Mean Teacher: Tarvainen and Valpola 2017, eq. 1",
    options=MeanTeacherOptions,
    unlabelled="required",
    spaces=BOTH,
    vector_options={"lr": 1.3e-3, "weight_decay": 5e-2, "dropout": 0.4, "teacher_weight": 75.0},
)
def phases(setup: Setup, options: MeanTeacherOptions) -> Phases:
    """One forward for labelled images and the student's view of unlabelled ones, one for the teacher's."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from semi_phases(setup, options, classifier, [teacher(setup, options)]))
