import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const root = join(import.meta.dirname, "../../..");

/** Hosts that the examples may name: example domains, what is inside a cluster, and what Flux and Argo CD fetch. */
const meant = [
  /(?:^|\.)example\.com$/,
  /\.svc$/,
  /^(?:payments|\{\{ \.Release\.Name \}\})$/,
  /^traefik\.github\.io$/,
  /^(?:github\.com|raw\.githubusercontent\.com)\/org\//,
];

interface Manifest {
  kind?: string;
  data?: object;
  stringData?: object;
  secretGenerator?: { literals?: string[] }[];
}

let files: Map<string, string>;

beforeAll(async () => {
  const entries = await readdir(join(root, "examples"), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  files = new Map(
    await Promise.all(
      paths.map(async (path) => [relative(root, path), await readFile(path, "utf8")] as const),
    ),
  );
});

test("the examples are plain files: no links, nothing binary, a newline at the end", async () => {
  const entries = await readdir(join(root, "examples"), { recursive: true, withFileTypes: true });
  expect(entries.filter((entry) => !entry.isFile() && !entry.isDirectory())).toEqual([]);
  for (const [path, text] of files) {
    expect(text, path).not.toMatch(/\0|\r|\uFFFD|[ \t]$/m);
    expect(text.endsWith("\n"), path).toBe(true);
  }
});

test("no secret is in the examples, and every Secret is encrypted but the login of dev's mail catcher", () => {
  const secret =
    /PRIVATE KEY|AKIA[0-9A-Z]{16}|\bgh[pousr]_\w{20}|\bxox[abp]-|eyJ[\w-]{10,}\.eyJ|(?:password|passwd|api[-_]?key|token)["']?\s*[:=]\s*["']?[^\s"'{<$]{6,}/i;
  let encrypted = 0;
  const generated: string[] = [];
  for (const [path, text] of files) {
    // The name of a key in a Secret is not its value.
    const found = secret.exec(text.replaceAll(/key: api-key/g, ""))?.[0];
    expect({ path, found }).toEqual({ path, found: undefined });
    if (!path.endsWith(".yaml") || path.includes("/templates/")) continue;
    for (const document of parseAllDocuments(text)) {
      const value = document.toJS() as Manifest | null;
      for (const { literals = [] } of value?.secretGenerator ?? []) generated.push(...literals);
      if (value?.kind !== "Secret") continue;
      encrypted += 1;
      const values = Object.values({ ...value.data, ...value.stringData });
      expect(values.length, path).toBeGreaterThan(0);
      for (const each of values) expect(each, path).toMatch(/^ENC\[AES256_GCM,data:/);
    }
  }
  expect(encrypted).toBe(2);
  expect(generated).toEqual(["relay=smtp://dev:mailcatcher@mail.dev.example.com:1025"]);
});

test("the examples name no host but those that are meant", () => {
  const seen = new Set<string>();
  for (const [path, text] of files) {
    for (const [, host = "", rest = ""] of text.matchAll(
      /[a-z][a-z0-9+.-]*:\/\/(?:[^/\s@"'`]+@)?(\{\{.*?\}\}|[^/\s:"'`)]+)(\/[^\s"'`)]*)?/gi,
    )) {
      const named = /^(?:github|raw\.githubusercontent)\.com$/.test(host) ? `${host}${rest}` : host;
      expect(
        meant.some((pattern) => pattern.test(named)),
        `${path} names ${named}`,
      ).toBe(true);
      seen.add(host);
    }
    expect(text, path).not.toMatch(/\bgit@|\bssh:|\b(?:\d{1,3}\.){3}\d{1,3}\b(?<!127\.0\.0\.1)/);
  }
  expect(seen).toContain("traefik.github.io");
});

test("the one remote base is in the pull request, not in the fleet", () => {
  const remote = [...files].filter(
    ([path, text]) => /kustomization\.yaml$/.test(path) && /^ *- *["']?[a-z]+:\/\//m.test(text),
  );
  expect(remote.map(([path]) => path)).toEqual([
    "examples/pull-request/files/apps/storefront/overlays/preview/kustomization.yaml",
  ]);
});
