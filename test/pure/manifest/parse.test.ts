import { formatIdentity, type Problem, parseManifests } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";

const names = (text: string) =>
  parseManifests(text, "f.yaml").resources.map((r) => formatIdentity(r.id, true));
const problems = (text: string) => parseManifests(text, "f.yaml").problems;
const where = ({ code, line, column, document }: Problem) => [code, line, column, document];
const configMap = (name: string, data = "{}") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata: ${data}\n`;

describe("documents of a stream", () => {
  test("a resource has its own text, its line and its identity", () => {
    const text = `# licence\n---\n# Source: chart/templates/a.yaml\n${configMap("a")}---\n${configMap("b")}`;
    const { resources, empty, problems: found } = parseManifests(text, "f.yaml");
    expect(found).toEqual([]);
    expect(empty).toBe(0);
    expect(resources.map((r) => [r.id.name, r.document, r.line])).toEqual([
      ["a", 0, 3],
      ["b", 1, 10],
    ]);
    expect(resources[0]?.text).toBe(`# Source: chart/templates/a.yaml\n${configMap("a")}`);
    expect(resources[1]?.text).toBe(configMap("b"));
    expect(resources[0]?.id).toEqual({
      group: "",
      version: "v1",
      kind: "ConfigMap",
      namespace: "",
      name: "a",
    });
  });

  test.each([
    ["nothing", "", 0],
    ["white space", "\n  \n", 0],
    ["comments only", "# a\n# b\n", 1],
    ["a marker only", "---\n", 1],
    ["comments between markers", `---\n# nothing\n---\n${configMap("a")}---\n`, 2],
    ["an explicit null", `--- null\n---\n${configMap("a")}`, 1],
    ["a comment behind the marker", `--- # c\n---\n${configMap("a")}`, 1],
  ])("%s counts as empty", (_, text, empty) => {
    const read = parseManifests(text, "f.yaml");
    expect([read.empty, read.problems]).toEqual([empty, []]);
  });

  test("`---` inside a block scalar is text when indented, and a marker at the start of a line", () => {
    const { resources } = parseManifests(configMap("a", "\n  x: |\n    ---\n    y\n"), "f.yaml");
    expect(resources[0]?.value.data).toEqual({ x: "---\ny\n" });
    expect(names(configMap("a", "\n  x: |\n    y\n---\n") + configMap("b"))).toHaveLength(2);
  });

  test("content may follow the marker, and `...` ends a document", () => {
    expect(
      names(
        '--- {apiVersion: v1, kind: A, metadata: {name: x}}\n...\n---\n{"apiVersion":"v1","kind":"B","metadata":{"name":"y"}}',
      ),
    ).toEqual(["v1 A x", "v1 B y"]);
    const directives = `%YAML 1.1\n---\n${configMap("a")}...\n%YAML 1.1\n---\n${configMap("b")}`;
    expect(names(directives)).toHaveLength(2);
    expect(problems(directives)).toEqual([]);
  });

  test("CRLF, a lone CR and a byte order mark change nothing but the text", () => {
    const text = `\ufeff---\n${configMap("a", "\n  x: |\n    1\n    2\n")}---\n${configMap("b")}`;
    for (const end of ["\r\n", "\r"]) {
      const { resources, problems: found } = parseManifests(text.replaceAll("\n", end), "f.yaml");
      expect(found).toEqual([]);
      expect(resources.map((r) => r.line)).toEqual([2, 12]);
      expect(resources[0]?.value.data).toEqual({ x: "1\n2\n" });
      expect(resources[1]?.text).toBe(configMap("b").replaceAll("\n", end));
    }
  });

  test("one bad document does not lose the others", () => {
    const text = `${configMap("a")}---\na: [1\n---\n${configMap("b")}---\n- 1\n---\nkind: X\n`;
    expect(names(text)).toEqual(["v1 ConfigMap a", "v1 ConfigMap b"]);
    expect(problems(text).map(where)).toEqual([
      ["syntax", 8, 1, 1],
      ["not-an-object", 15, 1, 3],
      ["no-api-version", 17, 1, 4],
    ]);
  });
});

describe("lists", () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: x # c\n- apiVersion: v1\n  kind: List\n  items:\n    - apiVersion: v1\n      kind: B\n      metadata: {name: w}\n      s: |\n        1\n\n        2\n- {apiVersion: v1, kind: C, metadata: {name: z}}\n`;

  test("items and lists of lists are resources, each with a text of its own", () => {
    const { resources, problems: found } = parseManifests(list, "f.yaml");
    expect(found).toEqual([]);
    expect(resources.map((r) => [r.id.kind, r.document, r.text])).toEqual([
      ["A", 0, "apiVersion: v1\nkind: A\nmetadata:\n  name: x # c\n"],
      ["B", 0, "apiVersion: v1\nkind: B\nmetadata: {name: w}\ns: |\n  1\n\n  2\n"],
      ["C", 0, "{apiVersion: v1, kind: C, metadata: {name: z}}\n"],
    ]);
    for (const resource of resources)
      expect(parseManifests(resource.text, "").resources[0]?.value).toEqual(resource.value);
  });

  test("an item that refers to an anchor outside it is written anew", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata: {name: a, labels: &l {x: "1"}}\n- apiVersion: v1\n  kind: A\n  metadata: {name: b, labels: *l}\n`;
    const { resources } = parseManifests(text, "f.yaml");
    expect(resources).toHaveLength(2);
    expect(parseManifests(resources[1]?.text ?? "", "").resources[0]?.value).toEqual(resources[1]?.value);
  });

  test("a typed list gives its items what they leave out", () => {
    expect(names("apiVersion: apps/v1\nkind: DeploymentList\nitems: [{metadata: {name: a}}]")).toEqual([
      "apps/v1 Deployment a",
    ]);
  });

  test("a list without items is empty; a resource that has items and a name is no list", () => {
    expect(parseManifests("apiVersion: v1\nkind: List\nitems: []\n", "").empty).toBe(1);
    const missing = parseManifests("apiVersion: v1\nkind: List\nitems: [null]\n", "");
    expect([missing.empty, missing.problems.map(({ message }) => message)]).toEqual([
      0,
      ["expected a Kubernetes object (apiVersion, kind, metadata), found null"],
    ]);
    expect(names("apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}\nitems: [b]")).toEqual([
      "x.io/v1 AllowList a",
    ]);
  });

  test("a bad item is a problem with its own line", () => {
    expect(problems("apiVersion: v1\nkind: List\nitems:\n- 1\n- kind: A\n").map(where)).toEqual([
      ["not-an-object", 4, 3, 0],
      ["no-api-version", 5, 3, 0],
    ]);
  });
});

describe("identity", () => {
  test("generateName stands for a name that cannot exist", () => {
    expect(
      names("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-, namespace: shop}"),
    ).toEqual(["batch/v1 Job shop/migrate-*"]);
  });
  test.each([
    ["apiVersion: v1\nmetadata: {name: a}", "no-kind"],
    ["apiVersion: v1\nkind: A", "no-name"],
    ["apiVersion: v1\nkind: A\nmetadata: {name: 123}", "no-name"],
    ["apiVersion: 1\nkind: A\nmetadata: {name: a}", "no-api-version"],
    ["text", "not-an-object"],
  ])("%j is refused: %s", (text, code) => {
    expect(problems(text).map((p) => p.code)).toEqual([code]);
  });
});

describe("what cannot be read", () => {
  test("every duplicate key is named, the last value counts", () => {
    const text = `---\n${configMap("a", "\n  x: 1\n  z: 2\n  x: 3").trim()}\nmetadata: {name: b}\n`;
    expect(problems(text).map(where)).toEqual([
      ["duplicate-key", 9, 3, 0],
      ["duplicate-key", 10, 1, 0],
    ]);
    expect(problems(text)[0]?.message).toContain('"x" (first on line 7)');
    const [resource] = parseManifests(text, "").resources;
    expect([resource?.id.name, resource?.value.data]).toEqual(["b", { x: 3, z: 2 }]);
  });

  test("NUL and UTF-16 are told apart", () => {
    expect(problems(`${configMap("a")}\0`).map((p) => [p.code, p.line, p.message])).toEqual([
      ["encoding", 6, expect.stringContaining("NUL")],
    ]);
    const wide = Buffer.from(`\ufeff${configMap("a")}`, "utf16le").toString("utf8");
    expect(problems(wide)[0]?.message).toContain("UTF-16");
  });

  test("an alias bomb is refused at once, however it is nested", () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `a${i}: &a${i} [${i ? `*a${i - 1},*a${i - 1},*a${i - 1}` : "x"}]`,
    );
    expect(
      problems(`apiVersion: v1\nkind: A\nmetadata: {name: a}\n${levels.join("\n")}\n`).map((p) => p.code),
    ).toEqual(["alias-bomb"]);
  });

  test("an anchor inside itself is refused", () => {
    expect(problems("a: &x\n  b: *x\n").map(where)).toEqual([["alias-cycle", 2, 6, 0]]);
    expect(problems("a: *x\n").map(where)).toEqual([["syntax", 1, 4, 0]]);
  });

  test("very deep nesting is refused", () => {
    expect(problems("[".repeat(100_000)).map((p) => p.code)).toEqual(["syntax"]);
  });

  test("a value that does not fit its tag, a key that is none", () => {
    expect(problems("a: !!int x\n").map((p) => p.code)).toContain("bad-tag");
    expect(problems("? [a]\n: 1\n").map((p) => p.code)).toContain("bad-key");
  });
});

describe("size", () => {
  test("10,000 documents and a map of 40,000 keys take seconds", () => {
    const began = performance.now();
    const many = Array.from({ length: 10_000 }, (_, i) => configMap(`c${i}`, `{a: "${i}"}`)).join("---\n");
    expect(parseManifests(many, "").resources).toHaveLength(10_000);
    const keys = Array.from({ length: 40_000 }, (_, i) => `  key-${i}: v\n`).join("");
    const read = parseManifests(configMap("big", `\n${keys}  key-7: again\n`), "");
    expect(read.problems.map((p) => [p.code, p.line])).toEqual([["duplicate-key", 40_006]]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("ten times the documents take at most some twenty times as long", () => {
    const time = (count: number) => {
      const text = `---\n${"# comment\n".repeat(3)}${configMap("a", '{a: "---"}')}`.repeat(count);
      const began = performance.now();
      parseManifests(text, "");
      return performance.now() - began;
    };
    time(500);
    expect(time(20_000)).toBeLessThan(Math.max(20 * time(2_000), 5_000));
  });
});
