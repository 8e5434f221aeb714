/** Where two people have to agree: what one of them has said already, and what that leaves to do. */
import type { Decision, Incident, ReviewDecision } from "../api/types";

/** The newest decision of `person` that stands. */
export function opinionOf({ opinions }: Incident, person: string): ReviewDecision | null {
  return opinions.findLast(({ by_id }) => by_id === person) ?? null;
}

/** Whether `person` has proposed this, so that there is nothing to do but wait. */
export function waitsForAnother(incident: Incident, person: string): boolean {
  return incident.decision?.proposed === true && opinionOf(incident, person)?.decision === "confirmed";
}

/**
 * Whether `person` can decide `decision` now, by button or by key. What stands is taken back before
 * it is decided anew, and nobody confirms twice where two have to.
 */
export function mayDecide(
  incident: Incident,
  decision: Decision,
  person: string,
  secondReviewer: boolean,
): boolean {
  if (incident.decision && !incident.decision.proposed) return false;
  const twice = secondReviewer && opinionOf(incident, person)?.decision === "confirmed";
  return decision !== "confirmed" || !twice;
}

/** The decision that undoing takes back: one's own where two have to agree, or else the newest. */
export function toUndo(incident: Incident, person: string, secondReviewer: boolean): ReviewDecision | null {
  return secondReviewer ? opinionOf(incident, person) : incident.decision;
}

/** Whether people differ, by what each of them said last: who has thought again disagrees with nobody. */
export function disagree({ opinions }: Incident): boolean {
  const newest = new Map(opinions.map((each) => [each.by_id ?? each.by, each.decision]));
  return new Set(newest.values()).size > 1;
}

/** Whether `person` would be the first to confirm, which is a proposal only. */
export function wouldPropose(incident: Incident, person: string, secondReviewer: boolean): boolean {
  if (!secondReviewer) return false;
  const newest = new Map(incident.opinions.map((each) => [each.by_id ?? each.by, each.decision]));
  newest.delete(person);
  return ![...newest.values()].includes("confirmed");
}
