/** Usual reasons of decisions. They depend on what was seen, as a reason that fits another kind is untrue. */
import type { Decision, IncidentKind } from "./api/types";

type Reasons = Record<Decision, readonly string[]>;

const NOT_SEEN = "The cause cannot be seen";

/** Of one kind: what a confirmed one shows, why one is dismissed, and what leaves it open. */
function reasons(
  shown: string,
  dismissed: readonly string[],
  unclear = "Picture is not clear enough",
): Reasons {
  return {
    confirmed: [shown, "Seen in the live video", "The candidate said so"],
    dismissed,
    inconclusive: [unclear, "Needs a second look"],
  };
}

const ANY = reasons("Clearly visible in the picture", ["Technical problem", "This was allowed"]);

const SEVERAL_FACES = reasons("Another person is in the picture", [
  "Picture, poster or screen, not a person",
  "Somebody only passed by",
  "A helper, who was agreed on",
]);

const ANOTHER_PERSON = reasons(
  "Another person is at the camera",
  [
    "Same person, other light",
    "Same person, looks different today",
    "The reference photo is poor",
    "Technical problem",
  ],
  "Picture is not clear enough to compare",
);

const NOBODY = reasons("Nobody was at the camera", [
  "Was there, only turned away or bent down",
  "The camera had moved",
  "A break that was agreed on",
]);

const NO_PICTURE = reasons(
  "The camera was off or covered",
  ["Technical problem", "The connection was lost", "The room was only dark", "A break that was agreed on"],
  NOT_SEEN,
);

const REPEATED = reasons(
  "The pictures are not live",
  ["The camera or browser hung", "The live video moved meanwhile", "Technical problem"],
  NOT_SEEN,
);

const OF_KIND: Partial<Record<IncidentKind, Reasons>> = {
  multiple_faces: SEVERAL_FACES,
  different_person: ANOTHER_PERSON,
  not_recognised: ANOTHER_PERSON,
  no_face: NOBODY,
  camera_lost: NO_PICTURE,
  camera_covered: NO_PICTURE,
  feed_looped: REPEATED,
  camera_frozen: REPEATED,
  frame_replayed: REPEATED,
};

export function usualReasons(decision: Decision, kind: IncidentKind): readonly string[] {
  return (OF_KIND[kind] ?? ANY)[decision];
}
