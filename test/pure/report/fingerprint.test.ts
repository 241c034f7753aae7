import { fingerprint, makeFinding, nameField } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deployment } from "./samples.ts";

const parts = { rule: "validate/type", resource: deployment, field: "spec.replicas" };

describe("a fingerprint", () => {
  test("changes with rule, identity, field and discriminator", () => {
    const prints = [
      parts,
      { ...parts, rule: "validate/range" },
      { ...parts, resource: { ...deployment, kind: "StatefulSet" } },
      { ...parts, resource: { ...deployment, group: "extensions" } },
      { ...parts, resource: { ...deployment, namespace: "other" } },
      { ...parts, resource: { ...deployment, name: "api" } },
      { ...parts, field: "spec.paused" },
      { ...parts, discriminator: "second" },
      { rule: "validate/type", path: "a.yaml" },
      { rule: "validate/type", path: "b.yaml" },
    ].map(fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{32}$/);
  });

  test("is the same for all API versions of one object", () => {
    expect(fingerprint({ ...parts, resource: { ...deployment, version: "v1beta1" } })).toBe(
      fingerprint(parts),
    );
  });

  test("is stable over releases: these very bytes stand in published reports", () => {
    expect(fingerprint(parts)).toBe("7c0dc9e0d4435b4aa7c9abf3eae87ee2");
  });

  test("leaves out the hash of a generated ConfigMap or Secret, and of nothing else", () => {
    const map = (name: string, kind = "ConfigMap", group = "") =>
      fingerprint({ rule: "r", resource: { group, version: "v1", kind, namespace: "", name } });
    expect(map("app-g4hk9g2ff8")).toBe(map("app-kf56d4m2h7"));
    expect(map("app-g4hk9g2ff8", "Secret")).toBe(map("app", "Secret"));
    expect(map("app-g4hk9g2ff8", "Deployment", "apps")).not.toBe(map("app", "Deployment", "apps"));
    expect(map("app-production")).not.toBe(map("app"));
  });

  test("ignores line, column, message and severity", () => {
    const made = (line: number, message: string, severity: "error" | "notice") =>
      makeFinding({
        rule: "r",
        severity,
        message,
        location: { path: "a.yaml", line, precision: "exact", via: [] },
      });
    expect(made(1, "a", "error").fingerprint).toBe(made(99, "b", "notice").fingerprint);
  });
});

describe("a named field", () => {
  const value = {
    spec: {
      containers: [
        {
          name: "app",
          ports: [
            { containerPort: 53, protocol: "UDP" },
            { containerPort: 53, protocol: "TCP" },
          ],
        },
        { name: "sidecar", args: ["--a", "--b"] },
      ],
    },
    data: { "a/b~c": "x", "0": "y" },
  };

  test("names list items by their merge key", () => {
    expect(nameField("/spec/containers/0/image", value)).toBe("spec.containers[name=app].image");
    expect(nameField("/spec/containers/0/ports/1", value)).toBe(
      "spec.containers[name=app].ports[containerPort=53,protocol=TCP]",
    );
    expect(nameField("/spec/containers/1/args/0", value)).toBe("spec.containers[name=sidecar].args[]");
    expect(nameField("/spec/containers/7", value)).toBe("spec.containers[]");
  });

  test("tells a key from an index, and unescapes", () => {
    expect(nameField("/data/0", value)).toBe("data.0");
    expect(nameField("/data/a~1b~0c", value)).toBe('data["a/b~c"]');
    expect(nameField("/data/x.y", value)).toBe('data["x.y"]');
    expect(nameField("", value)).toBe("");
    expect(nameField("/spec/containers/0/image")).toBe("spec.containers[].image");
  });

  test("does not move when an item is inserted before it", () => {
    const item = fc.record({ name: fc.string({ minLength: 1 }), image: fc.string() });
    fc.assert(
      fc.property(
        fc.uniqueArray(item, { minLength: 2, selector: ({ name }) => name }),
        fc.nat(),
        ([first, ...rest], nth) => {
          const at = nth % rest.length;
          const before = nameField(`/spec/${at}/image`, { spec: rest });
          const after = nameField(`/spec/${at + 1}/image`, { spec: [first!, ...rest] });
          expect(after).toBe(before);
        },
      ),
    );
  });

  test("never throws, whatever the pointer", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.jsonValue(),
        (pointer, json) => void nameField(pointer, json as never),
      ),
    );
  });
});
