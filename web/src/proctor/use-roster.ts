import { useCallback, useEffect, useRef, useState } from "react";
import { asApiError } from "../api/http";
import { importInvites, listInvites, reissueInvite } from "../api/invites";
import type { Invite } from "../api/types";
import { timeZone } from "../time";

const EVERY_MS = 10_000;

/** Who is invited, and the links that were made since this window was opened: the server keeps none. */
export function useRoster(sessionId: string, onUnsaved: (unsaved: boolean) => void) {
  const [invites, setInvites] = useState<Invite[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [made, setMade] = useState<ReadonlyMap<string, Invite>>(new Map());
  /** Many were made at once: they are offered as a file. */
  const [offered, setOffered] = useState(false);
  const [busy, setBusy] = useState(false);
  const [renewed, setRenewed] = useState<number | null>(null);
  const gone = useRef(false);

  const failed = useCallback((reason: unknown) => {
    const { message, fix } = asApiError(reason);
    setError([message, fix].filter(Boolean).join("\n"));
  }, []);
  const load = useCallback(() => {
    listInvites(sessionId).then((answer) => setInvites(answer.invites), failed);
  }, [sessionId, failed]);
  useEffect(() => {
    gone.current = false;
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => {
      gone.current = true;
      clearInterval(timer);
    };
  }, [load]);

  const keep = (fresh: Invite[]) =>
    setMade((all) => new Map([...all, ...fresh.map((each) => [each.id, each] as const)]));
  const offer = (fresh: Invite[]) => {
    if (fresh.length === 0 || gone.current) return;
    keep(fresh);
    setOffered(true);
    onUnsaved(true);
  };
  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    await act().catch(failed);
    setBusy(false);
    load();
  };
  const upload = (file: File | null) => {
    if (!file) return;
    void attempt(async () => offer((await importInvites(sessionId, file, timeZone())).invites));
  };

  const waiting = invites?.filter(({ state }) => state === "invited") ?? [];
  /** One after another. What was made before one failed is offered all the same: the old links are dead. */
  const renew = () =>
    attempt(async () => {
      setRenewed(0);
      try {
        for (const [number, { id }] of waiting.entries()) {
          if (gone.current) return;
          offer([await reissueInvite(sessionId, id)]);
          setRenewed(number + 1);
        }
      } finally {
        setRenewed(null);
      }
    });

  const dead = new Set(invites?.filter(({ link_works }) => !link_works).map(({ id }) => id));
  const working = [...made.values()].filter(({ id }) => !dead.has(id));
  return { invites, error, made, working, offered, busy, renewed, waiting, attempt, keep, upload, renew };
}
