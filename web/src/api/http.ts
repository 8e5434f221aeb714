import type { ErrorBody } from "./types";

/** A refused or failed call. `status` is 0 when no answer came at all (network, time-out). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fix: string | null = null,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Ours or the network's fault: worth trying again, never the person's. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  json?: unknown;
  image?: Blob;
  token?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

function buildRequest(options: CallOptions): RequestInit {
  const headers = new Headers(options.headers);
  headers.set("Accept", "application/json");
  if (options.token) headers.set("Authorization", `Bearer ${options.token}`);
  let body: BodyInit | undefined;
  if (options.image) {
    headers.set("Content-Type", options.image.type || "image/jpeg");
    body = options.image;
  } else if (options.json !== undefined) {
    headers.set("Content-Type", "application/json");
    body = JSON.stringify(options.json);
  }
  return {
    method: options.method ?? "GET",
    headers,
    body,
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(options.timeoutMs ?? 15_000),
  };
}

function retryAfter(response: Response, body: ErrorBody | null): number | null {
  if (body?.retry_after_s != null) return body.retry_after_s * 1000;
  const header = Number(response.headers.get("Retry-After"));
  return Number.isFinite(header) && header > 0 ? header * 1000 : null;
}

async function refusal(response: Response): Promise<ApiError> {
  const parsed: unknown = await response.json().catch(() => null);
  const body = (parsed as { error?: ErrorBody } | null)?.error ?? null;
  return new ApiError(
    response.status,
    body?.code ?? "unexpected_answer",
    body?.message ?? `The server answered with an error (${response.status}).`,
    body?.fix ?? null,
    retryAfter(response, body),
  );
}

/** One JSON call. Rejects with ApiError and nothing else. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, buildRequest(options));
  } catch {
    throw new ApiError(0, "no_answer", "The server could not be reached.", "Check the network connection.");
  }
  if (!response.ok) throw await refusal(response);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(0, "no_answer", "The answer of the server was cut off.", "Please try again.");
  }
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, "unexpected", error instanceof Error ? error.message : String(error));
}
