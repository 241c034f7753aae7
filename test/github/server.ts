import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { fill, findOperation, requestProblems, responseProblems } from "./contract.ts";

/** What goes wrong once with a request whose method and path match. `after`: the write goes through, the answer gets lost. */
export interface Fault {
  when: RegExp;
  kind:
    | "500"
    | "502 after"
    | "503"
    | "429"
    | "secondary"
    | "hang after"
    | "cut after"
    | "html"
    | "reset"
    | "403"
    | "404";
  left: number;
}

export interface Pull {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  head: string;
  base: string;
  labels: string[];
  comments: string[];
  merged?: { sha: string; at: string };
}

/** GitHub on loopback: it keeps state, knows no route that GitHub has not, and holds both sides to GitHub's description. */
export interface GitHub {
  url: string;
  pulls: Pull[];
  statuses: { sha: string; context: string; state: string; at: string }[];
  pushes: { before: string; after: string; ref: string; at: string }[];
  /** Undefined: nobody may read the activity. */
  activity: boolean;
  /** Whether the token may write pull requests. */
  writes: boolean;
  faults: Fault[];
  /** Called when a request that matches has come, before it is handled or right after; its answer is not sent then. */
  traps: { when: RegExp; moment: "before" | "after"; call: () => void }[];
  /** What was asked that GitHub would not have understood, and what this server answered that GitHub would not. */
  problems: string[];
  /** Method and path of every request, in order. */
  requests: string[];
}

/** The token it accepts. */
export const token = "ghs_loopback";

/** Starts one for the repository `org/fleet`. `tipOf` tells the head commit of a branch. */
export async function serveGitHub(tipOf: (branch: string) => string | undefined): Promise<GitHub> {
  const state: GitHub = {
    url: "",
    pulls: [],
    statuses: [],
    pushes: [],
    activity: true,
    writes: true,
    faults: [],
    traps: [],
    problems: [],
    requests: [],
  };
  const server = createServer((request, response) => {
    void receive(request).then((text) => answer(state, tipOf, request, text, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

async function receive(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function answer(
  state: GitHub,
  tipOf: (branch: string) => string | undefined,
  request: IncomingMessage,
  text: string,
  response: ServerResponse,
): unknown {
  const method = request.method ?? "GET";
  const url = new URL(request.url ?? "/", "http://localhost");
  const what = `${method} ${url.pathname}`;
  state.requests.push(what);
  const trap = state.traps.find((each) => each.when.test(what));
  if (trap) state.traps = state.traps.filter((each) => each !== trap);
  if (trap?.moment === "before") return trap.call();
  const fault = state.faults.find((each) => each.left > 0 && each.when.test(what));
  if (fault) fault.left--;
  if (fault && !/after/.test(fault.kind)) return fail(fault.kind, request, response);
  const found = findOperation(method, url.pathname);
  if (request.headers.authorization !== `Bearer ${token}`)
    return send(response, 401, { message: "Bad credentials" });
  if (request.headers["x-github-api-version"] !== "2022-11-28")
    state.problems.push(`${what}: no version of the API`);
  if (!found) {
    state.problems.push(`${what}: no such route`);
    return send(response, 404, { message: "Not Found" });
  }
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  state.problems.push(
    ...requestProblems(found.operation, url.searchParams, body).map((problem) => `${what}: ${problem}`),
  );
  const { status, value } = handle(state, tipOf, {
    method,
    route: found.route,
    names: found.names,
    query: url.searchParams,
    body: (body ?? {}) as Record<string, unknown>,
    fill: (code, given) => fill(found.operation, code, given),
  });
  state.problems.push(
    ...responseProblems(found.operation, status, value).map((problem) => `${what} answered: ${problem}`),
  );
  if (trap) return trap.call();
  if (fault) return fail(fault.kind, request, response, status, value);
  send(response, status, value);
}

function fail(
  kind: Fault["kind"],
  request: IncomingMessage,
  response: ServerResponse,
  status = 200,
  value: unknown = {},
): unknown {
  const text = JSON.stringify(value);
  switch (kind) {
    case "reset":
      return request.socket.destroy();
    case "hang after":
      return undefined;
    case "cut after":
      return response
        .writeHead(status, { "content-type": "application/json" })
        .end(text.slice(0, Math.floor(text.length / 2)));
    case "html":
      return response.writeHead(200, { "content-type": "text/html" }).end("<html>Unicorn</html>");
    case "429":
      return send(response, 429, { message: "too many" }, { "retry-after": "1" });
    case "secondary":
      return send(
        response,
        403,
        { message: "You have exceeded a secondary rate limit" },
        { "retry-after": "2" },
      );
    case "403":
      return send(response, 403, { message: "Resource not accessible by integration" });
    default:
      return send(response, Number(kind.slice(0, 3)), { message: "Server Error" });
  }
}

function send(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): unknown {
  return response
    .writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
    .end(JSON.stringify(value));
}

interface Call {
  method: string;
  route: string;
  names: Record<string, string>;
  query: URLSearchParams;
  body: Record<string, unknown>;
  fill: (status: number, given: Record<string, unknown>) => unknown;
}

type Answered = { status: number; value: unknown };

function handle(state: GitHub, tipOf: (branch: string) => string | undefined, call: Call): Answered {
  const { method, names, query, body } = call;
  const route = `${method} ${call.route.replace("/repos/{owner}/{repo}", "") || "/"}`;
  const refused = { status: 403, value: { message: "Resource not accessible by integration" } };
  const absent = { status: 404, value: { message: "Not Found" } };
  const list = (items: unknown[]): Answered => {
    const size = Number(query.get("per_page") ?? 30);
    return { status: 200, value: items.slice(0, size) };
  };
  const shown = (pull: Pull, status: number) => showPull(pull, tipOf, call, status);
  const pull = state.pulls.find((each) => String(each.number) === (names.pull_number ?? names.issue_number));
  if (method !== "GET" && !state.writes) return refused;
  switch (route) {
    case "GET /":
      return { status: 200, value: call.fill(200, { default_branch: "main", full_name: "org/fleet" }) };
    case "GET /activity":
      if (!state.activity) return absent;
      return list(
        state.pushes
          .filter((push) => push.ref === query.get("ref"))
          .map(({ before, after, ref, at }) =>
            call.fill(200, { before, after, ref, timestamp: at, activity_type: "push", actor: null }),
          )
          .reverse(),
      );
    case "GET /commits/{ref}/statuses":
      return list(
        state.statuses
          .filter((each) => each.sha === names.ref)
          .map(({ context, state: said, at }) => call.fill(200, { context, state: said, created_at: at })),
      );
    case "GET /commits/{ref}/check-runs":
      return { status: 200, value: { total_count: 0, check_runs: [] } };
    case "GET /commits/{commit_sha}/pulls":
      return list(
        state.pulls.filter((each) => each.merged?.sha === names.commit_sha).map((each) => shown(each, 200)),
      );
    case "GET /pulls": {
      const head = query.get("head");
      const fits = (each: Pull) =>
        each.state === (query.get("state") ?? "open") &&
        (head === null || head === `org:${each.head}`) &&
        (query.get("base") ?? each.base) === each.base;
      return list(state.pulls.filter(fits).map((each) => shown(each, 200)));
    }
    case "POST /pulls": {
      const { head, base, title, body: text } = body as Record<string, string>;
      if (state.pulls.some((each) => each.state === "open" && each.head === head && each.base === base))
        return {
          status: 422,
          value: {
            message: "Validation Failed",
            errors: [
              {
                resource: "PullRequest",
                code: "custom",
                message: `A pull request already exists for org:${head}.`,
              },
            ],
          },
        };
      if (tipOf(head!) === undefined)
        return {
          status: 422,
          value: {
            message: "Validation Failed",
            errors: [{ resource: "PullRequest", field: "head", code: "invalid" }],
          },
        };
      const made: Pull = {
        number: state.pulls.length + 1,
        title: title!,
        body: text!,
        state: "open",
        head: head!,
        base: base!,
        labels: [],
        comments: [],
      };
      state.pulls.push(made);
      return { status: 201, value: shown(made, 201) };
    }
    case "PATCH /pulls/{pull_number}":
      if (!pull) return absent;
      Object.assign(pull, body);
      return { status: 200, value: shown(pull, 200) };
    case "GET /issues/{issue_number}/labels":
      return pull ? list(pull.labels.map((name) => call.fill(200, { name }))) : absent;
    case "POST /issues/{issue_number}/labels":
      if (!pull) return absent;
      pull.labels = [...new Set([...pull.labels, ...(body.labels as string[])])];
      return { status: 200, value: pull.labels.map((name) => call.fill(200, { name })) };
    case "GET /issues/{issue_number}/comments":
      return pull ? list(pull.comments.map((text) => call.fill(200, { body: text }))) : absent;
    case "POST /issues/{issue_number}/comments":
      if (!pull) return absent;
      pull.comments.push(String(body.body));
      return { status: 201, value: call.fill(201, { body: String(body.body) }) };
    default:
      return absent;
  }
}

function showPull(
  pull: Pull,
  tipOf: (branch: string) => string | undefined,
  call: Call,
  status: number,
): unknown {
  const repo = { full_name: "org/fleet" };
  const sha = (branch: string) => tipOf(branch) ?? "0".repeat(40);
  const whole = call.fill(status, {
    number: pull.number,
    title: pull.title,
    body: pull.body,
    state: pull.state,
    html_url: `https://github.com/org/fleet/pull/${pull.number}`,
    labels: [],
    head: { ref: pull.head, sha: sha(pull.head) },
    base: { ref: pull.base, sha: sha(pull.base) },
    ...(pull.merged ? { merged_at: pull.merged.at, merge_commit_sha: pull.merged.sha } : {}),
  }) as { head: { repo: object }; labels: unknown[] };
  whole.head.repo = { ...whole.head.repo, ...repo };
  whole.labels = pull.labels.map((name, id) => ({
    id,
    node_id: "x",
    url: "https://api.github.com/x",
    name,
    description: "",
    color: "ededed",
    default: false,
  }));
  return whole;
}
