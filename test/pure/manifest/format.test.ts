import {
  diffResources,
  diffValues,
  formatChange,
  type Json,
  parseManifests,
  type ResourceChange,
} from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyPair } from "./random.ts";

const change = (base: Json, head: Json): ResourceChange => ({
  kind: "changed",
  id: { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web" },
  fields: diffValues(base, head),
});
const lines = (base: Json, head: Json, options = {}) => formatChange(change(base, head), options).slice(1);

describe("a change as lines", () => {
  test("the example of the documentation", () => {
    const stream = (replicas: number, tag: string, more = "") =>
      parseManifests(
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  replicas: ${replicas}\n  template: {spec: {containers: [{name: web, image: "ghcr.io/x/web:${tag}"}]}}\n${more}`,
        "",
      ).resources;
    const added =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-config, namespace: shop}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n";
    const removed =
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: old}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
    expect(
      diffResources(stream(2, "1.2.0", removed), stream(3, "1.3.0", added)).flatMap((c) => formatChange(c)),
    ).toEqual([
      "- Secret old",
      "> Service a → b (renamed)",
      "+ ConfigMap shop/web-config",
      "~ Deployment shop/web",
      "    spec.replicas: 2 → 3",
      "    spec.template.spec.containers[name=web].image: ghcr.io/x/web:1.2.0 → ghcr.io/x/web:1.3.0",
    ]);
  });

  test("texts that could be taken for something else are quoted", () => {
    expect(lines({ a: 1, b: "x", c: true, d: "" }, { a: "1", b: " x", c: "yes", d: null })).toEqual([
      '    a: 1 → "1"',
      '    b: x → " x"',
      '    c: true → "yes"',
      '    d: "" → null',
    ]);
  });

  test("what appears and goes, and another order", () => {
    expect(lines({ a: { b: 1 } }, { c: ["x"] })).toEqual(['    - a: {"b":1}', '    + c: ["x"]']);
    expect(lines({ l: [{ name: "a" }, { name: "b" }] }, { l: [{ name: "b" }, { name: "a" }] })).toEqual([
      "    l: order name=a, name=b → name=b, name=a",
    ]);
  });

  test("long values are shortened around what differs, with the count of what is left out", () => {
    const long = (middle: string) => `${"a".repeat(300)}${middle}${"b".repeat(200)}`;
    expect(lines({ x: long("ONE") }, { x: long("TWO") })).toEqual([
      `    x: …(280 characters)…${"a".repeat(20)}ONE${"b".repeat(20)}…(180 characters)… → …(280 characters)…${"a".repeat(20)}TWO${"b".repeat(20)}…(180 characters)…`,
    ]);
    const [line] = lines({}, { x: "z".repeat(500) }) as [string];
    const kept = line.match(/z/g)?.length ?? 0;
    expect(line).toContain(`…(${500 - kept} characters)…`);
    expect(line.length).toBeLessThan(150);
  });

  test("texts of several lines are a line diff", () => {
    const text = (...changed: string[]) => ({
      f: `${["1", "2", "3", "4", "5", "6", ...changed, "7", "8", "9"].join("\n")}\n`,
    });
    expect(lines(text("old"), text("new", "newer"))).toEqual([
      "    f:",
      "    … 4 unchanged lines",
      "    │ 5",
      "    │ 6",
      "    - old",
      "    + new",
      "    + newer",
      "    │ 7",
      "    │ 8",
      "    │ 9",
    ]);
    expect(
      lines(text(...Array.from({ length: 90 }, (_, i) => `l${i}`)), text(), { maxLines: 10 }).at(-1),
    ).toBe("    … 86 more lines of this difference");
    expect(lines({ f: "a\nb\n" }, { f: "a\nb" })).toEqual([
      "    f:",
      "    │ a",
      "    - b",
      "    + b (no newline at the end)",
    ]);
  });

  test("control characters and workflow commands stay visible text", () => {
    const out = lines({ a: "x\n::error::y\n", b: "c" }, { a: "x2\n::error::y\n", b: "\u001b[2Jd\u202e" });
    expect(out.join("")).not.toContain("\u001b");
    expect(out.join("")).not.toContain("\u202e");
    expect(out.filter((line) => /^\s*::/.test(line))).toEqual([]);
    expect(out.at(-1)).toBe('    b: c → "\\u001b[2Jd\\u202e"');
  });
});

test("property: differences are never shown as equal, and every line stands for itself", () => {
  fc.assert(
    fc.property(anyPair, ([base, head]) => {
      const own = change(base, head);
      const shown = formatChange(own);
      expect(shown.length).toBeGreaterThan(own.fields.length);
      for (const line of shown) expect(line).not.toMatch(/[\r\n]/);
      for (const line of shown) {
        const [before, after] = line.split(" → ");
        if (after !== undefined) expect(before?.endsWith(`: ${after}`)).toBe(false);
      }
    }),
    { numRuns: 1_000 },
  );
});
