"""The converted networks give the numbers of the originals, and only listed models can run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from invigil.domain.observation import TemplateKind
from invigil.vision import cpu, factory
from invigil.vision.factory import build_engine
from invigil.vision.native import KernelsMissing, library
from invigil.vision.registry import REGISTRY, Place, Runtime, Task, load_registry
from invigil.vision.runtime import WEIGHTS, WeightsError, open_session, read_weights

# dlib-bin 20.0.1, face_recognition_model_v1.compute_face_descriptor(pattern(150)), first 16 of 128
DLIB = [
    -0.071893, 0.099573, 0.063831, 0.008535, -0.074830, -0.060177, -0.063069, 0.013777,
    0.079581, -0.014327, 0.210259, -0.038930, -0.259267, -0.010650, -0.011461, 0.087401,
]  # fmt: skip
DLIB_LENGTH = 1.2842535
# @tensorflow/tfjs 4.22.0, CPU backend, the original graph on pattern(256): first 6 of each output
TFJS = {
    "scores_16": [-66.5272, -31.9066, -159.2746, -89.6121, -8.0149, -4.6515],
    "boxes_16": [-3.4780, -7.0218, 32.8555, 32.8365, -20.6314, 0.8529],
    "scores_32": [-4.3922, -7.0941, -14.4891, -17.4450, -21.7957, -14.1088],
    "boxes_32": [14.3667, 14.9650, 83.9743, 83.9621, -7.7986, -3.8497],
}
# The same, on pattern(224) less the mean colours, blue first: some of the 1,024 features
FACERES = {
    7: 0.661,
    125: 1.3359,
    160: 3.5328,
    198: 3.8234,
    444: 0.2587,
    450: 0.9429,
    495: 1.3818,
    529: 3.2666,
}
FACERES_LENGTH = 8.423907


def pattern(side: int) -> NDArray[np.uint8]:
    """A picture that any language can make."""
    y, x = np.mgrid[:side, :side]
    planes = ((x * 3 + y) % 256, (x + y * 2) % 256, (x * y // 7) % 256)
    return np.stack(planes, axis=-1).astype(np.uint8)


def test_the_embedder_gives_the_numbers_of_dlib() -> None:
    session = open_session(load_registry().model_for(Task.EMBEDDER))
    (features,) = session.run(["features"], {"chip": pattern(150)[None]})
    assert features[0, :16] == pytest.approx(DLIB, abs=2e-6)
    assert np.linalg.norm(features[0]) == pytest.approx(DLIB_LENGTH, abs=2e-6)


def test_the_detector_gives_the_numbers_of_tensorflow_js() -> None:
    session = open_session(load_registry().model_for(Task.DETECTOR))
    outputs = session.run(list(TFJS), {"image": pattern(256)[None]})
    for output, expected in zip(outputs, TFJS.values(), strict=True):
        assert output.ravel()[:6] == pytest.approx(expected, abs=1e-3)


def test_the_second_network_gives_the_numbers_of_tensorflow_js() -> None:
    second = load_registry().engines["default"].second
    assert second is not None
    (features,) = open_session(second).run(["features"], {"chip": pattern(224)[None]})
    assert features.shape == (1, 1024)
    assert {at: float(features[0, at]) for at in FACERES} == pytest.approx(FACERES, abs=1e-4)
    assert np.linalg.norm(features[0]) == pytest.approx(FACERES_LENGTH, abs=1e-5)


def test_a_batch_gives_what_single_pictures_give() -> None:
    session = open_session(load_registry().model_for(Task.EMBEDDER))
    chips = np.stack([pattern(150), 255 - pattern(150)])
    (both,) = session.run(["features"], {"chip": chips})
    (second,) = session.run(["features"], {"chip": chips[1:]})
    assert both[1] == pytest.approx(second[0], abs=1e-5)


def test_every_model_says_where_it_comes_from() -> None:
    for model in load_registry().models:
        assert model.licence
        assert model.licence_note
        assert model.package_version or model.place is Place.DOWNLOAD
        assert all(len(source.sha256) == 64 for source in model.sources)
        if model.place is Place.PACKAGE:
            assert read_weights(model)
    assert len({model.task for model in load_registry().models}) == len(Task)


def test_every_embedder_says_for_which_error_its_thresholds_were_set() -> None:
    for model in load_registry().models:
        if model.task is Task.EMBEDDER:
            assert set(model.comparison) == set(TemplateKind)
            for thresholds in model.comparison.values():
                assert thresholds.fmr or thresholds.measured.startswith("not measured")
        else:
            assert not model.comparison


def test_names_are_given_once() -> None:
    names = [model.name for model in load_registry().models]
    assert len(set(names)) == len(names)


def test_only_listed_weights_are_carried() -> None:
    carried = {path.name for path in WEIGHTS.iterdir()}
    listed = {m.weights for m in load_registry().models if m.place is Place.PACKAGE}
    assert carried == listed
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 40_000_000


@pytest.mark.parametrize("here", [True, False])
def test_the_processor_decides_on_the_models(monkeypatch: pytest.MonkeyPatch, here: bool) -> None:
    if here and not cpu.runs_kernels():
        pytest.skip("the compiled networks are not for this processor")
    monkeypatch.setattr(factory, "has_kernels", lambda: here)
    expected = load_registry().engines["default"]
    place = 0 if here else -1
    assert build_engine().models == (
        expected.detectors[place].name,
        expected.embedders[place].name,
        expected.second and expected.second.name,
    )


def test_a_file_that_is_no_library_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    other.write_bytes(b"no library")
    with pytest.raises(KernelsMissing, match=r"other\.so"):
        library(other)
    with pytest.raises(KernelsMissing, match=r"missing\.so"):
        library(tmp_path / "missing.so")


def test_every_engine_has_models_for_every_processor() -> None:
    for engine in load_registry().engines.values():
        for models in (engine.detectors, engine.embedders):
            assert models[-1].runtime is Runtime.ONNXRUNTIME


def test_a_lost_library_is_said_and_costs_nothing_but_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost() -> object:
        raise KernelsMissing("x86_64-linux.so cannot be used: no such file")

    monkeypatch.setattr(cpu, "runs_kernels", lambda: True)
    monkeypatch.setattr(factory, "library", lost)
    factory.missing_kernels.cache_clear()
    try:
        assert "no such file" in factory.missing_kernels()
        assert build_engine().models[1] == load_registry().model_for(Task.EMBEDDER).name
    finally:
        factory.missing_kernels.cache_clear()


@pytest.mark.parametrize(
    ("missing", "expected"), [("", True), ("avx512_vnni", False), ("avx512vl", False)]
)
def test_the_processor_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, expected: bool
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    flags = "fpu abm fma avx2 f16c bmi1 bmi2 movbe "
    flags += "avx512f avx512dq avx512cd avx512bw avx512vl avx512_vnni"
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor : 0\nflags\t\t: {flags.replace(missing or ' ', ' ')}\n")
    assert cpu.runs_kernels(file) is expected
    assert cpu.runs_kernels(tmp_path / "missing") is False


@pytest.mark.parametrize("height", [160, 192])
def test_a_lower_picture_gives_the_numbers_of_the_original_too(height: int) -> None:
    model = load_registry().model_for(Task.DETECTOR)
    fixed = open_session(model, fixed={"batch": 1, "height": height})
    free = open_session(model)
    image = pattern(256)[None, :height]
    for one, other in zip(
        fixed.run(list(TFJS), {"image": image}), free.run(list(TFJS), {"image": image}), strict=True
    ):
        assert np.abs(one - other).max() < 1e-5 * np.abs(other).max()


@pytest.mark.parametrize("name", ["yunet", "yunet-sface"])
def test_missing_downloads_are_named_with_the_command(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=f"invigil models pull {name}"):
        build_engine(name, folder=tmp_path)


def test_the_missing_extra_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "find_spec", lambda _: None)
    with pytest.raises(WeightsError, match="uv sync --extra dlib"):
        build_engine("dlib")


def test_a_model_with_another_task_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "registry.toml"
    changed.write_text(REGISTRY.read_text().replace('task = "embedder"', 'task = "emotion"'))
    with pytest.raises(ValueError, match="emotion"):
        load_registry(changed)


def test_crossed_thresholds_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "registry.toml"
    changed.write_text(REGISTRY.read_text().replace("mismatch = 0.569\n", "mismatch = 0.65\n"))
    with pytest.raises(ValueError, match=r"comparison\.reference"):
        load_registry(changed)


def test_missing_or_changed_weights_are_named(tmp_path: Path) -> None:
    model = load_registry().model_for(Task.DETECTOR)
    with pytest.raises(WeightsError, match="Install the package again"):
        read_weights(model, tmp_path)
    shutil.copy(WEIGHTS / model.weights, tmp_path)
    with (tmp_path / model.weights).open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsError, match=r"not the file that registry\.toml names"):
        read_weights(model, tmp_path)
