// The issue, the commit status and the webhook, against a GitHub on loopback that keeps what it is sent.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type DriftInputs, type DriftOutcome, defaults, tell } from "@gitops-actions/drift-report";
import { makeFinding, makeReport } from "@gitops-actions/report";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

interface Issue {
  number: number;
  state: string;
  title: string;
  body: string;
  labels: string[];
}

let server: Server;
let api: string;
let issues: Issue[];
let statuses: { context: string; state: string; description: string }[];
let hooks: { body: string; authorization: string | undefined }[];
let repository: { has_issues: boolean; private: boolean };
/** Statuses to answer with, by method and path, before anything else. */
let refusals: Map<string, number[]>;

beforeEach(async () => {
  [issues, statuses, hooks] = [[], [], []];
  repository = { has_issues: true, private: true };
  refusals = new Map();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const body = text ? JSON.parse(text) : {};
    const path = request.url!.split("?")[0]!;
    const send = (status: number, value: unknown): void =>
      void response.writeHead(status).end(JSON.stringify(value));
    const refusal = refusals.get(`${request.method} ${path}`)?.shift();
    if (path === "/hook") hooks.push({ body: text, authorization: request.headers.authorization });
    if (refusal) return send(refusal, { message: "refused" });
    if (path === "/hook") return send(200, {});
    if (request.headers.authorization !== "Bearer token-of-the-job") return send(401, {});
    if (path === "/repos/org/fleet") return send(200, repository);
    if (path === "/repos/org/fleet/issues" && request.method === "GET") return send(200, issues);
    if (path === "/repos/org/fleet/issues") {
      issues.push({ number: issues.length + 1, state: "open", ...body });
      return send(201, issues.at(-1));
    }
    const number = Number(/^\/repos\/org\/fleet\/issues\/(\d+)$/.exec(path)?.[1]);
    if (number && request.method === "PATCH") return send(200, Object.assign(issues[number - 1]!, body));
    if (path.startsWith("/repos/org/fleet/statuses/")) {
      statuses.push(body);
      return send(201, body);
    }
    send(404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function outcome(drifted: DriftOutcome["drifted"]): DriftOutcome {
  const resource = { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web" };
  const findings =
    drifted === "true"
      ? [makeFinding({ rule: "drift/missing", severity: "error", message: "gone", resource })]
      : [];
  const report = makeReport({
    action: "drift-report",
    source: { head: { commit: "1".repeat(40), dirty: false } },
    tools: [],
    checked: { overlays: 1, resources: 1, unique: 1 },
    findings,
  });
  const counts = {
    clean: 1,
    changed: 0,
    missing: 1,
    extra: 0,
    unmanaged: 0,
    removedFromGit: 0,
    orphan: 0,
    pending: 0,
    owned: 0,
    ignored: 0,
    transient: 0,
    leftAlone: 0,
    notChecked: 0,
    undetermined: 0,
    valuesCompared: 3,
    valuesUnknown: 0,
  };
  return { report, counts, statuses: [], drifted };
}

function say(
  drifted: DriftOutcome["drifted"],
  inputs: Partial<DriftInputs>,
  date = "2026-11-01",
): Promise<string[]> {
  const host = {
    env: {
      GITHUB_REPOSITORY: "org/fleet",
      GITHUB_API_URL: api,
      GITHUB_SERVER_URL: "https://github.example",
      GITHUB_RUN_ID: "7",
    },
    cwd: "/",
    cacheDir: "/nowhere",
    tempDir: "/nowhere",
    cores: 1,
    now: () => new Date(`${date}T12:00:00Z`),
    isTerminal: false,
  };
  const all = { ...defaults, environment: "prod", token: "token-of-the-job", ...inputs };
  return tell(outcome(drifted), all, host, new AbortController().signal);
}

describe("the issue of an environment", () => {
  test("is opened, updated in place, closed and reopened", async () => {
    const issue = { issue: true };
    expect(await say("false", issue)).toEqual(["No issue is needed."]);
    expect(await say("true", issue, "2026-11-01")).toEqual(["Opened issue #1."]);
    expect(await say("true", issue, "2026-11-02")).toEqual(["Updated issue #1."]);
    expect(issues[0]).toMatchObject({ state: "open", title: "Drift: prod", labels: ["gitops-drift"] });
    expect(issues[0]!.body).toContain("2026-11-01: `Deployment shop/web`");
    expect(issues[0]!.body).toContain("https://github.example/org/fleet/actions/runs/7");
    expect(await say("unknown", issue)).toEqual(["Updated issue #1."]);
    expect(issues[0]!.state).toBe("open");
    expect(await say("false", issue)).toEqual(["Closed issue #1."]);
    expect(await say("false", issue)).toEqual(["No issue is needed."]);
    expect(await say("true", issue)).toEqual(["Reopened issue #1."]);
    expect(issues).toHaveLength(1);
  });

  test("of one environment is not that of another", async () => {
    await say("true", { issue: true });
    await say("true", { issue: true, environment: "staging" });
    expect(issues.map(({ title }) => title)).toEqual(["Drift: prod", "Drift: staging"]);
  });

  test("is not written where anyone can read it, or issues are off", async () => {
    repository = { has_issues: true, private: false };
    expect((await say("true", { issue: true }))[0]).toContain("public");
    expect((await say("true", { issue: true, allowPublicIssue: true }))[0]).toBe("Opened issue #1.");
    repository = { has_issues: false, private: true };
    expect((await say("true", { issue: true }))[0]).toContain("switched off");
    expect(issues).toHaveLength(1);
  });

  test("that cannot be written is told, and is not tried twice", async () => {
    refusals.set("POST /repos/org/fleet/issues", [403, 502]);
    expect(await say("true", { issue: true })).toEqual([
      "The issue could not be opened: the token needs `issues: write`.",
    ]);
    expect(await say("true", { issue: true })).toEqual(["The issue could not be opened: status 502."]);
    expect(issues).toHaveLength(0);
  });
});

test("the commit status says what promotions may wait for", async () => {
  for (const drifted of ["true", "false", "unknown"] as const) await say(drifted, { status: true });
  expect(statuses.map(({ state }) => state)).toEqual(["failure", "success", "error"]);
  expect(statuses[0]).toMatchObject({
    context: "gitops/drift/prod",
    description: expect.stringContaining("1 missing"),
  });
});

describe("the webhook", () => {
  test("is told again after a passing failure, and gets no token", async () => {
    refusals.set("POST /hook", [503]);
    expect(await say("true", { webhook: `${api}/hook` })).toEqual(["The webhook was told."]);
    expect(hooks).toHaveLength(2);
    expect(hooks[1]!.authorization).toBeUndefined();
    expect(JSON.parse(hooks[1]!.body)).toMatchObject({
      version: 1,
      environment: "prod",
      drifted: "true",
      findings: [{ rule: "drift/missing" }],
    });
  });

  test("that refuses is told once, without its address", async () => {
    refusals.set("POST /hook", [404]);
    const [said] = await say("true", { webhook: `${api}/hook` });
    expect(said).toBe("The webhook could not be told: status 404.");
    expect(hooks).toHaveLength(1);
  });
});
