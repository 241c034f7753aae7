import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { readSource, readSources, root, type Source } from "./source.ts";

/** Who may import whom: the table of the layout, by package name. */
const layers: Record<string, string[]> = {
  "packages/manifest": [],
  "packages/report": ["manifest"],
  "packages/fleet": ["manifest", "report"],
  "packages/engine": ["manifest", "report", "fleet"],
  "packages/action": ["manifest", "report"],
};
const allPackages = ["manifest", "report", "fleet", "engine", "action"];
/** An action may build on the run function of another. */
const actionsBefore: Record<string, string[]> = {
  "render-overlays": [],
  "validate-schema": ["render-overlays"],
  "policy-check": ["render-overlays", "validate-schema"],
  "promote-env": ["render-overlays", "validate-schema", "policy-check"],
  "drift-report": ["render-overlays"],
};

const sources = await readSources();

function mayImport(workspace: string): string[] {
  if (layers[workspace]) return layers[workspace];
  if (workspace === "packages/cli") return [...allPackages, ...Object.keys(actionsBefore)];
  return [...allPackages, ...(actionsBefore[workspace.replace("actions/", "")] ?? [])];
}

/** `what` of every source that is not allowed, as lines to read. */
function offenders(of: readonly Source[], what: (source: Source) => string[]): string[] {
  return of.flatMap((source) => what(source).map((found) => `${source.path}: ${found}`));
}

/** The package an import names: `@actions/core`, `yaml`, `node:fs`. */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Which imports of a source only its layer's owner may have. */
function reservedImports(source: Source): string[] {
  const owners: Record<string, string[]> = {
    "@actions/core": ["packages/action"],
    "@actions/github": ["packages/action"],
    "@actions/exec": ["packages/engine"],
    "@actions/tool-cache": ["packages/engine"],
    execa: ["packages/engine"],
    "node:child_process": ["packages/engine"],
  };
  return source.imports
    .map(packageOf)
    .filter((name) => owners[name] && !owners[name].includes(source.workspace));
}

/** What a source reads of the world around it that it should be given instead. */
function worldlyReads(source: Source): string[] {
  // The one place that makes a Host of the process.
  if (source.path.endsWith("/src/main.ts") || source.path === "packages/action/src/host.ts") return [];
  const forbidden = ["process.env", "process.cwd", "process.argv", "Date.now", "Math.random", "new Date()"];
  return source.reads.filter((read) => forbidden.includes(read));
}

/** The packages, ours and others', that sources import. */
function librariesOf(of: readonly Source[], imports: (source: Source) => string[]): Set<string> {
  const specifiers = of.flatMap(imports).filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
  return new Set(specifiers.map(packageOf));
}

function readManifest(folder: string): Record<"dependencies" | "devDependencies", Record<string, string>> {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  return { dependencies: {}, devDependencies: {}, ...manifest };
}

/** Relative imports that leave the workspace or reach an entry point. */
function strayImports(source: Source): string[] {
  return source.imports.filter((specifier) => {
    if (!specifier.startsWith(".")) return false;
    const target = normalize(join(dirname(source.path), specifier));
    return !target.startsWith(`${source.workspace}/src/`) || target.endsWith("/src/main.ts");
  });
}

describe("the layers", () => {
  test("import only what is below them", () => {
    const wrong = offenders(sources, (source) =>
      source.imports
        .filter((specifier) => specifier.startsWith("@gitops-actions/"))
        .filter(
          (specifier) => !mayImport(source.workspace).includes(specifier.replace("@gitops-actions/", "")),
        ),
    );
    expect(wrong).toEqual([]);
  });

  test("reach other packages through their index, and never an entry point", () => {
    expect(offenders(sources, strayImports)).toEqual([]);
  });

  test("leave GitHub to packages/action and processes to packages/engine", () => {
    expect(offenders(sources, reservedImports)).toEqual([]);
  });

  test("are given the environment, the clock and chance by the entry point", () => {
    expect(offenders(sources, worldlyReads)).toEqual([]);
  });

  test("declare what they import, with exact versions, and nothing else", () => {
    const wrong: string[] = [];
    const { devDependencies } = readManifest(".");
    for (const workspace of new Set(sources.map((source) => source.workspace))) {
      const { dependencies } = readManifest(workspace);
      const own = sources.filter((source) => source.workspace === workspace);
      for (const name of librariesOf(own, (source) => source.imports)) {
        const erased =
          !librariesOf(own, (source) => source.runtimeImports).has(name) &&
          `@types/${name}` in devDependencies;
        if (!(name in dependencies) && !erased)
          wrong.push(`${workspace} imports ${name} without declaring it`);
      }
      for (const [name, version] of Object.entries(dependencies)) {
        if (!librariesOf(own, (source) => source.imports).has(name))
          wrong.push(`${workspace} declares ${name} and does not import it`);
        if (!/^(\*|\d+\.\d+\.\d+)$/.test(version))
          wrong.push(`${workspace}: ${name}@${version} is not an exact version`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("the style", () => {
  test("has classes only for errors and no default exports", () => {
    expect(offenders(sources, (source) => source.oddities)).toEqual([]);
  });

  test("names files for what they hold", () => {
    const vague = /^(utils?|helpers?|types?|constants?|common|misc|shared|lib)$/;
    const wrong = sources.filter(({ path }) => {
      const parts = path.split("/src/")[1]!.replace(/\.ts$/, "").split("/");
      return parts.some((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part) || vague.test(part));
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("imports Node's modules with node: and files with .ts", () => {
    const wrong = offenders(sources, (source) =>
      source.imports.filter(
        (name) => builtinModules.includes(name) || (name.startsWith(".") && !/\.(ts|json)$/.test(name)),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe("the reader of sources", () => {
  test("sees imports of every form, reads and declarations, and not comments or strings", () => {
    const text = `
      import type { A } from "a"; export * from "./b.ts"; export { c } from "c";
      // process.env
      const d = "Math.random()"; const e = await import("e"); class F {} class G extends Error {}
      const h = process.env.HOME ?? new Date() ?? new Date(0) ?? Date.now();`;
    const source = readSource("packages/x/src/y.ts", text);
    expect(source.imports.sort()).toEqual(["./b.ts", "a", "c", "e"]);
    expect(source.runtimeImports.sort()).toEqual(["./b.ts", "c", "e"]);
    expect(worldlyReads(source).sort()).toEqual(["Date.now", "new Date()", "process.env"]);
    expect(source.oddities).toEqual(["class F"]);
  });

  test("sees what a layer may not have", () => {
    const text = `import "execa"; import "@actions/core"; import "../../report/src/index.ts"; import "./main.ts"; import "./z.ts";`;
    const source = readSource("packages/fleet/src/y.ts", text);
    expect(reservedImports(source)).toEqual(["execa", "@actions/core"]);
    expect(strayImports(source)).toEqual(["../../report/src/index.ts", "./main.ts"]);
  });
});
