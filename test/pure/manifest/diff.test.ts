import {
  diffResources,
  diffValues,
  equalJson,
  fieldPath,
  findDuplicates,
  formatIdentity,
  type Json,
  parseManifests,
  type Resource,
  valueAt,
  writeJson,
} from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyChanges } from "./apply.ts";
import { anyJson, anyPair } from "./random.ts";

const read = (text: string): Resource[] => {
  const { resources, problems } = parseManifests(text, "f.yaml");
  expect(problems).toEqual([]);
  return resources;
};
const paths = (base: Json, head: Json) => diffValues(base, head).map((c) => [c.path, c.base, c.head]);
const summary = (base: string, head: string) =>
  diffResources(read(base), read(head)).map((c) => [
    c.kind,
    formatIdentity(c.id),
    ...(c.previousId ? [formatIdentity(c.previousId)] : []),
    ...c.fields.map((f) => f.path),
  ]);
const object = (kind: string, name: string, rest = "", apiVersion = "v1") =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\n${rest}\n`;

describe("fields", () => {
  test("items are named by the key of their list, and keep the name when they move", () => {
    const base = {
      containers: [
        {
          name: "app",
          image: "a:1",
          env: [{ name: "X", value: "1" }],
          ports: [{ containerPort: 80 }],
          volumeMounts: [{ mountPath: "/a", name: "v" }],
        },
        { name: "side", image: "s" },
      ],
      tolerations: [
        { key: "k", effect: "NoSchedule" },
        { key: "k", effect: "NoExecute" },
      ],
    };
    const head = {
      containers: [
        { name: "init", image: "i" },
        {
          name: "app",
          image: "a:2",
          env: [{ name: "X", value: 1 }],
          ports: [{ containerPort: 80, protocol: "UDP" }],
          volumeMounts: [{ mountPath: "/a", name: "w" }],
        },
        { name: "side", image: "s" },
      ],
      tolerations: [
        { key: "k", effect: "NoSchedule", value: "v" },
        { key: "k", effect: "NoExecute" },
      ],
    };
    expect(paths(base, head)).toEqual([
      ["containers[name=app].env[name=X].value", "1", 1],
      ["containers[name=app].image", "a:1", "a:2"],
      ["containers[name=app].ports[containerPort=80].protocol", undefined, "UDP"],
      ["containers[name=app].volumeMounts[mountPath=/a].name", "v", "w"],
      ["containers[name=init]", undefined, { name: "init", image: "i" }],
      ["tolerations[key=k,effect=NoSchedule].value", undefined, "v"],
    ]);
    const image = diffValues(base, head).find((c) => c.path.endsWith("image"));
    expect([image?.pointer, image?.basePointer]).toEqual(["/containers/1/image", "/containers/0/image"]);
    expect(fieldPath(head, "/containers/1/env/0/value")).toBe("containers[name=app].env[name=X].value");
  });

  test("two ports of one number are told apart by their protocol", () => {
    const ports = (...extra: Json[]) => ({
      ports: [{ port: 53, protocol: "TCP" }, { port: 53, protocol: "UDP" }, ...extra],
    });
    expect(paths(ports(), ports({ port: 80 }))).toEqual([["ports[port=80]", undefined, { port: 80 }]]);
  });

  test("lists without a key are aligned, not compared by position", () => {
    expect(paths({ args: ["a", "b", "c", "d"] }, { args: ["a", "x", "c", "e", "d"] })).toEqual([
      ["args[1]", "b", "x"],
      ["args[3]", undefined, "e"],
    ]);
    expect(paths({ args: ["a", "b", "c"] }, { args: ["b", "c"] })).toEqual([["args[0]", "a", undefined]]);
  });

  test("another order of named items is a change", () => {
    const list = (...names: string[]) => ({ initContainers: names.map((name) => ({ name })) });
    expect(diffValues(list("a", "b", "c"), list("c", "a", "b"))).toEqual([
      {
        pointer: "/initContainers",
        path: "initContainers",
        base: ["name=a", "name=b", "name=c"],
        head: ["name=c", "name=a", "name=b"],
        order: true,
      },
    ]);
  });

  test("a number and a text differ, a field that is null and one that is absent too, the order of keys does not", () => {
    expect(paths({ a: 1 }, { a: "1" })).toEqual([["a", 1, "1"]]);
    expect(paths({}, { a: null })).toEqual([["a", undefined, null]]);
    expect(paths({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
    expect(paths({ a: 1n << 60n }, { a: (1n << 60n) + 1n })).toHaveLength(1);
  });

  test("names with dots are quoted", () => {
    expect(
      paths(
        { metadata: { labels: {} } },
        { metadata: { labels: { "app.kubernetes.io/name": "x" } } },
      )[0]?.[0],
    ).toBe('metadata.labels["app.kubernetes.io/name"]');
  });

  test("two long lists that share nothing are compared in seconds", () => {
    const began = performance.now();
    const list = (prefix: string) => ({ a: Array.from({ length: 20_000 }, (_, i) => `${prefix}${i}`) });
    expect(diffValues(list("a"), list("b"))).toHaveLength(20_000);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("property: a value does not differ from itself", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(diffValues(value, structuredClone(value))).toEqual([]);
      }),
    );
  });

  test("property: applied to the base, the changes give the head", () => {
    const holds = (base: Json, head: Json) => {
      const result = applyChanges(base, diffValues(base, head));
      if (!equalJson(result, head)) expect(writeJson(result)).toBe(writeJson(head));
    };
    fc.assert(
      fc.property(anyPair, ([base, head]) => holds(base, head)),
      { numRuns: 3_000 },
    );
    fc.assert(fc.property(anyJson, anyJson, holds), { numRuns: 1_000 });
  });

  test("property: pointers lead to the values they tell, paths are one a change", () => {
    fc.assert(
      fc.property(anyPair, ([base, head]) => {
        const changes = diffValues(base, head);
        for (const change of changes) {
          if (change.order) continue;
          if (change.head !== undefined)
            expect(equalJson(valueAt(head, change.pointer), change.head)).toBe(true);
          if (change.base !== undefined)
            expect(equalJson(valueAt(base, change.basePointer ?? change.pointer), change.base)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("resources", () => {
  test("added, removed, changed; the order of resources does not count", () => {
    const a = object("ConfigMap", "a", "data: {x: '1'}");
    const b = object("Service", "b");
    const c = object("Deployment", "c", "spec: {replicas: 1}", "apps/v1");
    expect(summary(a + b + c, c + b + a)).toEqual([]);
    expect(summary(a + c, b + c.replace("1}", "2}"))).toEqual([
      ["removed", "ConfigMap shop/a"],
      ["changed", "Deployment shop/c", "spec.replicas"],
      ["added", "Service shop/b"],
    ]);
  });

  test("only comments, quotes and layout differ: no change", () => {
    expect(
      summary(object("ConfigMap", "a", "data: {x: '1'}"), object("ConfigMap", "a", 'data:\n  x: "1" # one')),
    ).toEqual([]);
  });

  test("another version of the API is a change of the same resource", () => {
    const [change] = diffResources(
      read(object("Deployment", "a", "", "apps/v1beta1")),
      read(object("Deployment", "a", "", "apps/v1")),
    );
    expect([change?.kind, change?.previousId?.version, change?.fields.map((f) => f.path)]).toEqual([
      "changed",
      "v1beta1",
      ["apiVersion"],
    ]);
  });

  test("a new hash of a generated name is a change with both names", () => {
    const map = (hash: string, value: string) => object("ConfigMap", `conf-${hash}`, `data: {x: '${value}'}`);
    expect(summary(map("2456789bcd", "1"), map("fghkmt2456", "2"))).toEqual([
      ["changed", "ConfigMap shop/conf-fghkmt2456", "ConfigMap shop/conf-2456789bcd", "data.x"],
    ]);
    // Letters that kustomize's hashes never have.
    expect(summary(map("aaaaaaaaaa", "1"), map("eeeeeeeeee", "2")).map((c) => c[0])).toEqual([
      "removed",
      "added",
    ]);
    // The same letters in the name of another kind are no hash.
    expect(
      summary(object("Service", "s-2456789bcd"), object("Service", "s-fghkmt2456", "spec: {a: 1}")).map(
        (c) => c[0],
      ),
    ).toEqual(["removed", "added"]);
  });

  test("equal content under another name is a rename, references to it and to others renamed included", () => {
    const base =
      object("Service", "web", "spec: {selector: {app: web}}") +
      object("Ingress", "in", "spec: {service: web}", "networking.k8s.io/v1") +
      object("ConfigMap", "web-config", "data: {host: web.shop.svc}");
    const head = base.replaceAll(/\bweb\b/g, "shop-web").replace("name: in,", "name: shop-in,");
    expect(summary(base, head)).toEqual([
      ["renamed", "ConfigMap shop/shop-web-config", "ConfigMap shop/web-config"],
      ["renamed", "Ingress shop/shop-in", "Ingress shop/in"],
      ["renamed", "Service shop/shop-web", "Service shop/web"],
    ]);
  });

  test("what differs in more than the name, in kind or in namespace is no rename", () => {
    const kinds = (base: string, head: string) =>
      summary(base, head)
        .map((c) => c[0])
        .sort();
    expect(kinds(object("Service", "a", "spec: {x: 1}"), object("Service", "b", "spec: {x: 2}"))).toEqual([
      "added",
      "removed",
    ]);
    expect(kinds(object("Service", "a"), object("Endpoints", "b"))).toEqual(["added", "removed"]);
    expect(kinds(object("Service", "a"), object("Service", "b").replace("shop", "other"))).toEqual([
      "added",
      "removed",
    ]);
    // Which of two equal ones became the third cannot be told.
    expect(kinds(object("Service", "a") + object("Service", "b"), object("Service", "c"))).toEqual([
      "added",
      "removed",
      "removed",
    ]);
  });

  test("one identity twice: equal occurrences are partners, the others are compared, and all are marked", () => {
    const one = object("ConfigMap", "a", "data: {x: '1'}");
    const two = object("ConfigMap", "a", "data: {x: '2'}");
    const changes = diffResources(
      read(one + two),
      read(two + object("ConfigMap", "a", "data: {x: '3'}") + one + two),
    );
    expect(changes.map((c) => [c.kind, c.duplicate])).toEqual([
      ["added", true],
      ["added", true],
    ]);
    expect(
      findDuplicates(read(one + two + object("ConfigMap", "b"))).map((g) => g.map((r) => r.id.name)),
    ).toEqual([["a", "a"]]);
  });

  test("property: the diff of a render with itself is empty, and turned round it says the opposite", () => {
    const kind = fc.constantFrom("ConfigMap", "Secret", "Service");
    const name = fc.constantFrom("a", "b", "a-2456789bcd", "a-kkkkkkkkkk");
    const stream = fc
      .array(fc.tuple(kind, name, fc.constantFrom("1", "2")), { maxLength: 6 })
      .map((items) => read(items.map(([k, n, v]) => object(k, n, `data: {x: '${v}'}`)).join("")));
    const opposite = { added: "removed", removed: "added", changed: "changed", renamed: "renamed" };
    fc.assert(
      fc.property(stream, stream, (base, head) => {
        expect(diffResources(base, base.toReversed())).toEqual([]);
        const there = diffResources(base, head)
          .map((c) => opposite[c.kind])
          .sort();
        expect(
          diffResources(head, base)
            .map((c) => c.kind)
            .sort(),
        ).toEqual(there);
      }),
      { numRuns: 500 },
    );
  });
});
