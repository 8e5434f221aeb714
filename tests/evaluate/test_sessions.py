"""Sittings in virtual time: what is drawn, judged and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from invigil.domain.incident import IncidentKind
from invigil.evaluate import play
from invigil.evaluate.generate import HAPPENINGS, generate
from invigil.evaluate.play import Opened, Played, Player
from invigil.evaluate.render import HEIGHT, WIDTH, Renderer
from invigil.evaluate.reports import sessions_page
from invigil.evaluate.results import sessions_numbers
from invigil.evaluate.script import (
    Act,
    Cast,
    Scene,
    Script,
    Seated,
    Truth,
    read_scripts,
    write_script,
)
from invigil.evaluate.sessions import evaluate_sessions, plain_name, summarise
from invigil.evaluate.stats import Rate
from invigil.evaluate.tables import BadInput
from invigil.services import check_in_steps
from invigil.vision.port import VisionEngine
from tests.evaluate.data import ColourEngine, write_portraits
from tests.support import pictures

SWAP, SECOND, GONE = (
    IncidentKind.DIFFERENT_PERSON,
    IncidentKind.MULTIPLE_FACES,
    IncidentKind.NO_FACE,
)
_FACE = (20.0, 20.0, 60.0, 60.0)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Red sits there; at 100 s blue does, at 200 s both, at 300 s nobody, each for 40 s."""
    for name, colour in (("red", ColourEngine.RED), ("blue", ColourEngine.BLUE)):
        Image.new("RGB", (100, 100), colour).save(tmp_path / f"{name}.png")
    red, blue = Cast("red.png", _FACE), Cast("blue.png", _FACE)
    me = Seated(red, 0.5, 0.5, 0.3)
    clean = Scene(blur=0.0, noise=0.0)
    return Script(
        name="one",
        seed=7,
        images=str(tmp_path),
        duration_s=400,
        reference=red,
        check_in="sits",
        scenes={
            "sits": replace(clean, people=(me,)),
            "swap 1": replace(clean, people=(replace(me, cast=blue),)),
            "second person 2": replace(
                clean, people=(replace(me, x=0.25), Seated(blue, 0.75, 0.5, 0.3))
            ),
            "leaves 3": clean,
        },
        acts=(
            Act(0, "sits"),
            Act(100, "swap 1"),
            Act(140, "sits"),
            Act(200, "second person 2"),
            Act(240, "sits"),
            Act(300, "leaves 3"),
            Act(340, "sits"),
        ),
        truths=(Truth(SWAP, 100, 140), Truth(SECOND, 200, 240), Truth(GONE, 300, 340)),
    )


def test_everything_is_found_at_the_real_pace(script: Script) -> None:
    result = evaluate_sessions([script], ColourEngine(), latency_s=0.1)
    assert result.false == []
    (swap,) = result.delays(SWAP)
    # Within the first interval comes the first frame, then one more at once.
    assert 0.2 <= swap <= 5.5
    (second,) = result.delays(SECOND)
    # Then two more in a burst.
    assert 1.0 <= second <= 6.2
    (gone,) = result.delays(GONE)
    assert 6.0 <= gone <= 11.7
    # About one frame in five seconds, and some bursts.
    assert 80 < result.frames < 130
    assert result.looks < result.frames


def test_the_phase_of_sampling_decides_about_the_delay(script: Script) -> None:
    scripts = [replace(script, name=f"s{n}", seed=n) for n in range(12)]
    delays = evaluate_sessions(scripts, ColourEngine(), latency_s=0.0).delays(SWAP)
    assert len(delays) == 12
    assert delays[0] < 3 < delays[-1]
    slower = [replace(each, sampling_s=10) for each in scripts]
    assert max(evaluate_sessions(slower, ColourEngine(), latency_s=0.0).delays(SWAP)) > delays[-1]


def test_latency_comes_on_top(script: Script) -> None:
    near, far = (
        evaluate_sessions([script], ColourEngine(), latency_s=latency).delays(SWAP)[0]
        for latency in (0.0, 1.0)
    )
    assert far == pytest.approx(near + 1.0)


def test_the_same_script_gives_the_same_result(script: Script) -> None:
    first = Player(ColourEngine(), timedelta()).play(script)
    assert Player(ColourEngine(), timedelta()).play(script) == first


def test_check_in_is_that_of_the_product() -> None:
    assert play.CHECK_IN_FRAMES == check_in_steps.NEEDED_FRAMES


def test_who_shows_no_usable_face_is_counted_and_not_simulated(script: Script) -> None:
    result = evaluate_sessions(
        [script, replace(script, name="dark", check_in="leaves 3")], ColourEngine()
    )
    assert result.not_acquired == ["dark"]
    assert result.hours == pytest.approx(400 / 3600)
    assert "dark" in sessions_page(result, [])


def test_a_doubt_at_check_in_goes_to_a_proctor(script: Script) -> None:
    result = evaluate_sessions([replace(script, check_in="swap 1")], ColourEngine())
    assert result.to_proctor == Rate(1, 1)


def _played(script: Script, *opened: Opened) -> Played:
    return Played(script, list(opened), outcomes={"sits": Counter(match=9)})


def test_incidents_without_a_cause_are_false_and_counted_by_scene(script: Script) -> None:
    result = summarise(
        [
            _played(
                script,
                Opened(SWAP, 101, 103, "swap 1"),
                Opened(SWAP, 125, 127, "swap 1"),  # closed too early and opened again
                Opened(SWAP, 205, 207, "second person 2"),  # not what happened then
                Opened(SECOND, 50, 52, "sits"),
            )
        ]
    )
    assert result.delays(SWAP) == [3]
    assert result.repeats == 1
    assert result.missed(SECOND) == Rate(1, 1)
    assert {(each.opened.kind, each.opened.started_s) for each in result.false} == {
        (SWAP, 205),
        (SECOND, 50),
    }
    assert result.false_by_scene() == {SWAP: {"second person": 1}, SECOND: {"sits": 1}}
    numbers = sessions_numbers(result)
    assert numbers["swaps"] == 1
    assert numbers["missed_swaps"] == 0
    assert numbers["swap_delay_median_s"] == 3
    assert numbers["swap_delay_max_s"] == 3
    assert numbers["false_incidents_per_hour"] == {
        "different_person": pytest.approx(9),
        "multiple_faces": pytest.approx(9),
        "no_face": 0,
        "not_recognised": 0,
    }
    assert "swap_delay_median_s_ci" in numbers


def test_a_swap_of_which_only_the_doubt_is_reported_is_missed_but_noted(script: Script) -> None:
    doubt = IncidentKind.NOT_RECOGNISED
    result = summarise(
        [_played(script, Opened(doubt, 102, 130, "swap 1"), Opened(doubt, 20, 50, "sits"))]
    )
    assert result.missed(SWAP) == Rate(1, 1)
    assert [each.noted_s for each in result.noted] == [30]
    assert result.false_of(doubt) == 1
    numbers = sessions_numbers(result)
    assert numbers["missed_swaps_not_recognised"] == 1
    assert (numbers["untold_swaps"], numbers["swap_told_max_s"]) == (0, 30)
    assert "not recognised" in sessions_page(result, [])


def test_a_swap_is_told_as_soon_as_either_is_reported(script: Script) -> None:
    doubt = IncidentKind.NOT_RECOGNISED
    first, later = Opened(doubt, 102, 106, "swap 1"), Opened(SWAP, 110, 112, "swap 1")
    untold, told = (summarise([_played(script, *seen)]) for seen in ((), (first, later)))
    assert (untold.swaps_untold, untold.swaps_told, untold.median_told) == (Rate(1, 1), [], None)
    assert (told.swaps_untold, told.swaps_told, told.median_told) == (Rate(0, 1), [6], 6)
    assert told.delays(SWAP) == [12]
    numbers = sessions_numbers(told)
    assert numbers["swap_told_median_s"] == numbers["swap_told_max_s"] == 6
    assert sessions_numbers(untold)["untold_swaps"] == 1
    assert "told in either way" in sessions_page(told, [])


def test_what_opens_after_the_end_came_too_late(script: Script) -> None:
    result = summarise([_played(script, Opened(SWAP, 139, 144, "sits"))])
    assert result.missed(SWAP) == Rate(1, 1)
    assert len(result.false) == 1


@pytest.mark.parametrize(
    ("scene", "name"), [("swap 3", "swap"), ("sits", "sits"), ("far away 12", "far away")]
)
def test_scenes_are_counted_without_their_number(scene: str, name: str) -> None:
    assert plain_name(scene) == name


# Scripts on disk --------------------------------------------------------------------------------


def test_a_script_survives_the_disk(script: Script, tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    write_script(replace(script, images=".."), folder)
    assert read_scripts(folder) == [replace(script, images=str(tmp_path.resolve()))]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"acts": (Act(0, "elsewhere"),)}, "does not describe: elsewhere"),
        ({"acts": (Act(5, "sits"),)}, "begin at 0"),
        ({"acts": (Act(0, "sits"), Act(0, "leaves 3"))}, "in order"),
        ({"sampling_s": 0.0}, "above 0"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused(
    script: Script, tmp_path: Path, change: dict[str, object], says: str
) -> None:
    write_script(replace(script, **change), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=says):
        read_scripts(tmp_path)


def test_what_is_no_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no session scripts"):
        read_scripts(tmp_path)
    (tmp_path / "odd.json").write_text('{"name": 3}')
    with pytest.raises(BadInput, match=r"odd\.json is no session script"):
        read_scripts(tmp_path)


# Frames -----------------------------------------------------------------------------------------


def test_frames_are_the_same_on_every_run(script: Script) -> None:
    first, again = Renderer(script), Renderer(script)
    assert first.frame("sits", 1, 0) == again.frame("sits", 1, 0)
    assert first.frame("sits", 1, 0) != first.frame("sits", 2, 0)
    noisy = replace(script, scenes={**script.scenes, "sits": Scene(noise=3.0)})
    assert Renderer(noisy).frame("sits", 1, 0) != Renderer(noisy).frame("sits", 1, 1)


def test_a_picture_that_is_gone_is_named(script: Script, tmp_path: Path) -> None:
    gone = replace(script, images=str(tmp_path / "elsewhere"))
    with pytest.raises(BadInput, match=r"red\.png"):
        Renderer(gone).frame("sits", 0, 0)


def test_light_hands_and_distance_show(script: Script) -> None:
    def mean(scene: Scene) -> float:
        frame = Renderer(replace(script, scenes={"sits": scene})).frame("sits", 0, 0)
        grey = pictures.opened(frame).convert("L").histogram()
        return sum(value * count for value, count in enumerate(grey)) / sum(grey)

    sits = script.scenes["sits"]
    assert mean(replace(sits, gain=0.05)) < 12 < mean(sits)
    assert mean(replace(sits, people=())) > mean(sits)  # the wall is lighter than red
    for change in ({"hand": 0.5}, {"smear": 15}, {"blur": 3.0}, {"side_light": 1.0}):
        changed = Renderer(replace(script, scenes={"sits": replace(sits, **change)}))
        assert changed.frame("sits", 0, 0) != Renderer(script).frame("sits", 0, 0)


# The generator, with the real engine --------------------------------------------------------------


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_portraits(tmp_path_factory.mktemp("portraits"))


def minute(
    script: Script, images: Path, scene: str, kind: IncidentKind, *, postures: int = 1
) -> Script:
    """Of `script`: half a minute of sitting there, and half a minute of `scene`."""
    return replace(
        script,
        images=str(images),
        duration_s=60,
        postures=postures,
        jitters=1,
        acts=(Act(0, "sits 1"), Act(30, scene)),
        truths=(Truth(kind, 30, 60),),
    )


def test_scripts_are_made_from_portraits(
    portraits: Path, tmp_path: Path, engine: VisionEngine
) -> None:
    made = generate(portraits, tmp_path, engine, hours=3, seed=5)
    assert [script.name for script in made] == ["sitting-0001", "sitting-0002", "sitting-0003"]
    assert generate(portraits, tmp_path, engine, hours=3, seed=5) == made
    for script in made:
        own = script.reference.image.split("_")[0]
        sitting = script.scenes["sits 1"].people[0].cast.image
        assert sitting.startswith(own)
        assert sitting != script.reference.image
        assert len(script.acts) == 1 + 2 * len(HAPPENINGS)
        assert len([truth for truth in script.truths if truth.kind is SWAP]) == 2
        for truth in script.truths:
            act = next(act for act in script.acts if act.from_s == truth.from_s)
            if truth.kind is SWAP:
                assert not script.scenes[act.scene].people[0].cast.image.startswith(own)
    assert list(tmp_path.iterdir()) == []  # nothing is copied


def test_further_looks_take_turns(portraits: Path, tmp_path: Path, engine: VisionEngine) -> None:
    (script,) = generate(portraits, tmp_path, engine, hours=1, seed=1, looks=2)
    assert {act.scene for act in script.acts if act.scene.startswith("sits")} == {
        "sits 1",
        "sits 2",
    }
    assert script.reference.image.startswith("Obama")  # nobody else has three pictures


def test_a_second_person_who_is_half_in_the_picture_is_seen_by_the_real_engine(
    portraits: Path, tmp_path: Path, engine: VisionEngine
) -> None:
    kind = IncidentKind.MULTIPLE_FACES
    (whole,) = generate(portraits, tmp_path, engine, hours=1, seed=3)
    (half,) = generate(portraits, tmp_path, engine, hours=1, seed=3, second_visible=0.6)
    (truth,) = (truth for truth in whole.truths if truth.kind is kind)
    scene = next(act.scene for act in whole.acts if act.from_s == truth.from_s)
    assert {name for name in whole.scenes if whole.scenes[name] != half.scenes[name]} == {scene}
    other, own = half.scenes[scene].people
    assert own == whole.scenes[scene].people[1]
    face = other.size * HEIGHT
    assert WIDTH - (other.x * WIDTH - face / 2) == pytest.approx(0.6 * face)
    result = evaluate_sessions([minute(half, portraits, scene, kind, postures=2)], engine)
    assert result.missed(kind) == Rate(0, 1)
    assert result.false == []


def test_too_few_pictures_are_refused(
    portraits: Path, tmp_path: Path, engine: VisionEngine
) -> None:
    with pytest.raises(BadInput, match="nobody with 9 pictures"):
        generate(portraits, tmp_path, engine, hours=1, seed=1, looks=8)
    with pytest.raises(BadInput, match="two people or more"):
        generate(tmp_path, tmp_path, engine, hours=1, seed=1)


def test_a_swap_is_seen_by_the_real_engine(
    portraits: Path, tmp_path: Path, engine: VisionEngine
) -> None:
    (script,) = generate(portraits, tmp_path, engine, hours=1, seed=2)
    swap = next(truth for truth in script.truths if truth.kind is SWAP)
    scene = next(act.scene for act in script.acts if act.from_s == swap.from_s)
    result = evaluate_sessions([minute(script, portraits, scene, SWAP)], engine)
    assert result.missed(SWAP) == Rate(0, 1)
    assert result.false == []
