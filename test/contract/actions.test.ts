import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { type ActionFile, listActions, readAction } from "../../scripts/generate/action.ts";
import { generate } from "../../scripts/generate.ts";
import { root } from "./source.ts";

const names = await listActions(root);

/** The environment in which the runner starts an action whose user gave no input (https://github.com/actions/runner, ActionRunner.cs). */
function environmentOfDefaults(action: ActionFile): Record<string, string> {
  const env: Record<string, string> = { GITHUB_WORKSPACE: "/workspace", RUNNER_TEMP: "/tmp/runner" };
  for (const [name, input] of Object.entries(action.inputs ?? {})) {
    const value = input.default ?? (input.required ? "given" : "");
    env[`INPUT_${name.toUpperCase()}`] = value.replaceAll(/\$\{\{.*?\}\}/g, "expression");
  }
  return env;
}

/** Reads the inputs of an action the way its main.ts does; says which INPUT_ variables were asked for. */
async function readInputs(
  name: string,
  env: Record<string, string>,
): Promise<{ asked: string[]; inputs: unknown }> {
  const asked = new Set<string>();
  const watched = new Proxy(env, {
    get(target, key: string) {
      if (typeof key === "string" && key.startsWith("INPUT_")) asked.add(key);
      return target[key];
    },
  });
  const host = {
    env: watched,
    cwd: "/workspace",
    cacheDir: "/tmp/cache",
    tempDir: "/tmp/runner",
    cores: 2,
    now: () => new Date(0),
    isTerminal: false,
  };
  const module = (await import(pathToFileURL(join(root, "actions", name, "src/inputs.ts")).href)) as {
    readInputs: (host: unknown) => unknown;
  };
  const inputs = await module.readInputs(host);
  return { asked: [...asked].sort(), inputs };
}

test("there is an action", () => {
  expect(names).toContain("render-overlays");
});

describe.each(names)("action.yml of %s", async (name) => {
  const action = await readAction(root, name);

  test("starts its own bundle with Node 24 and has what the Marketplace wants", () => {
    expect(action.runs).toEqual({ using: "node24", main: `../../dist/${name}/index.js` });
    expect(existsSync(join(root, "actions", name, "src/main.ts"))).toBe(true);
    expect(existsSync(join(root, "actions", name, "README.md"))).toBe(true);
    expect(action.name).toMatch(/\S/);
    expect(action.description.length).toBeGreaterThan(20);
    expect(action.branding?.icon).toMatch(/^[a-z-]+$/);
    expect(["white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"]).toContain(
      action.branding?.color,
    );
  });

  test("describes each input and output, named in kebab-case", () => {
    for (const [key, { description }] of [
      ...Object.entries(action.inputs ?? {}),
      ...Object.entries(action.outputs ?? {}),
    ]) {
      expect(key).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(description, key).toMatch(/^[A-Z`].{20,}\.$/s);
    }
  });

  test("has a default, in quotes or as text, for each input that is not required", () => {
    for (const [key, input] of Object.entries(action.inputs ?? {})) {
      expect(input.required === true, `${key} is either required or has a default`).toBe(
        input.default === undefined,
      );
      if (input.default !== undefined) expect(typeof input.default, key).toBe("string");
    }
  });

  test("names exactly the inputs that inputs.ts reads, and its defaults parse", async () => {
    const env = environmentOfDefaults(action);
    const { asked, inputs } = await readInputs(name, env);
    expect(inputs).toBeDefined();
    expect(asked).toEqual(
      Object.keys(env)
        .filter((key) => key.startsWith("INPUT_"))
        .sort(),
    );
  });

  test("has the same defaults as inputs.ts has for what is not set", async () => {
    const env = environmentOfDefaults(action);
    // An expression is the runner's to fill in, and a required input has no default.
    const kept = Object.keys(env).filter((key) => env[key] === "expression" || env[key] === "given");
    const unset = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [
        key,
        key.startsWith("INPUT_") && !kept.includes(key) ? "" : value,
      ]),
    );
    expect((await readInputs(name, unset)).inputs).toEqual((await readInputs(name, env)).inputs);
  });

  test("has true and false as the only values of a switch", async () => {
    const env = environmentOfDefaults(action);
    const switches = Object.entries(action.inputs ?? {}).filter(([, input]) =>
      /^(true|false)$/.test(input.default ?? ""),
    );
    for (const [key] of switches) {
      const given = { ...env, [`INPUT_${key.toUpperCase()}`]: "yes" };
      await expect(readInputs(name, given), key).rejects.toThrow(key);
    }
  });
});

test("tables in README files and JSON Schemas are what `npm run generate` would write", async () => {
  for (const [path, text] of await generate()) {
    const found = existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "";
    expect(found === text, `${path} is stale: run \`npm run check\` and commit it`).toBe(true);
  }
});
