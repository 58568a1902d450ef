"""What records are made of, situation by situation: names, and the arguments of `records.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Record:
    """What a record is made by, and its hours on two cores.

    ``needs`` names the option with the data that are not in the package, ``verb`` what makes it: ``compare``, or
    ``compare-generators``, of whose runs the table of generators is kept as well.
    """

    name: str
    arguments: tuple[str, ...]
    hours: float
    needs: str = ""
    verb: str = "compare"

    @property
    def kept(self) -> Path:
        return HERE / "results" / self.name


def matrix(name: str) -> tuple[str, ...]:
    return "--config", str(HERE / "matrix" / f"{name}.yaml")


DEMO = (
    *("fashion-mini", "--labels-per-class", "10", "--features", "pixels,efficientnet-lite0", "--strategies"),
    "linear-probe,augment,fixmatch,fixmatch-mix@efficientnet-lite0,sgan-fixmatch",
)
FEW = ("--labels-per-class", "20", "--seeds", "5", "--budget", "280")
ON_VECTORS = (
    *("--seeds", "10", "--budget", "300", "--strategies"),
    "linear-probe,gda,label-spreading,distribution-calibration,mean-teacher,fixmatch,sgan-mix,fixmatch-mix,sgan,"
    "sgan-fixmatch,sgan-entropy,complement-gan,neighbours,neighbours-mix,sgan-neighbours",
)
ON_PIXELS = (
    *("--features", "pixels", "--seeds", "5", "--budget", "300", "--strategies"),
    "augment,mean-teacher,fixmatch,fixmatch-rotation,acgan,sgan,sgan-fixmatch,sgan-fixmatch-rotation",
)
ON_FEATURES = ("--features", "efficientnet-lite0", *ON_VECTORS)
PHOTOGRAPHS = tuple(
    Record(
        f"features/hymenoptera-{n}", ("{hymenoptera}", "--labels-per-class", f"{n}", *ON_FEATURES), 0.1, "hymenoptera"
    )
    for n in (1, 2, 5, 10)
)
"""The folder ``hymenoptera_data`` of PyTorch's tutorial on transfer learning: 397 photographs of ants and bees."""

HANDS = tuple(
    Record(f"features/hands-{n}", ("{hands}/hands.csv", "--labels-per-class", f"{n}", *ON_FEATURES), 0.2, "hands")
    for n in (1, 2, 5, 10)
)
"""2,062 photographs of hands that show digits (`hands.py`): tested on other people than those learned from."""

SPOKEN = (
    "--seeds",
    "auto",
    "--budget",
    "300",
    "--strategies",
    "augment,mean-teacher,fixmatch,acgan,sgan,sgan-fixmatch",
)
SPEECH = tuple(
    Record(f"speech/{how}-{n}", (f"{{speech}}/{how}.csv", "--labels-per-class", f"{n}", *SPOKEN), 0.15, "speech")
    for how in ("speaker", "random")
    for n in (2, 5, 10)
)
"""Spoken digits (`speech.py`): test clips of other speakers than those learned from, or of the same."""

HEARD = (
    *("--seeds", "10", "--budget", "300", "--strategies"),
    "augment,pseudo-label,entropy-minimisation,mean-teacher,fixmatch,sgan-mix,fixmatch-mix,acgan,sgan,sgan-fixmatch",
)
NEAREST = ("--strategies", "augment,fixmatch,fixmatch-mix,sgan-fixmatch")
AT_LENGTH = ("--budget", "1000", "--strategies")
RIVALS = "augment,pseudo-label,entropy-minimisation,mean-teacher,fixmatch,sgan-mix,fixmatch-mix"
MORE_SPEECH = (
    *(
        Record(f"speech/heard-{n}", ("{speech}/heard.csv", "--labels-per-class", f"{n}", *HEARD), 0.4, "speech")
        for n in (5, 10)
    ),
    *(
        Record(
            f"speech/{name}-{n}",
            (f"{{speech}}/{table}.csv", "--labels-per-class", f"{n}", "--seeds", seeds, "--budget", steps, *NEAREST),
            hours,
            "speech",
        )
        for name, table, n, seeds, steps, hours in (
            ("other", "other", 5, "30", "300", 0.8),
            ("other", "other", 2, "20", "300", 0.4),
            ("few", "few", 5, "20", "300", 0.4),
        )
    ),
    *(
        Record(
            f"speech/{name}-5",
            (f"{{speech}}/{table}.csv", "--labels-per-class", "5", "--seeds", seeds, *AT_LENGTH, f"{RIVALS},{arms}"),
            hours,
            "speech",
        )
        for name, table, seeds, arms, hours in (
            ("long", "other", "10", "sgan-fixmatch", 1.0),
            ("longer", "heard", "10", "sgan,sgan-fixmatch", 1.0),
            ("second", "second", "20", "sgan-fixmatch", 1.5),
        )
    ),
    Record(
        "speech/timed-5",
        (
            *("{speech}/second.csv", "--labels-per-class", "5", "--seeds", "20", "--equal", "time"),
            *(*AT_LENGTH, "pseudo-label,mean-teacher,sgan-fixmatch"),
        ),
        0.7,
        "speech",
    ),
    Record("speech/network-10", ("{speech}/heard.csv", "--labels-per-class", "10", *ON_FEATURES), 0.2, "speech"),
)
"""Where `SPEECH` left a GAN arm ahead, *undecided*: other draws, half of the clips for testing, every rival that sound
and unlabelled clips allow, mixes in the generator's place; the one arm that led there, asked again of other clips
(``other``), beside the rivals that came near; and the edges: fewer labels, a fifth of the clips, longer (``long``, and
``longer``, of the first half again), through a frozen network of photographs. Where these two left `sgan-fixmatch`
ahead by three points, *undecided*, ``second`` asks once more, of other test clips and twice as many draws: planned as
one look at one GAN arm beside every rival, before any of it was seen. ``timed`` gives the two that came nearest
there the time that the GAN arm takes."""

TEXTS = tuple(
    Record(f"texts/{name}-{n}", (files, "--labels-per-class", f"{n}", *ON_VECTORS), 0.1, "texts")
    for name, files, labels in (
        ("words-topics", "{texts}/words.npz,{texts}/topics.npz", (1, 2, 5, 10)),
        ("few-words-topics", "{texts}/few/words.npz,{texts}/few/topics.npz", (2,)),
        ("words", "{texts}/words.npz", (2,)),
        ("topics", "{texts}/topics.npz", (2,)),
    )
    for n in labels
)
"""Short news texts by the mean of their words' vectors and by latent topics, side by side (`texts.py`)."""

FEW_LABELS = tuple(
    record
    for n in (1, 2, 5)
    for record in (
        Record(f"features/fashion-{n}", ("fashion-mini", "--labels-per-class", f"{n}", *ON_FEATURES), 0.2),
        Record(f"pixels/fashion-{n}", ("fashion-mini", "--labels-per-class", f"{n}", *ON_PIXELS), 0.2),
    )
)
LONGER = Record(
    "pixels/long-5",
    (
        *("fashion-mini", "--labels-per-class", "5", "--features", "pixels", "--seeds", "5", "--budget", "1500"),
        "--strategies",
        "augment,pseudo-label,entropy-minimisation,fixmatch,fixmatch-rotation,fixmatch-mix,sgan,sgan-fixmatch,"
        "sgan-fixmatch-rotation",
    ),
    0.8,
)
"""Five times the steps: whether a generator needs longer than its rivals to pay. The second and third are there since
on sound it was these that longer runs brought up."""

LONGER_ON_FEATURES = Record(
    "features/hands-long-5",
    (
        *("{hands}/hands.csv", "--labels-per-class", "5", "--features", "efficientnet-lite0"),
        *("--seeds", "5", "--budget", "1500", "--strategies"),
        "linear-probe,augment,mean-teacher,fixmatch,fixmatch-mix,neighbours-mix,sgan,sgan-fixmatch,sgan-neighbours,"
        "complement-gan",
    ),
    0.3,
    "hands",
)
"""As many through a frozen network, where 300 are what an arm gets unasked."""

CIFAR10_FEATURES = tuple(
    Record(f"features/cifar10-{n}", ("{drawn}", "--labels-per-class", f"{n}", *ON_FEATURES), 0.3, "cifar10")
    for n in (2, 10, 50)
)
"""10,000 of the training images, drawn once (`drawn`), and all test images."""

NO_LABEL = ("--labels-per-class", "0", "--seeds", "10", "--budget", "300", "--strategies")
ON_VECTORS_ALONE = (*NO_LABEL, "kmeans,scan,rim,infogan,catgan")
ON_PIXELS_ALONE = "kmeans-pixels,kmeans-rotation,kmeans-simsiam,rim,kmeans-gan-features,infogan,catgan"
CLUSTERS = (
    *(
        Record(f"features/{name}-0", (data, "--features", "efficientnet-lite0", *ON_VECTORS_ALONE), 0.1, needs)
        for name, data, needs in (
            ("fashion", "fashion-mini", ""),
            ("hymenoptera", "{hymenoptera}", "hymenoptera"),
            ("hands", "{hands}/hands.csv", "hands"),
            ("pneumonia", "{pneumonia}", "pneumonia"),
            ("cifar10", "{drawn}", "cifar10"),
        )
    ),
    Record(
        "pixels/fashion-0",
        ("fashion-mini", "--features", "pixels", *NO_LABEL, ON_PIXELS_ALONE),
        0.3,
    ),
    Record("vectors/digits-0", ("{digits}", *ON_VECTORS_ALONE), 0.1),
    Record("texts/words-topics-0", ("{texts}/words.npz,{texts}/topics.npz", *ON_VECTORS_ALONE), 0.1, "texts"),
)
"""Where no label is used: clusters, matched to classes where they are scored."""

OF_FEATURES = ("autoencoder", "wgan", "vae", "gaussian", "flow")
"""Every generator of vectors; the first is the default, which an arm's name leaves out."""
ON_ALL = ",".join(
    (
        "linear-probe,nearest-mean,real-only,augment,duplicate-real,gda,label-spreading,distribution-calibration",
        "pseudo-label,entropy-minimisation,mean-teacher,fixmatch,neighbours,sgan-mix,fixmatch-mix,neighbours-mix",
        "sgan,sgan-fixmatch,sgan-entropy,sgan-mean-teacher,sgan-neighbours,complement-gan",
        "acgan,dada,triple-gan,ec-gan,margin-gan,dpt",
        *(
            f"{strategy}-{generator}".removesuffix("-autoencoder")
            for strategy in ("gan-augment", "fixmatch-generated", "synthetic-only")
            for generator in OF_FEATURES
        ),
    )
)
EVERY = tuple(
    Record(f"every/{name}-2", (data, *extra, "--labels-per-class", "2", *ON_VECTORS[:-1], ON_ALL), 0.3, needs)
    for name, data, extra, needs in (
        ("hands", "{hands}/hands.csv", ("--features", "efficientnet-lite0"), "hands"),
        ("words-topics", "{texts}/words.npz,{texts}/topics.npz", (), "texts"),
    )
)
"""Every strategy that vectors and labels of classes of one size allow, two-stage arms with every generator."""

ROWS = tuple(
    Record(f"vectors/{name}-{n}", (f"{{{name}}}", "--labels-per-class", f"{n}", *ON_VECTORS), 0.1)
    for name in ("digits", "cancer")
    for n in (2, 10)
)
"""scikit-learn's digits as 64 numbers each, and its breast cancer: rows without a picture (`rows`)."""

GENERATORS = "sngan,dcgan,wgan-gp,r3gan,biggan,stylegan2,stylegan2-ada,vae,autoencoder,flow,gaussian"
"""Those that are compared with each other; `gaussian`, which trains nothing, is the floor."""
GENERATING = (
    *("--generators", GENERATORS, "--labels-per-class"),
    *("{labels}", "--seeds", "2", "--image-size", "16", "--batch-size", "32", "--budget", "300"),
)
OF_GENERATORS = tuple(
    Record(
        f"generators/{name}-{equal}",
        (data, *(one.replace("{labels}", labels) for one in GENERATING), "--generator-budget", budget),
        0.4,
        needs,
        "compare-generators",
    )
    for name, data, labels, needs in (
        ("fashion-mini", "fashion-mini", "50", ""),
        ("pneumoniamnist", "{pneumonia}", "200", "pneumonia"),
        ("cifar10", "{drawn}", "200", "cifar10"),
    )
    for equal, budget in (("images", "300"), ("seconds", "30s"))
)
"""Generators at equal images and at equal seconds, at 16 px: a step of most takes several times as long at 28."""
GENERATING_FEATURES = tuple(
    Record(
        f"generators/{name}-features",
        (
            *(data, "--features", "efficientnet-lite0", "--generators", ",".join(OF_FEATURES)),
            *("--labels-per-class", labels, "--seeds", "5", "--budget", "300", "--generator-budget", "300"),
        ),
        0.1,
        needs,
        "compare-generators",
    )
    for name, data, labels, needs in (
        ("hymenoptera", "{hymenoptera}", "5", "hymenoptera"),
        ("hands", "{hands}/hands.csv", "10", "hands"),
    )
)
"""Generators of features of photographs."""

STEP = ("--set", "imbalance=step:10")
"""Half of the classes are rare."""
TAIL = ("--set", "imbalance=exp:100")
AGAINST_IMBALANCE = "augment,oversample,logit-adjust,rotation,sgan-mix,acgan,sgan,dada"
WHOLE = tuple(
    Record(
        f"whole/fashion-{name}",
        (
            *("idx:{fashion}", "--labels-per-class", labels, "--unlabelled", "none", "--flips", "on", *more),
            *("--seeds", seeds, "--budget", "500", "--strategies", arms),
        ),
        0.7,
        "fashion",
    )
    for name, labels, more, seeds, arms in (
        ("step", "480", STEP, "12", AGAINST_IMBALANCE),
        ("tail", "480", TAIL, "10", AGAINST_IMBALANCE),
        ("50", "50", (), "10", "augment,duplicate-real,rotation,sgan-mix,gan-augment,acgan,sgan,dada"),
    )
)
"""Labels alone, drawn a seed from all of Fashion-MNIST, and its 10,000 test images: where the excerpt left GAN arms
ahead, *undecided*, beside two more rivals, one with mixes in the generator's place; and classes of one size."""

ON_CIFAR10 = ("--features", "pixels", "--flips", "on", "--seeds", "5", "--budget", "500", "--strategies")
CIFAR10 = tuple(
    Record(f"cifar10/{name}", ("{cifar10}", "--labels-per-class", labels, *more, *ON_CIFAR10, arms), 0.7, "cifar10")
    for name, labels, more, arms in (
        ("tail", "1000", ("--unlabelled", "none", *TAIL), "augment,rotation,sgan-mix,sgan,dada"),
        ("step", "1000", ("--unlabelled", "none", *STEP), "augment,rotation,sgan-mix,sgan,dada"),
        *((n, n, (), "augment,rotation,fixmatch,fixmatch-mix,sgan,sgan-fixmatch") for n in ("50", "500")),
    )
)
"""CIFAR-10 as pixels, the labels drawn a seed, all test images; in the long tails labels alone, batches balanced."""

RECORDS = (
    Record("demo", (*DEMO, "--seeds", "auto", "--budget", "300"), 0.15),
    Record("matrix/fashion-tail", matrix("fashion-tail"), 0.4),
    Record(
        "unbalanced-tail",
        (*matrix("fashion-tail"), "--strategies", "augment", "--seeds", "3", "--set", "options.augment.balance=off"),
        0.05,
    ),
    Record("matrix/fashion-10", matrix("fashion-10"), 0.5),
    Record("pneumoniamnist", ("{pneumonia}", *FEW), 0.2, "pneumonia"),
    Record("matrix/pneumonia-20", (*matrix("pneumonia-20"), "--set", "data={pneumonia}"), 0.3, "pneumonia"),
    *CIFAR10,
    *(
        Record(f"matrix/{name}", (*matrix(name), "--set", "data={cifar10}"), 0.8, "cifar10")
        for name in ("cifar10-50", "cifar10-500")
    ),
    *PHOTOGRAPHS,
    *HANDS,
    Record("features/fashion-10", ("fashion-mini", "--labels-per-class", "10", *ON_FEATURES), 0.2),
    *FEW_LABELS,
    LONGER,
    LONGER_ON_FEATURES,
    *CLUSTERS,
    Record("matrix/fashion-step", (*matrix("fashion-tail"), *STEP), 0.6),
    *WHOLE,
    *ROWS,
    *CIFAR10_FEATURES,
    *SPEECH,
    *MORE_SPEECH,
    *TEXTS,
    *EVERY,
    *OF_GENERATORS,
    *GENERATING_FEATURES,
    Record("features/pneumonia-20", ("{pneumonia}", "--labels-per-class", "20", *ON_FEATURES), 0.2, "pneumonia"),
)
