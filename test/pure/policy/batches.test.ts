import { makeBatches } from "@gitops-actions/fleet";
import { identityKey, parseManifests } from "@gitops-actions/manifest";
import fc from "fast-check";
import { expect, test } from "vitest";

const resource = (name: string, value: number) =>
  parseManifests(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {x: "${value}"}\n`, "t")
    .resources[0]!;

test("environments and clusters are kept apart", () => {
  const batches = makeBatches([
    { overlay: "a/dev", environment: "dev", resources: [resource("a", 1)] },
    { overlay: "a/prod", environment: "prod", resources: [resource("a", 1)] },
    { overlay: "b/prod", environment: "prod", cluster: "eu", resources: [resource("a", 1)] },
    { overlay: "c/prod", environment: "prod", resources: [resource("b", 1)] },
  ]);
  expect(
    batches.map(({ environment, cluster, items }) => [
      environment,
      cluster,
      items.map((item) => item.overlays),
    ]),
  ).toEqual([
    ["dev", "", [["a/dev"]]],
    ["prod", "", [["a/prod"], ["c/prod"]]],
    ["prod", "eu", [["b/prod"]]],
  ]);
});

test("no batch has an identity twice, nothing is lost, and there are no more batches than needed", () => {
  const arbitrary = fc.array(
    fc.record({
      environment: fc.constantFrom("dev", "prod"),
      resources: fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(2)), { maxLength: 6 }),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(arbitrary, (given) => {
      const groups = given.map(({ environment, resources }, index) => ({
        overlay: `o${index}`,
        environment,
        resources: resources.map(([name, value]) => resource(name, value)),
      }));
      const batches = makeBatches(groups);
      for (const { items } of batches) {
        const keys = items.map((item) => identityKey(item.resource.id));
        expect(new Set(keys).size).toBe(keys.length);
      }
      const placed = batches.flatMap(({ environment, items }) =>
        items.flatMap((item) =>
          item.overlays.map((overlay) => `${environment} ${overlay} ${item.resource.text}`),
        ),
      );
      const wanted = groups.flatMap(({ environment, overlay, resources }) =>
        resources.map(({ text }) => `${environment} ${overlay} ${text}`),
      );
      expect([...new Set(placed)].sort()).toEqual([...new Set(wanted)].sort());
      for (const environment of ["dev", "prod"]) {
        const all = groups
          .filter((group) => group.environment === environment)
          .flatMap((group) => group.resources);
        const versions = Map.groupBy(all, ({ id }) => id.name);
        const most = Math.max(
          0,
          ...[...versions.values()].map((each) => new Set(each.map(({ text }) => text)).size),
        );
        expect(batches.filter((batch) => batch.environment === environment).length).toBe(most);
      }
    }),
  );
});
