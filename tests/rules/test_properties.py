"""What holds for every film: hypothesis writes the scripts, `Film` checks each change."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from invigil.domain.changes import Open
from invigil.domain.incident import IncidentKind, ObservationRecord
from invigil.domain.observation import Identity, Unusable
from invigil.domain.session import Policy
from invigil.rules import judge

from .film import ME, POLICY, STRANGER, Film, Shot, at

shots = st.one_of(
    st.sampled_from([ME, STRANGER, Shot(face_count=2), Shot(0, Unusable.NO_FACE)]),
    st.builds(
        Shot,
        face_count=st.integers(0, 4),
        unusable=st.none() | st.sampled_from(Unusable),
        identity=st.sampled_from(Identity),
        clear=st.booleans(),
    ),
)
unusable_shots = st.builds(
    Shot,
    face_count=st.integers(0, 4),
    unusable=st.sampled_from(sorted(set(Unusable) - {Unusable.SEVERAL_FACES})),
    identity=st.sampled_from(Identity),
)
# None: as asked by the server. Scenes make runs likely, which single random frames do not.
gaps = st.none() | st.floats(0, 20).map(lambda seconds: round(seconds, 1))
scenes = st.tuples(shots, st.integers(1, 8), gaps)
scripts = st.lists(scenes, min_size=1, max_size=12)
policies = st.builds(
    Policy,
    sampling=st.integers(1, 60).map(lambda seconds: timedelta(seconds=seconds)),
    burst=st.sampled_from([timedelta(milliseconds=ms) for ms in (250, 500, 2000)]),
    open_frames=st.integers(1, 5),
    open_span=st.integers(0, 4).map(lambda seconds: timedelta(seconds=seconds)),
    close_frames=st.integers(1, 5),
    close_span=st.integers(0, 4).map(lambda seconds: timedelta(seconds=seconds)),
)


def play(script: list[tuple[Shot, int, float | None]], policy: Policy = POLICY) -> Film:
    film = Film(policy)
    for shot, count, gap in script:
        film.shoot(*[shot] * count, every=gap)
    return film


@given(scripts, policies)
def test_incidents_are_sound(script: list[tuple[Shot, int, float | None]], policy: Policy) -> None:
    """`Film` refuses a second open one of a kind, and changes to what is not open."""
    film = play(script, policy)
    for kind in IncidentKind:
        incidents = film.of(kind)
        for each in incidents:
            assert each.ended_at is None or each.started_at < each.ended_at
        for earlier, later in pairwise(incidents):
            assert earlier.ended_at is not None
            assert earlier.ended_at <= later.started_at


@given(scripts, policies)
def test_every_interval_lies_between_burst_and_sampling(
    script: list[tuple[Shot, int, float | None]], policy: Policy
) -> None:
    shortest = min(policy.first_look, policy.burst, policy.sampling)
    for ruling in play(script, policy).rulings:
        assert shortest <= ruling.next_frame <= policy.sampling


@given(scripts, policies)
def test_warnings_do_not_repeat_and_opening_shows_the_newest_frame(
    script: list[tuple[Shot, int, float | None]], policy: Policy
) -> None:
    film = play(script, policy)
    for ruling, newest in zip(film.rulings, film.records, strict=True):
        assert len(set(ruling.warnings)) == len(ruling.warnings)
        for change in ruling.changes:
            if isinstance(change, Open):
                assert change.with_image
                assert change.started_at <= newest.received_at
                assert _shows(change.kind, newest)


@given(scripts, st.data())
def test_order_and_duplicates_of_recent_do_not_matter(
    script: list[tuple[Shot, int, float | None]], data: st.DataObject
) -> None:
    film = play(script)
    extra = data.draw(st.lists(st.sampled_from(film.records), max_size=10))
    mixed = data.draw(st.permutations([*film.records, *extra]))
    now = at(film.seconds)
    assert judge(POLICY, now, mixed, film.open) == judge(POLICY, now, film.records, film.open)


@given(st.lists(gaps, min_size=1, max_size=60), policies)
def test_the_right_person_alone_never_opens_anything(
    rhythm: list[float | None], policy: Policy
) -> None:
    film = play([(ME, 1, gap) for gap in rhythm], policy)
    assert film.incidents == []
    assert {ruling.next_frame for ruling in film.rulings} == {policy.sampling}
    assert {ruling.warnings for ruling in film.rulings} == {()}


@given(st.lists(st.tuples(unusable_shots, st.integers(1, 8), gaps), min_size=1), policies)
def test_unusable_frames_alone_never_speak_of_a_different_person(
    script: list[tuple[Shot, int, float | None]], policy: Policy
) -> None:
    assert play(script, policy).of(IncidentKind.DIFFERENT_PERSON) == []


def _shows(kind: IncidentKind, frame: ObservationRecord) -> bool:
    match kind:
        case IncidentKind.MULTIPLE_FACES:
            return frame.face_count > 1
        case IncidentKind.DIFFERENT_PERSON:
            return frame.identity is Identity.MISMATCH and frame.unusable in {
                None,
                Unusable.SEVERAL_FACES,
            }
        case IncidentKind.NOT_RECOGNISED:
            return frame.face_count > 0 and frame.identity is not Identity.MATCH
        case IncidentKind.NO_FACE:
            return frame.face_count == 0 and frame.unusable is Unusable.NO_FACE
    return False
