import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureProgram, findProgram, hasGo, type Program } from "../../../scripts/servers/build.ts";
import { goEnvironment, publish } from "../engine/goproxy.ts";
import { makeMachine } from "../engine/machine.ts";

const main =
  'package main\n\nimport "os"\n\nvar version = "dev"\n\nfunc main() { os.Stdout.WriteString(version + "\\n") }\n';
const library = 'package lib\n\nfunc Text() string { return "published" }\n';

const server: Program = {
  name: "server",
  version: "1.2.3",
  module: "example.test/server",
  package: "/cmd/server",
  ldflags: "-X main.version=v{version}",
  takes: "a moment",
};

/** A Go that knows only published modules, and a cache of its own; what Go compiled of its own library is shared. */
function bench(files: Record<string, string>) {
  const { folder, env } = makeMachine();
  const proxy = join(folder, "proxy");
  publish(proxy, server.module, "v1.2.3", { "go.mod": "module example.test/server\n\ngo 1.24\n", ...files });
  const go = goEnvironment(proxy, folder);
  const compiled = execFileSync("go", ["env", "GOCACHE"], { encoding: "utf8" }).trim();
  const all = { ...env, ...go, GOCACHE: compiled, XDG_CACHE_HOME: join(folder, "cache") };
  const said: string[] = [];
  const tools = join(folder, "cache/gitops-actions/tools/server");
  return { proxy, env: all, said, tools, progress: (message: string) => void said.push(message) };
}

const good = { "cmd/server/main.go": main };

test("is built once, told, and found again; other flags are another program", async () => {
  const { env, said, progress } = bench(good);
  expect(findProgram(server, env)).toBeUndefined();
  const path = await ensureProgram(server, env, progress);
  expect(execFileSync(path, { encoding: "utf8" })).toBe("v1.2.3\n");
  expect(said).toEqual([
    "Building server 1.2.3 from its Go module (a moment)...",
    expect.stringMatching(/^Built server 1\.2\.3 in \d+ s\.$/),
  ]);
  expect(await ensureProgram(server, env, progress)).toBe(path);
  expect(findProgram(server, env)).toBe(path);
  expect(said).toHaveLength(2);
  expect(path).toContain(execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8" }).trim());
  for (const other of [{ ldflags: "" }, { version: "1.2.4" }, { replaces: ["a => b v1.0.0"] }])
    expect(findProgram({ ...server, ...other }, env)).toBeUndefined();
});

test("a build that fails says why and leaves nothing behind", async () => {
  const { env, progress, tools } = bench({
    "cmd/server/main.go": "package main\n\nfunc main() { nothing() }\n",
  });
  await expect(ensureProgram(server, env, progress)).rejects.toThrow(
    /server 1\.2\.3 could not be built from example\.test\/server.*undefined: nothing/s,
  );
  expect(readdirSync(tools)).toEqual([]);
});

test("a build that is cancelled leaves nothing behind", async () => {
  const { env, said, tools } = bench(good);
  const cancel = new AbortController();
  const progress = (message: string): void => {
    said.push(message);
    cancel.abort();
  };
  await expect(ensureProgram(server, env, progress, cancel.signal)).rejects.toThrow(
    "Cancelled while building server.",
  );
  expect(readdirSync(tools)).toEqual([]);
});

test("two that want the same program build it once", async () => {
  const { env, said, progress } = bench(good);
  const [first, second] = await Promise.all([1, 2].map(() => ensureProgram(server, env, progress)));
  expect(second).toBe(first);
  expect(said.filter((line) => line.startsWith("Building"))).toHaveLength(1);
  expect(said).toContain("Waiting for another process that is getting server...");
});

test("a program that is no longer what was stored is built again", async () => {
  const { env, said, progress } = bench(good);
  const path = await ensureProgram(server, env, progress);
  writeFileSync(path, "half a program");
  expect(await ensureProgram(server, env, progress)).toBe(path);
  expect(execFileSync(path, { encoding: "utf8" })).toBe("v1.2.3\n");
  expect(said.filter((line) => line.startsWith("Building"))).toHaveLength(2);
});

test("a folder that the module is built with in its own repository is replaced by what is published", async () => {
  const { proxy, env, progress } = bench({
    "go.mod":
      "module example.test/server\n\ngo 1.24\n\nrequire example.test/lib v0.0.0\n\nreplace example.test/lib => ./lib\n",
    "cmd/server/main.go":
      'package main\n\nimport (\n\t"os"\n\n\t"example.test/lib"\n)\n\nfunc main() { os.Stdout.WriteString(lib.Text()) }\n',
  });
  publish(proxy, "example.test/lib", "v1.0.0", {
    "go.mod": "module example.test/lib\n\ngo 1.24\n",
    "lib.go": library,
  });
  const replaces = ["example.test/lib => example.test/lib v1.0.0"];
  const path = await ensureProgram({ ...server, ldflags: "", replaces }, env, progress);
  expect(execFileSync(path, { encoding: "utf8" })).toBe("published");
});

test("without Go it says so, and that nothing was built", async () => {
  const { env, progress, tools } = bench(good);
  const poor = { ...env, PATH: "/nowhere" };
  expect(hasGo(poor)).toBe(false);
  await expect(ensureProgram(server, poor, progress)).rejects.toThrow(
    "server 1.2.3 cannot be built: there is no Go on PATH. Install Go (https://go.dev/dl).",
  );
  expect(existsSync(join(tools, "1.2.3"))).toBe(false);
});
