import { diffResources, groupChanges, parseManifests } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";

function deployment(image: string, grace: number, replicas: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  template:
    spec:
      terminationGracePeriodSeconds: ${grace}
      containers: [{name: app, image: "${image}"}]
`;
}

function changes(before: string, after: string) {
  return diffResources(parseManifests(before, "base").resources, parseManifests(after, "head").resources);
}

describe("changes that reach different overlays", () => {
  const groups = groupChanges(
    new Map([
      ["dev", changes(deployment("web:1", 30, 1), deployment("web:2", 60, 1))],
      ["staging", changes(deployment("web:1", 30, 2), deployment("web:1", 60, 2))],
      ["prod", changes(deployment("web:0", 30, 3), deployment("web:0", 60, 5))],
    ]),
  );

  test("what a base changes everywhere is one group, whatever else an overlay changes in the same resource", () => {
    expect(
      groups.map(({ overlays, change }) => [overlays, change.fields.map((field) => field.path)]),
    ).toEqual([
      [["dev", "prod", "staging"], ["spec.template.spec.terminationGracePeriodSeconds"]],
      [["dev"], ["spec.template.spec.containers[name=app].image"]],
      [["prod"], ["spec.replicas"]],
    ]);
  });

  test("no field change is lost or told twice", () => {
    const told = groups.flatMap(({ overlays, change }) =>
      overlays.flatMap((overlay) => change.fields.map((field) => `${overlay} ${field.path}`)),
    );
    expect(told.toSorted()).toEqual([...new Set(told)].toSorted());
    expect(told).toHaveLength(5);
  });
});
