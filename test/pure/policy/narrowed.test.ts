import type { FoundPolicies } from "@gitops-actions/fleet";
import { createRedactor, parseManifests } from "@gitops-actions/manifest";
import { expect, test } from "vitest";
import { findNarrowed } from "../../../actions/policy-check/src/change/narrowed.ts";
import { narrowerMatches } from "../../../actions/policy-check/src/change/narrowermatch.ts";
import type { EngineRun } from "../../../actions/policy-check/src/engines.ts";

const redactor = createRedactor([], Buffer.from("key"));
const name = "gatekeeper Limit/c";

function constraint(match: string): FoundPolicies {
  const text = `apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Limit\nmetadata: {name: c}\nspec: {match: {${match}}}\n`;
  const resource = parseManifests(text, "p").resources[0]!;
  return {
    ...{ rego: [], kyverno: [], admission: [], others: [], aside: [] },
    gatekeeper: [{ path: "p.yaml", resource }],
  };
}

const kinds = (groups: string, names: string) => `kinds: [{apiGroups: [${groups}], kinds: [${names}]}]`;
const expressions = (text: string) => `labelSelector: {matchExpressions: [${text}]}`;

test.each([
  ["kinds", "", kinds("apps", "Deployment")],
  ["kinds", kinds("apps", "Deployment, StatefulSet"), kinds("apps", "Deployment")],
  ["kinds", kinds("apps", '"*"'), kinds("apps", "Deployment")],
  ["namespaces", "", "namespaces: [shop]"],
  ["namespaces", "namespaces: [shop, lab]", "namespaces: [shop]"],
  ["namespaces", 'namespaces: ["team-*"]', "namespaces: [team-a]"],
  ["excludedNamespaces", "excludedNamespaces: [lab]", "excludedNamespaces: [lab, shop]"],
  ["excludedNamespaces", "excludedNamespaces: [team-a]", 'excludedNamespaces: ["team-*"]'],
  ["namespaceSelector", "", "namespaceSelector: {matchLabels: {env: prod}}"],
  ["labelSelector", "labelSelector: {matchLabels: {a: b}}", "labelSelector: {matchLabels: {a: b, c: d}}"],
  [
    "labelSelector",
    expressions("{key: a, operator: In, values: [b, c]}"),
    expressions("{key: a, operator: In, values: [b]}"),
  ],
  [
    "labelSelector",
    expressions("{key: a, operator: NotIn, values: [b]}"),
    expressions("{key: a, operator: NotIn, values: [b, c]}"),
  ],
  ["name", "", "name: web"],
  ["scope", 'scope: "*"', "scope: Namespaced"],
  ["source", "source: All", "source: Original"],
])("%s that leave out more are told, and the reverse is not", (field, before, after) => {
  const [old, now] = [constraint(before), constraint(after)];
  expect([...narrowerMatches(old, now)]).toEqual([[name, [field]]]);
  expect([...narrowerMatches(now, old)]).toEqual([]);
  expect([...narrowerMatches(now, now)]).toEqual([]);
});

const run = (matched: number, notEvaluated: string[] = []): EngineRun[] => [
  {
    name: "gatekeeper",
    outcomes: [
      {
        ...{ statements: [], failures: [] },
        counts: [
          { policy: "Limit/c", evaluated: 3, matched, passed: matched, warned: 0, failed: 0, notEvaluated },
        ],
      },
    ],
    ...{ failures: [], skipped: [], notes: [] },
  },
];

test("it is one finding: by how many resources where these are fewer, else by the fields", () => {
  const matches = new Map([[name, ["namespaceSelector"]]]);
  const messages = (...[before, after]: [EngineRun[], EngineRun[]]) =>
    findNarrowed(before, after, 1, matches, redactor).map(({ message }) => message);
  expect(messages(run(3), run(1))).toEqual([
    `this change has ${name} look at 1 of the 3 resources that it looks at now`,
  ]);
  const less = `this change has ${name} look at less than it could now: its match leaves out more (namespaceSelector)`;
  expect(messages(run(3), run(3))).toEqual([less]);
  expect(messages(run(3), run(0, ["labels of namespace shop unknown"]))).toEqual([less]);
  expect(findNarrowed(run(3), run(3), 1, new Map(), redactor)).toEqual([]);
});
