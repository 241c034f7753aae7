// Files of policies and what overlays make of them, brought together.
import {
  type BatchGroup,
  differencesOf,
  type FoundPolicies,
  lostPolicies,
  type PolicyObject,
  policiesAt,
  policyEngineOf,
  type RenderedPolicy,
  renderedPolicies,
  versionsOf,
} from "@gitops-actions/fleet";
import { parseManifests } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";

const policy = (name: string, action: string, more = "") => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ${name}${more}}
spec: {validationFailureAction: ${action}, rules: [{name: r}]}
---
`;

function found(files: Record<string, string>, foreign = false): FoundPolicies {
  const all: FoundPolicies = {
    ...{ rego: [], kyverno: [], gatekeeper: [], admission: [], others: [], aside: [] },
  };
  for (const [path, text] of Object.entries(files))
    for (const resource of parseManifests(text, path).resources)
      all[policyEngineOf(resource.id)!].push({ path, resource, ...(foreign && { foreign: true as const }) });
  return all;
}

function rendered(overlays: Record<string, string>): RenderedPolicy[] {
  const groups = Object.entries(overlays).map(([overlay, text]): BatchGroup => {
    const environment = /dev|prod/.exec(overlay)?.[0];
    const { resources } = parseManifests(text, overlay);
    return { overlay, resources, ...(environment && { environment }) };
  });
  return renderedPolicies(groups, (overlay) => ({ path: `${overlay}/kustomization.yaml`, line: 1 }));
}

const show = ({ path, resource: { id, value } }: PolicyObject) =>
  `${path} ${id.name} ${(value.spec as { validationFailureAction: string }).validationFailureAction}`;

function ask(files: FoundPolicies, renders: RenderedPolicy[], environment: string): string[][] {
  const place = { cluster: "", environment };
  return policiesAt(files, versionsOf(files, renders), place).map((set) => set.kyverno.map(show));
}

describe("what is asked", () => {
  const files = found({ "policies/p.yaml": policy("p", "Audit") });

  test("is the file where nothing renders it, and where all do as it says", () => {
    expect(ask(files, [], "dev")).toEqual([["policies/p.yaml p Audit"]]);
    const same = rendered({ "policies/dev": policy("p", "Audit", ", labels: {a: b}, namespace: x") });
    expect(ask(files, same, "dev")).toEqual([["policies/p.yaml p Audit"]]);
    expect(differencesOf(versionsOf(files, same))).toEqual([]);
  });

  test("is what an overlay of the place renders, else what any does", () => {
    const renders = rendered({
      "policies/dev": policy("p", "Audit"),
      "policies/prod": policy("p", "Enforce"),
    });
    expect(ask(files, renders, "dev")).toEqual([["policies/p.yaml p Audit"]]);
    expect(ask(files, renders, "prod")).toEqual([["policies/p.yaml p Enforce"]]);
    expect(ask(files, renders, "staging")).toEqual([
      ["policies/p.yaml p Audit"],
      ["policies/p.yaml p Enforce"],
    ]);
    expect(
      differencesOf(versionsOf(files, renders)).map(({ overlays, fields }) => ({ overlays, fields })),
    ).toEqual([{ overlays: ["policies/prod"], fields: ["spec.validationFailureAction"] }]);
  });

  test("keeps together what one overlay renders", () => {
    const both = (action: string) => policy("p", action) + policy("q", action);
    const renders = rendered({ "one/prod": both("Audit"), "two/prod": both("Enforce") });
    expect(ask(found({}), renders, "prod")).toEqual([
      ["one/prod/kustomization.yaml p Audit", "one/prod/kustomization.yaml q Audit"],
      ["two/prod/kustomization.yaml p Enforce", "two/prod/kustomization.yaml q Enforce"],
    ]);
  });

  test("leaves a patch out, and names a second copy that nothing renders", () => {
    const several = found({
      "policies/base/p.yaml": policy("p", "Audit"),
      "policies/old/p.yaml": policy("p", "Warn"),
      "policies/prod/patch.yaml":
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec: {validationFailureAction: Enforce}\n",
    });
    const renders = rendered({ "policies/prod": policy("p", "Enforce") });
    expect(ask(several, renders, "prod")).toEqual([["policies/base/p.yaml p Enforce"]]);
    expect(
      differencesOf(versionsOf(several, renders))
        .map(({ source }) => source.path)
        .sort(),
    ).toEqual(["policies/base/p.yaml", "policies/old/p.yaml"]);
  });

  test("is the file's under its own name, where kustomize puts something around it", () => {
    const renders = rendered({ "policies/prod": policy("our-p-1", "Audit") + policy("our-q-1", "Enforce") });
    const two = found({ "policies/p.yaml": policy("p", "Audit"), "policies/q.yaml": policy("q", "Audit") });
    expect(ask(two, renders, "prod")).toEqual([["policies/p.yaml p Audit", "policies/q.yaml q Enforce"]]);
    // A name that merely resembles one is another policy.
    const other = rendered({ "policies/prod": policy("p-strict", "Enforce") });
    expect(ask(files, other, "prod")).toEqual([
      ["policies/p.yaml p Audit", "policies/prod/kustomization.yaml p-strict Enforce"],
    ]);
  });

  test("is what a bundle has, whatever is rendered under its name", () => {
    const bundle = found({ "oci://bundle/p.yaml": policy("p", "Enforce") }, true);
    const renders = rendered({ "policies/prod": policy("p", "Audit") });
    expect(ask(bundle, rendered({ "policies/prod": policy("p", "Enforce") }), "prod")).toEqual([
      ["oci://bundle/p.yaml p Enforce"],
    ]);
    expect(ask(bundle, renders, "prod")).toEqual([
      ["oci://bundle/p.yaml p Enforce", "policies/prod/kustomization.yaml p Audit"],
    ]);
  });
});

describe("what is lost", () => {
  const lost = (base: Record<string, string>, head: Record<string, string>) =>
    lostPolicies(rendered(base), rendered(head), new Set(Object.keys(head))).map(
      ({ overlay, resource }) => `${resource.id.name} in ${overlay}`,
    );

  test("is what an overlay renders no more, whatever others render", () => {
    const p = policy("p", "Audit");
    expect(lost({ "a/prod": p }, { "a/prod": p })).toEqual([]);
    expect(lost({ "a/prod": p }, { "a/prod": "" })).toEqual(["p in a/prod"]);
    expect(lost({ "a/prod": p }, { "a/prod": "", "b/prod": p })).toEqual(["p in a/prod"]);
    expect(lost({ "a/prod": p }, {})).toEqual(["p in a/prod"]);
    // An overlay that moved, and one that gives names a prefix from now on.
    expect(lost({ "a/prod": p }, { "b/prod": p })).toEqual([]);
    expect(lost({ "a/prod": p }, { "b/dev": p })).toEqual(["p in a/prod"]);
    expect(lost({ "a/prod": p }, { "a/prod": policy("our-p", "Audit") })).toEqual([]);
  });
});
