import { composeIssue, composeMessage, driftFindings } from "@gitops-actions/drift-report";
import { createRedactor, type JsonObject } from "@gitops-actions/manifest";
import {
  formatJson,
  formatJUnit,
  formatMarkdown,
  formatSarif,
  formatText,
  makeFinding,
  makeReport,
} from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { readOne } from "./schemas.ts";

const resource = { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web" };
const finding = (field: string) =>
  makeFinding({
    rule: "drift/changed",
    severity: "error",
    message: "differs <!-- x --> @team",
    resource,
    field,
  });
const report = (...fields: string[]) =>
  makeReport({
    action: "drift-report",
    source: { head: { commit: null, dirty: false } },
    tools: [],
    checked: { overlays: 1, resources: 1, unique: 1 },
    findings: fields.map(finding),
  });
const parts = { environment: "prod", drifted: "true" as const, sections: [], run: undefined };
const day = (date: string): Date => new Date(`${date}T12:00:00Z`);

describe("the issue", () => {
  test("keeps when each finding was first seen", () => {
    const first = composeIssue({ ...parts, report: report("/spec/replicas"), now: day("2026-11-01") }, null);
    const second = composeIssue(
      { ...parts, report: report("/spec/replicas", "/spec/paused"), now: day("2026-11-09") },
      first.body,
    );
    expect(first.title).toBe("Drift: prod");
    expect(second.body).toMatch(/2026-11-01: `Deployment shop\/web`/);
    expect(second.body).toMatch(/2026-11-09: `Deployment shop\/web`/);
    expect(second.body).toContain("Last checked 2026-11-09 12:00 UTC");
  });

  test("forgets what is gone, and does not believe a broken date", () => {
    const first = composeIssue({ ...parts, report: report("/spec/replicas"), now: day("2026-11-01") }, null);
    const gone = composeIssue({ ...parts, report: report(), now: day("2026-11-02") }, first.body);
    const back = composeIssue(
      { ...parts, report: report("/spec/replicas"), now: day("2026-11-03") },
      gone.body,
    );
    expect(back.body).not.toContain("2026-11-01");
    const forged = first.body.replaceAll("2026-11-01", "2026-99-01 ](http://x)");
    expect(
      composeIssue({ ...parts, report: report("/spec/replicas"), now: day("2026-11-03") }, forged).body,
    ).not.toContain("2026-99");
  });

  test("fits, whatever there is to say", () => {
    const many = report(...Array.from({ length: 3000 }, (_, index) => `/spec/field${index}`));
    const { body } = composeIssue({ ...parts, report: many, now: day("2026-11-01") }, null);
    expect(Buffer.byteLength(body)).toBeLessThan(65_536);
    expect(body).not.toMatch(/(?<!`)@team/);
  });
});

test("Slack gets no mention and no link out of a message", () => {
  const message = makeReport({
    ...report(),
    findings: [
      makeFinding({
        rule: "drift/changed",
        severity: "error",
        message: "<!channel> <http://x|y> & more",
        resource,
      }),
    ],
  });
  const { text } = composeMessage(
    { report: message, counts: {} as never, environment: "prod", drifted: "true", run: undefined },
    "slack",
  ) as { text: string };
  expect(text).toContain("&lt;!channel&gt; &lt;http://x|y&gt; &amp; more");
});

test("a message names the overlays of each finding", () => {
  const found = makeFinding({
    rule: "r",
    severity: "error",
    message: "differs",
    resource,
    overlays: ["a", "b"],
  });
  const whole = { ...report(), findings: [found] };
  const said = { report: whole, counts: { notChecked: 7 } as never, environment: "prod", run: undefined };
  expect(composeMessage({ ...said, drifted: "true" }, "json")).toMatchObject({
    notChecked: 7,
    findings: [{ overlays: ["a", "b"] }],
  });
  expect(composeMessage({ ...said, drifted: "true" }, "slack")).toMatchObject({
    text: expect.stringContaining("Deployment shop/web: differs (a and 1 more)"),
  });
});

describe("secrets", () => {
  const canary = "canary-4f9d1c77-e2";
  const other = "canary-of-the-live-side";
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const forms = [canary, other].flatMap((text) => [
    text,
    base64(text),
    base64(text).replace(/=+$/, ""),
    base64(base64(text)),
    Buffer.from(text).toString("hex"),
    encodeURIComponent(text),
    Buffer.from(`x${text}`).toString("base64").slice(4, -4),
    JSON.stringify(text),
  ]);
  const secret = readOne(
    `apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\nstringData: {password: ${canary}}\n`,
  );
  const web = readOne(
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {DB_PASSWORD: ${canary}, url: "https://u:${canary}@db"}\n`,
  );
  const live = (value: JsonObject, data: JsonObject): JsonObject => ({ ...value, data });

  test("reach no output, in no encoding", () => {
    const objects = [
      {
        resource: secret,
        live: live(secret.value, { password: base64(other), extra: base64(canary) }),
        fields: ["/data/password"],
      },
      {
        resource: web,
        live: live(web.value, { DB_PASSWORD: other, url: `https://u:${other}@db` }),
        fields: ["/data/DB_PASSWORD", "/data/url"],
      },
    ];
    const redactor = createRedactor(
      [
        { overlay: "", side: "base", resources: objects.map((each) => each.resource) },
        {
          overlay: "",
          side: "head",
          resources: objects.map((each) => ({ ...each.resource, text: "", value: each.live })),
        },
      ],
      new Uint8Array(32),
    );
    const manager = {
      name: `by ${canary}`,
      operation: "Update" as const,
      subresource: "",
      time: undefined,
      fields: {},
    };
    const findings = objects.flatMap(({ resource, live, fields }) =>
      driftFindings(
        { overlay: "shop", resource, redactor },
        {
          class: "compared",
          live,
          desired: resource.value,
          changed: fields.map((pointer) => {
            const name = pointer.slice("/data/".length);
            const data = live.data as JsonObject;
            const desired = resource === secret ? base64(canary) : (resource.value.data as JsonObject)[name]!;
            return {
              pointer,
              livePointer: pointer,
              desired,
              live: data[name],
              by: { manager: manager.name, operation: "Update" as const, subresource: "", time: undefined },
            };
          }),
          owned: [],
          ownedAdditions: [],
          unmanaged: [{ livePointer: "/data/extra", live: base64(canary), manager }],
          removedFromGit: [],
          ignored: [],
          welcome: 0,
          untold: "nothing",
          compared: 1,
          unknown: [],
        },
      ),
    );
    const whole = makeReport({ ...report(), findings });
    const outputs = [
      formatJson(whole),
      formatText(whole),
      formatMarkdown(whole, { limit: 1e6 }),
      formatSarif(whole, { version: "1.0.0" }),
      formatJUnit(whole),
      composeIssue({ ...parts, report: whole, now: day("2026-11-01") }, null).body,
      JSON.stringify(
        composeMessage(
          { report: whole, counts: {} as never, environment: "", drifted: "true", run: undefined },
          "json",
        ),
      ),
      JSON.stringify(
        composeMessage(
          { report: whole, counts: {} as never, environment: "", drifted: "true", run: undefined },
          "slack",
        ),
      ),
    ].join("\n");
    expect(outputs).toContain("key password differs");
    const ofSecret = findings.filter(({ resource }) => resource?.kind === "Secret");
    expect(ofSecret.every(({ expected, actual }) => expected === undefined && actual === undefined)).toBe(
      true,
    );
    for (const form of forms) expect(outputs.includes(form), form).toBe(false);
  });
});
