const keyOf = (candidateId: string) => `invigil:read:${candidateId}`;
/** For a browser that keeps nothing: what is remembered until the page is loaded again. */
const meanwhile = new Map<string, string>();

/** The newest note of the proctor that the candidate has read, in any tab of this browser. */
export const readNotes = {
  last(candidateId: string): string | null {
    try {
      return localStorage.getItem(keyOf(candidateId)) ?? meanwhile.get(candidateId) ?? null;
    } catch {
      return meanwhile.get(candidateId) ?? null;
    }
  },
  keep(candidateId: string, messageId: string): void {
    try {
      localStorage.setItem(keyOf(candidateId), messageId);
    } catch {
      meanwhile.set(candidateId, messageId);
    }
  },
};
