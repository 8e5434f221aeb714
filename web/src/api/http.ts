import createClient from "openapi-fetch";
import type { paths } from "./schema.gen";
import type { ErrorBody } from "./types";

const TIMEOUT_MS = 15_000;

/** A refused or failed call. `status` is 0 when no answer came at all (network, time-out). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fix: string | null = null,
    readonly retryAfterMs: number | null = null,
    private readonly more: Partial<Pick<ErrorBody, "fields" | "window">> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** What is wrong with single fields of what was sent, by their names in the description. */
  get fields(): Readonly<Record<string, string>> {
    return this.more.fields ?? {};
  }

  /** When the personal link of an `invite_over` let its owner in. */
  get window(): ErrorBody["window"] {
    return this.more.window;
  }

  /** Ours or the network's fault: worth trying again, never the person's. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The server's routes, typed from its own description. */
export const client = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: "same-origin",
  cache: "no-store",
  fetch: (request) => fetch(new Request(request, { signal: AbortSignal.timeout(TIMEOUT_MS) })),
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's content. Rejects with ApiError and nothing else. */
export async function content<T>(calling: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await calling;
  } catch {
    throw new ApiError(0, "no_answer", "The server could not be reached.", "Check the network connection.");
  }
  if (!answer.response.ok) throw refusal(answer.response, answer.error);
  return answer.data as T;
}

/** Image bytes as the body, which the description of the routes does not type. */
export function imageBody(image: Blob): { headers: { "Content-Type": string } } {
  const headers = { "Content-Type": image.type || "image/jpeg" };
  return { headers, ...{ body: image, bodySerializer: (body: Blob) => body } };
}

function refusal(response: Response, parsed: unknown): ApiError {
  const body = (parsed as { error?: ErrorBody } | undefined)?.error ?? null;
  return new ApiError(
    response.status,
    body?.code ?? "unexpected_answer",
    body?.message ?? `The server answered with an error (${response.status}).`,
    body?.fix || null,
    retryAfter(response, body),
    body ?? {},
  );
}

function retryAfter(response: Response, body: ErrorBody | null): number | null {
  if (body?.retry_after_s != null) return body.retry_after_s * 1000;
  const header = Number(response.headers.get("Retry-After"));
  return Number.isFinite(header) && header > 0 ? header * 1000 : null;
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, "unexpected", error instanceof Error ? error.message : String(error));
}
