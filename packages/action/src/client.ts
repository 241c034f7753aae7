import { ToolError } from "@gitops-actions/report";

/** What the API client needs of the world. */
export interface ClientOptions {
  /** https://api.github.com, or a GitHub Enterprise Server's https://HOST/api/v3. */
  apiUrl: string;
  token: string;
  signal?: AbortSignal;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Waits so many milliseconds. */
  sleep: (milliseconds: number) => Promise<void>;
  /** Longest time one request may take, in milliseconds. Default: 30 seconds. */
  deadlineMs?: number;
}

export interface ApiRequest<Result> {
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  /**
   * For a write that would count twice if repeated: looks whether it went through after all, when its answer got lost.
   * Without one, a write is repeated only when the server surely did not take it.
   */
  readBack?: () => Promise<Result | undefined>;
}

/** GitHub's REST API with time-outs, and with repetitions that never do a thing twice. */
export interface Client {
  get<Result>(path: string, query?: ApiRequest<Result>["query"]): Promise<Result>;
  /** Every page of a list; `key` where the list is a field of the answer. Stops after `pages`. */
  list<Item>(
    path: string,
    query?: ApiRequest<Item>["query"],
    options?: { key?: string; pages?: number },
  ): Promise<Item[]>;
  send<Result>(
    method: "POST" | "PATCH" | "PUT" | "DELETE",
    path: string,
    request?: ApiRequest<Result>,
  ): Promise<Result>;
  /**
   * A query or mutation of the GraphQL API; answers its `data`. Throws ApiError whose `type` is GitHub's (`STALE_DATA`,
   * `FORBIDDEN`) where it has errors. `readBack` as for a write.
   */
  graphql<Result>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    readBack?: () => Promise<Result | undefined>,
  ): Promise<Result>;
}

/** GitHub declined: `status` is its HTTP status, 0 when it could not be reached. */
export class ApiError extends ToolError {
  override name = "ApiError";
  readonly status: number;
  /** Of GraphQL, the type of its first error. */
  readonly type: string | undefined;
  constructor(status: number, message: string, options?: ErrorOptions & { type?: string }) {
    super(`github/${status || "unreachable"}`, message, options);
    this.status = status;
    this.type = options?.type;
  }
}

// The version is pinned: a change of the API must not change what a release of ours does.
const version = "2022-11-28";
const attempts = 5;
const longestWaitMs = 90_000;

interface Answer<Result> {
  body: Result;
  next?: string;
}

/** Why an attempt failed: `lost` when the server may have taken the request, `wait` milliseconds before the next. */
interface Failure {
  error: ApiError;
  lost: boolean;
  again: boolean;
  wait?: number;
}

interface GraphqlAnswer<Result> {
  data?: Result | null;
  errors?: { type?: string; message?: string }[];
}

/** Makes a client. Nothing is sent until it is asked. */
export function createClient(options: ClientOptions): Client {
  const call = <Result>(method: string, url: string, request: ApiRequest<Result>) =>
    repeat(options, method, url, request);
  const send: Client["send"] = async (method, path, request = {}) =>
    (await call(method, urlOf(options, path, request.query), request)).body;
  return {
    send,
    get: async <Result>(path: string, query?: ApiRequest<Result>["query"]) =>
      (await call<Result>("GET", urlOf(options, path, query), {})).body,
    async graphql<Result>(
      query: string,
      variables: Readonly<Record<string, unknown>>,
      readBack?: () => Promise<Result | undefined>,
    ) {
      const { body } = await call<GraphqlAnswer<Result>>("POST", graphqlUrl(options), {
        body: { query, variables },
        ...(readBack
          ? {
              readBack: async () => {
                const data = await readBack();
                return data === undefined ? undefined : { data };
              },
            }
          : {}),
      });
      const [error] = body.errors ?? [];
      // GitHub answers a refused mutation with 200, and says why in the body.
      if (error || !body.data)
        throw new ApiError(200, `GraphQL: ${error?.message ?? "the answer is empty"}`, {
          ...(error?.type === undefined ? {} : { type: error.type }),
        });
      return body.data;
    },
    async list<Item>(
      path: string,
      query: ApiRequest<Item>["query"] = {},
      { key, pages = 100 }: { key?: string; pages?: number } = {},
    ) {
      const items: Item[] = [];
      let url: string | undefined = urlOf(options, path, { per_page: 100, ...query });
      for (let page = 0; url !== undefined && page < pages; page++) {
        const answer: Answer<Record<string, Item[]> | Item[]> = await call("GET", url, {});
        const found = key === undefined ? answer.body : (answer.body as Record<string, Item[]>)[key];
        if (!Array.isArray(found))
          throw new ApiError(200, `GitHub answered ${new URL(url).pathname} with something that is no list`);
        items.push(...found);
        url = answer.next;
      }
      return items;
    },
  };
}

async function repeat<Result>(
  options: ClientOptions,
  method: string,
  url: string,
  request: ApiRequest<Result>,
): Promise<Answer<Result>> {
  for (let attempt = 1; ; attempt++) {
    const result = await once<Result>(options, method, url, request.body);
    if ("body" in result) return result;
    const { error, lost, again, wait = 1000 * 2 ** (attempt - 1) } = result;
    if (options.signal?.aborted) throw error;
    if (lost && method !== "GET") {
      if (request.readBack) await options.sleep(Math.min(wait, 2000));
      const done = await request.readBack?.();
      if (done !== undefined) return { body: done };
      // Setting something to a value may be done twice; making something may not.
      if (!request.readBack && method === "POST") throw error;
    }
    if (!again || attempt === attempts || wait > longestWaitMs) throw error;
    await options.sleep(wait);
  }
}

async function once<Result>(
  options: ClientOptions,
  method: string,
  url: string,
  body: unknown,
): Promise<Answer<Result> | Failure> {
  const what = `${method} ${new URL(url).pathname}`;
  const deadline = AbortSignal.timeout(options.deadlineMs ?? 30_000);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${options.token}`,
        "user-agent": "gitops-actions",
        "x-github-api-version": version,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect could carry the token to another host.
      redirect: "error",
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
    });
    text = await response.text();
  } catch (error) {
    const reason = deadline.aborted ? "no answer in time" : describeCause(error);
    return { error: new ApiError(0, `${what}: ${reason}`, { cause: error }), lost: true, again: true };
  }
  if (response.ok) return readAnswer(response, text, what);
  return readRefusal(response, text, what, options.now());
}

function readAnswer<Result>(response: Response, text: string, what: string): Answer<Result> | Failure {
  if (response.status === 204 || (text === "" && response.headers.get("content-length") === "0"))
    return { body: undefined as Result };
  try {
    const next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
    const body = JSON.parse(text) as Result;
    return next !== undefined && new URL(next).origin === new URL(response.url).origin
      ? { body, next }
      : { body };
  } catch (error) {
    return {
      error: new ApiError(response.status, `${what}: the answer is cut off or no JSON`, { cause: error }),
      lost: true,
      again: true,
    };
  }
}

function readRefusal(response: Response, text: string, what: string, now: number): Failure {
  const { status, headers } = response;
  const message = messageOf(text);
  const error = new ApiError(status, `${what}: ${status} ${message}`);
  const after = Number(headers.get("retry-after") ?? Number.NaN) * 1000;
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN) * 1000 - now;
  const spent = headers.get("x-ratelimit-remaining") === "0";
  if (
    status === 429 ||
    (status === 403 && (spent || Number.isFinite(after) || /secondary rate limit/i.test(message)))
  ) {
    const wait = Number.isFinite(after) ? after : spent && reset > 0 ? reset + 1000 : 60_000;
    return { error, lost: false, again: true, wait };
  }
  return { error, lost: status >= 500, again: status >= 500 };
}

function messageOf(text: string): string {
  try {
    const { message, errors } = JSON.parse(text) as { message?: string; errors?: { message?: string }[] };
    const more = Array.isArray(errors) ? errors.flatMap((each) => each?.message ?? []) : [];
    return [message ?? "", ...more].filter(Boolean).join(": ").slice(0, 500);
  } catch {
    return "(no reason given)";
  }
}

function urlOf({ apiUrl }: ClientOptions, path: string, query: ApiRequest<unknown>["query"] = {}): string {
  const url = new URL(apiUrl.replace(/\/+$/, "") + path);
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(key, String(value));
  return url.href;
}

/** github.com has it at /graphql, GitHub Enterprise Server at /api/graphql beside /api/v3. */
function graphqlUrl({ apiUrl }: ClientOptions): string {
  return `${apiUrl.replace(/\/+$/, "").replace(/\/api\/v3$/, "/api")}/graphql`;
}

function describeCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
