import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./source.ts";

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, Locked>;
};

test("the lock file holds the packages of every platform, without which npm ci refuses", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`])
      .map((name) => `${name}, of ${path}`),
  );
  expect(missing).toEqual([]);
});

test("the lock file says what each package must be, and not where somebody fetched it", () => {
  for (const [path, locked] of Object.entries(packages)) {
    if (!path.includes("node_modules/") || locked.link) continue;
    expect(locked.integrity, path).toMatch(/^sha512-/);
    if (locked.resolved) expect(locked.resolved, path).toMatch(/^https:\/\/registry\.npmjs\.org\//);
  }
});

test("dependencies of the root have exact versions", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    string,
    Record<string, string>
  >;
  for (const [name, version] of Object.entries({
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  }
});
