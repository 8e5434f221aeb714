export interface Resume {
  sessionId: string;
  token: string;
}

const codeKey = (code: string) => `invigil:join:${code}`;
const tokenKey = (sessionId: string) => `invigil:candidate:${sessionId}`;

/** Where this browser keeps the candidate's token, so that a reload goes on where it was. */
export const tokenStore = {
  load(code: string): Resume | null {
    try {
      const sessionId = localStorage.getItem(codeKey(code));
      const token = sessionId && localStorage.getItem(tokenKey(sessionId));
      return sessionId && token ? { sessionId, token } : null;
    } catch {
      return null;
    }
  },
  /** A `personal` link works once: from here on the address is the exam's, and holds no secret. */
  save(code: string, { sessionId, token }: Resume, personal = false): void {
    if (personal) window.history.replaceState(null, "", `/join/${sessionId}`);
    try {
      if (personal) localStorage.setItem(codeKey(sessionId), sessionId);
      localStorage.setItem(codeKey(code), sessionId);
      localStorage.setItem(tokenKey(sessionId), token);
    } catch {
      // A browser that keeps nothing: the exam works, only a reload has to start over.
    }
  },
  forget(code: string): void {
    try {
      const sessionId = localStorage.getItem(codeKey(code));
      if (sessionId) localStorage.removeItem(tokenKey(sessionId));
      localStorage.removeItem(codeKey(code));
    } catch {
      // Nothing was kept.
    }
  },
};

const usedTabKey = (candidateId: string) => `invigil:tab:${candidateId}`;

/** Which tab of this browser had a candidate's exam last: a random word for each page that is open. */
export const usedTab = {
  key: usedTabKey,
  load(candidateId: string): string | null {
    try {
      return localStorage.getItem(usedTabKey(candidateId));
    } catch {
      return null;
    }
  },
  save(candidateId: string, tab: string): void {
    try {
      localStorage.setItem(usedTabKey(candidateId), tab);
    } catch {
      // A browser that keeps nothing: the candidate has a button.
    }
  },
};
