"""Sound files as pictures: the formula by another way, what is settled from a set, and files that can't be used."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganlift.data import Reading, load
from ganlift.data.decode import hear, read_file
from ganlift.data.file_findings import about_files
from ganlift.data.reading import Sound
from ganlift.data.sound import fitted, is_sound, mel_bands, picture, settle_sound
from ganlift.data.types import SoundSet
from ganlift.errors import ConfigError, DataError

soundfile = pytest.importorskip("soundfile")
RATE = 8000


def tone(hertz: float, seconds: float = 0.5, level: float = 0.5, rate: int = RATE) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def test_the_picture_is_that_of_another_short_time_transform() -> None:
    """A fast transform of each window of 200 samples, 80 apart; bands by interpolation, 1.5 windows a column."""
    sound, size = Sound(RATE, 0.5), 32
    wave = tone(440) + 0.1 * tone(1800) + 0.01 * np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(200) / 200)
    low, high = (2595 * np.log10(1 + one / 700) for one in (20, 4000))
    edges = 700 * (10 ** (np.linspace(low, high, size + 2) / 2595) - 1)
    points = 1 << int(np.ceil(np.log2(2 * RATE / (edges[1] - edges[0]))))
    power = np.stack([np.abs(np.fft.rfft(wave[80 * t : 80 * t + 200] * hann, points)) ** 2 for t in range(48)], 1)
    frequencies = np.fft.rfftfreq(points, 1 / RATE)
    bands = np.array([np.interp(frequencies, edges[k : k + 3], [0, 1, 0]) for k in range(size)])
    shares = [[max(0, min(t + 1, 1.5 * k + 1.5) - max(t, 1.5 * k)) / 1.5 for k in range(size)] for t in range(48)]
    found = bands[::-1] @ power @ np.array(shares)
    wanted = 255 * np.clip(1 + 10 * np.log10(found / found.max()) / 80, 0, 1)
    assert np.abs(picture(wave, sound, size).astype(float) - wanted).max() <= 1


def test_a_tone_lies_in_its_band_and_level_changes_nothing() -> None:
    shown = picture(tone(1000), Sound(RATE, 0.5), 32)
    edges = 700 * (10 ** (np.linspace(31.7, 2146.1, 34) / 2595) - 1)
    assert 31 - int(shown.mean(1).argmax()) == int(np.abs(edges[1:-1] - 1000).argmin())
    assert (picture(tone(1000, level=0.05), Sound(RATE, 0.5), 32) == shown).all()
    assert not picture(np.zeros(4000, np.float32), Sound(RATE, 0.5), 32).any()


@pytest.mark.parametrize(("rate", "bands"), [(8000, 32), (16000, 64), (8000, 224)])
def test_no_band_is_empty(rate: int, bands: int) -> None:
    from ganlift.data.sound import front

    assert (front(Sound(rate, 1.0), bands).mel.max(1) > 0.4).all()
    assert mel_bands(rate, 1024, 8).max() <= 1


def test_clips_are_cut_to_their_middle_or_padded_alike() -> None:
    assert fitted(np.arange(7, dtype=np.float32), 3).tolist() == [2, 3, 4]
    assert fitted(np.ones(2, np.float32), 5).tolist() == [0, 1, 1, 0, 0]


def test_rate_and_length_are_found_from_all_clips(tmp_path: Path) -> None:
    for place, (rate, seconds) in enumerate([(RATE, 0.4)] * 18 + [(RATE, 0.8), (44_100, 3.0)]):
        soundfile.write(tmp_path / f"{place:02d}.wav", tone(500, seconds, rate=rate), rate)
    paths = sorted(tmp_path.iterdir())
    sound, guesses = settle_sound(paths, Reading())
    assert sound == Sound(RATE, 0.8)
    assert [guess.taken for guess in guesses] == [
        "8,000 Hz (2 rates between 8,000 and 44,100 Hz)",
        "0.8 s of clips of 0.4 to 3 s; of 1 longer ones the loudest stretch",
    ]
    assert settle_sound(paths, Reading(rate=16_000, seconds=0.25))[0] == Sound(16_000, 0.25)


def test_a_clip_is_the_same_from_every_container_and_rate(tmp_path: Path) -> None:
    sound, pictures = Sound(RATE, 0.5), {}
    for suffix in (".wav", ".flac", ".ogg"):
        soundfile.write(tmp_path / f"a{suffix}", tone(600), RATE)
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone(600), tone(600)], 1), RATE)
    soundfile.write(tmp_path / "fast.wav", tone(600, rate=48_000), 48_000)
    for path in tmp_path.iterdir():
        image, facts = read_file(path, Reading(sound=sound, image_size=32))
        assert image is not None
        assert facts.fault == ""
        pictures[path.name] = image[8:, 2:-2, 0].astype(float)  # without the edges in time, where a resampler rings
    exact = pictures["a.wav"]
    assert np.abs(pictures["a.flac"] - exact).max() <= 2  # the last bit of 16
    assert (pictures["stereo.wav"] == exact).all()
    loud = exact > 130
    assert np.abs(pictures["fast.wav"] - exact)[loud].max() < 8
    assert np.abs(pictures["a.ogg"] - exact)[loud].mean() < 12


def folder_of_clips(folder: Path) -> Path:
    for name, hertz in (("low", 300.0), ("high", 1500.0)):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            soundfile.write(folder / name / f"{number}.wav", tone(hertz + 20 * number), RATE)
    return folder


def test_files_that_cannot_be_used_are_left_out_by_name(tmp_path: Path) -> None:
    folder = folder_of_clips(tmp_path / "clips")
    (folder / "low" / "empty.wav").touch()
    (folder / "low" / "broken.mp3").write_bytes(b"no sound at all" * 9)
    soundfile.write(folder / "high" / "no-samples.wav", np.zeros(0, np.float32), RATE)
    whole = (folder / "high" / "0.wav").read_bytes()
    (folder / "high" / "cut-off.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "high" / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    clips = load(str(folder))
    assert isinstance(clips, SoundSet)
    assert (len(clips), clips.size, clips.channels, clips.flips) == (12, 32, 1, False)
    left = {str(file.path): file.fault for file in clips.files if file.fault}
    assert left == {
        "low/empty.wav": "empty-file",
        "low/broken.mp3": "unreadable",
        "high/no-samples.wav": "empty-file",
        "high/cut-off.wav": "truncated",
        "high/cover.png": "other-file",
    }


def test_options_of_images_and_of_sound_are_kept_apart(tmp_path: Path) -> None:
    folder = folder_of_clips(tmp_path / "clips")
    with pytest.raises(DataError, match=r"--flips is about images, and .* has sound; leave it out"):
        load(str(folder), Reading(flips="on"))
    with pytest.raises(DataError, match="--seconds is about sound, and digits has images; leave it out"):
        load("digits", Reading(seconds=1.0))
    assert hear(folder / "low" / "0.wav", Reading())[1].fault == "not-an-image"
    assert is_sound(Path("A.WAV"))


def test_without_the_library_it_says_how_to_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of_clips(tmp_path / "clips")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[audio\]'"):
        load(str(folder))


def test_a_longer_clip_gives_its_loudest_stretch(tmp_path: Path) -> None:
    wave = np.concatenate([0.01 * tone(300, 0.6), tone(900, 0.5), np.zeros(RATE, np.float32)])
    soundfile.write(tmp_path / "long.wav", wave, RATE)
    heard, facts = hear(tmp_path / "long.wav", Reading(sound=Sound(RATE, 0.5)))
    assert heard is not None
    assert facts.seconds == pytest.approx(2.1)
    assert float(np.square(heard).mean()) == pytest.approx(0.125, rel=0.15)  # a sine of 0.5 throughout


FORMATS = ("WAV", "FLAC", "OGG", "MP3", "AIFF")


@pytest.mark.parametrize("suffix", ["", ".wav", ".bin", ".png"])
def test_sound_is_told_by_its_first_bytes(tmp_path: Path, suffix: str) -> None:
    for name, hertz in (("low", 300.0), ("high", 1500.0)):
        (tmp_path / name).mkdir()
        for form in FORMATS:
            soundfile.write(tmp_path / name / f"{form}{suffix}", tone(hertz), RATE, format=form)
    Image.fromarray(np.eye(16, dtype=np.uint8)).save(tmp_path / "low" / "cover.wav", "PNG")
    (tmp_path / "low" / "notes").write_text("Hz", encoding="utf-16")  # begins with FF FE
    clips = load(str(tmp_path))
    assert isinstance(clips, SoundSet)
    assert len(clips) == 10
    left = {str(file.path): file.fault for file in clips.files if file.fault}
    assert left == {"low/notes": "other-file", "low/cover.wav": "other-file"}
    misnamed = [one.count for one in about_files(clips.files) if one.code == "wrong-suffix"]
    assert misnamed == {".wav": [8], ".png": [10]}.get(suffix, [])


def test_an_image_named_as_sound_is_one_and_a_film_in_ogg_is_no_sound(tmp_path: Path) -> None:
    Image.fromarray(np.eye(16, dtype=np.uint8)).save(tmp_path / "a.wav", "PNG")
    image, facts = read_file(tmp_path / "a.wav", Reading(image_size=16))
    assert image is not None
    assert facts.format == "PNG"
    page = b"OggS\x00\x02" + bytes(20) + b"\x01\x2a"
    for packet, sound in ((b"\x80theora", False), (b"\x01vorbis", True), (b"OpusHead", True)):
        (tmp_path / "b").write_bytes(page + packet + bytes(20))
        assert is_sound(tmp_path / "b") == sound


def test_numbered_clips_of_speakers_are_no_frames_of_films(tmp_path: Path) -> None:
    for name, hertz in (("low", 300.0), ("high", 1500.0)):
        for speaker in ("ann", "bob"):
            (tmp_path / name / speaker).mkdir(parents=True)
            for number in range(4):
                soundfile.write(tmp_path / name / speaker / f"{number}.wav", tone(hertz + number), RATE)
    clips = load(str(tmp_path))
    assert isinstance(clips, SoundSet)
    assert len(clips) == 16


def test_a_table_may_leave_out_the_suffix_of_sound(tmp_path: Path) -> None:
    folder_of_clips(tmp_path / "clips")
    lines = [f"clips/{name}/{number},{name}" for name in ("low", "high") for number in range(6)]
    (tmp_path / "t.csv").write_text("\n".join(["path,label", *lines]))
    assert len(load(str(tmp_path / "t.csv"))) == 12
