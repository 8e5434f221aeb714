"""Recent observations + policy + now to incident changes. Pure; one file per rule."""

from invigil.rules.camera_lost import Presence, judge_silence
from invigil.rules.frame_replayed import judge_replay
from invigil.rules.judge import SEEN_ON_FRAMES, judge

__all__ = ["SEEN_ON_FRAMES", "Presence", "judge", "judge_replay", "judge_silence"]
