import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { fill, findOperation, requestProblems, responseProblems } from "./contract.ts";
import { answerGraphql } from "./graphql.ts";
import { type Objects, openObjects } from "./objects.ts";
import { person } from "./people.ts";

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
    | "404"
    | "409"
    | "422";
  left: number;
  /** How many matching requests go well before. */
  skip?: number;
}

/** Every fault there is: each leaves the state as it was, unless it says `after`. */
export const faultKinds = [
  "500",
  "502 after",
  "503",
  "403",
  "404",
  "409",
  "422",
  "429",
  "secondary",
  "hang after",
  "cut after",
  "html",
  "reset",
] as const satisfies readonly Fault["kind"][];

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
  auto?: boolean;
  author?: string;
  reviewers?: string[];
  reviews?: { by: string; state: string; commit: string; at: string }[];
  labellings?: { label: string; by: string; type: "User" | "Bot"; at: string }[];
}

/** GitHub on loopback: it keeps state, knows no route that GitHub has not, and holds both sides to GitHub's description. */
export interface GitHub {
  url: string;
  pulls: Pull[];
  statuses: { sha: string; context: string; state: string; at: string }[];
  pushes: { before: string; after: string; ref: string; at: string }[];
  /** Undefined: nobody may read the activity. */
  activity: boolean;
  /** Whether the token may write. */
  writes: boolean;
  /** Whether Actions may open pull requests. */
  opens: boolean;
  /** Whose token it is. */
  login: string;
  /** Branches that take commits through pull requests only. */
  locked: string[];
  /** Why no pull request can be merged now. */
  blocked: string | undefined;
  /** Whether the repository allows auto-merge. */
  autoMerge: boolean;
  /** Who may do what: `admin`, `write`, `read`, `none`. */
  people: Record<string, string>;
  /** Members by `organisation/team`. */
  teams: Record<string, string[]>;
  /** Environments for which workflow run 1 was approved. */
  approved: string[];
  /** Answers to routes that only read, by `GET /rules/branches/{branch}`: a value, or undefined for 404. */
  answers: Record<string, (names: Record<string, string>, query: URLSearchParams) => unknown>;
  /** Routes that answer 403 whoever asks. */
  denied: RegExp[];
  /** The repository, where GitHub is to make commits and merges itself. */
  objects: Objects | undefined;
  clock: () => string;
  faults: Fault[];
  /** Called when a request that matches has come, before it is handled or right after; its answer is not sent then. */
  traps: { when: RegExp; moment: "before" | "after"; skip?: number; call: () => void }[];
  /** What was asked that GitHub would not have understood, and what this server answered that GitHub would not. */
  problems: string[];
  /** Method and path of every request, in order. */
  requests: string[];
}

/** The token it accepts. */
export const token = "ghs_loopback";

/**
 * Starts one for the repository `org/fleet`. `tipOf` tells the head commit of a branch; `repository` is the bare
 * repository, where commits and merges through the API are wanted.
 */
export async function serveGitHub(
  tipOf: (branch: string) => string | undefined,
  repository?: string,
): Promise<GitHub> {
  const state: GitHub = {
    opens: true,
    login: "gitops[bot]",
    locked: [],
    blocked: undefined,
    autoMerge: true,
    people: {},
    teams: {},
    approved: [],
    answers: {},
    denied: [],
    objects: repository === undefined ? undefined : openObjects(repository),
    clock: () => new Date().toISOString(),
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
    // A mistake of ours must not look like a GitHub that hangs.
    void receive(request)
      .then((text) => answer(state, tipOf, request, text, response))
      .catch((error: Error) => {
        state.problems.push(`${request.method} ${request.url}: ${error.message}`);
        send(response, 500, { message: error.message });
      });
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
  const trap = due(state.traps, what);
  if (trap) state.traps = state.traps.filter((each) => each !== trap);
  if (trap?.moment === "before") return trap.call();
  const fault = due(
    state.faults.filter((each) => each.left > 0),
    what,
  );
  if (fault) fault.left--;
  if (fault && !/after/.test(fault.kind)) return fail(fault.kind, request, response);
  const graphql = url.pathname === "/graphql" && method === "POST";
  const found = graphql ? undefined : findOperation(method, url.pathname);
  if (request.headers.authorization !== `Bearer ${token}`)
    return send(response, 401, { message: "Bad credentials" });
  if (request.headers["x-github-api-version"] !== "2022-11-28")
    state.problems.push(`${what}: no version of the API`);
  if (graphql) {
    const value = answerGraphql(state, text);
    if (trap) return trap.call();
    return fault ? fail(fault.kind, request, response, 200, value) : send(response, 200, value);
  }
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

/** The first of those that wait for a request whose turn it is. */
function due<Waiting extends { when: RegExp; skip?: number }>(
  waiting: readonly Waiting[],
  what: string,
): Waiting | undefined {
  const found = waiting.find((each) => each.when.test(what));
  if (!found?.skip) return found;
  found.skip--;
  return undefined;
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
  // GitHub closes a pull request whose branch is gone.
  for (const each of state.pulls)
    if (each.state === "open" && tipOf(each.head) === undefined) each.state = "closed";
  if ((method !== "GET" && !state.writes) || state.denied.some((each) => each.test(route))) return refused;
  const answered = state.answers[route];
  if (answered) {
    const value = answered(names, query);
    return value === undefined ? absent : { status: 200, value };
  }
  switch (route) {
    case "GET /":
      return {
        status: 200,
        value: call.fill(200, {
          default_branch: "main",
          full_name: "org/fleet",
          allow_merge_commit: true,
          allow_squash_merge: true,
          allow_rebase_merge: true,
          allow_auto_merge: state.autoMerge,
        }),
      };
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
      const newest = query.get("direction") === "desc";
      const fitting = state.pulls.filter(fits);
      return list((newest ? fitting.reverse() : fitting).map((each) => shown(each, 200)));
    }
    case "POST /pulls": {
      if (!state.opens)
        return {
          status: 403,
          value: { message: "GitHub Actions is not permitted to create or approve pull requests." },
        };
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
        author: state.login,
      };
      state.pulls.push(made);
      return { status: 201, value: shown(made, 201) };
    }
    case "PATCH /pulls/{pull_number}":
      if (!pull) return absent;
      Object.assign(pull, body);
      return { status: 200, value: shown(pull, 200) };
    case "GET /pulls/{pull_number}":
      return pull ? { status: 200, value: shown(pull, 200) } : absent;
    case "PUT /pulls/{pull_number}/merge": {
      if (!pull) return absent;
      if (body.sha !== undefined && body.sha !== tipOf(pull.head))
        return {
          status: 409,
          value: { message: "Head branch was modified. Review and try the merge again." },
        };
      if (state.blocked !== undefined || pull.state !== "open")
        return { status: 405, value: { message: state.blocked ?? "Pull Request is not mergeable" } };
      const before = tipOf(pull.base) ?? "";
      const sha = state.objects?.merge(pull.head, pull.base, `Merge pull request #${pull.number}`);
      if (sha === undefined) return { status: 405, value: { message: "Pull Request is not mergeable" } };
      Object.assign(pull, { state: "closed", merged: { sha, at: state.clock() } });
      state.pushes.push({ before, after: sha, ref: `refs/heads/${pull.base}`, at: state.clock() });
      return { status: 200, value: { sha, merged: true, message: "Pull Request successfully merged" } };
    }
    case "POST /pulls/{pull_number}/requested_reviewers": {
      if (!pull) return absent;
      const asked = [...(body.reviewers as string[]), ...(body.team_reviewers as string[])];
      const unknown = asked.find(
        (each) =>
          state.people[each] === undefined &&
          !Object.keys(state.teams).some((team) => team.endsWith(`/${each}`)),
      );
      if (unknown !== undefined)
        return {
          status: 422,
          value: { message: `Reviews may only be requested from collaborators. ${unknown}` },
        };
      pull.reviewers = [...new Set([...(pull.reviewers ?? []), ...asked])];
      return { status: 201, value: shown(pull, 201) };
    }
    case "GET /pulls/{pull_number}/reviews":
      if (!pull) return absent;
      return list(
        (pull.reviews ?? []).map(({ by, state: said, commit, at }) =>
          call.fill(200, {
            user: person(by),
            state: said,
            commit_id: commit,
            submitted_at: at,
            author_association: "MEMBER",
          }),
        ),
      );
    case "GET /issues/{issue_number}/events":
      if (!pull) return absent;
      return list(
        (pull.labellings ?? []).map(({ label, by, type, at }) =>
          call.fill(200, {
            event: "labeled",
            actor: person(by, type),
            created_at: at,
            label: { name: label, color: "ededed" },
          }),
        ),
      );
    case "GET /collaborators/{username}/permission": {
      const permission = state.people[names.username ?? ""];
      return permission === undefined
        ? absent
        : { status: 200, value: call.fill(200, { permission, role_name: permission, user: null }) };
    }
    case "GET /actions/runs/{run_id}/approvals":
      if (names.run_id !== "1") return absent;
      return list(
        state.approved.map((name) =>
          call.fill(200, { environments: [{ name }], state: "approved", user: person("ann"), comment: "" }),
        ),
      );
    case "GET /orgs/{org}/teams/{team_slug}/memberships/{username}": {
      const members = state.teams[`${names.org}/${names.team_slug}`];
      return members?.includes(names.username ?? "")
        ? { status: 200, value: call.fill(200, { state: "active", role: "member" }) }
        : absent;
    }
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
    node_id: `PR_${pull.number}`,
    draft: false,
    auto_merge: null,
    user: person(pull.author ?? "gitops[bot]", "Bot"),
    head: { ref: pull.head, sha: sha(pull.head) },
    base: { ref: pull.base, sha: sha(pull.base) },
    ...(pull.merged ? { merged_at: pull.merged.at, merge_commit_sha: pull.merged.sha, merged: true } : {}),
  }) as Record<string, unknown> & { head: { repo: object }; labels: unknown[] };
  whole.requested_reviewers = (pull.reviewers ?? []).map((login) => person(login));
  if (pull.auto)
    whole.auto_merge = {
      enabled_by: person("ann"),
      merge_method: "merge",
      commit_title: "x",
      commit_message: "x",
    };
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
