import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { ServerResponse } from "node:http";
import { dirname, join, relative } from "node:path";
import {
  currentPlatform,
  ensureTool,
  listTools,
  type Machine,
  type ToolSettings,
  toolNames,
} from "@gitops-actions/engine";
import { ToolError, UsageError } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { unpackMember } from "../../../packages/engine/src/tools/archive.ts";
import { entryFolder, readEntry } from "../../../packages/engine/src/tools/cache.ts";
import { type DownloadLimits, downloadLimits } from "../../../packages/engine/src/tools/download.ts";
import { ensureWanted } from "../../../packages/engine/src/tools/find.ts";
import { type Wanted, wantedTool } from "../../../packages/engine/src/tools/pin.ts";
import { makeMachine, program, script, write } from "./machine.ts";
import { serve } from "./server.ts";
import { kustomize, sha256, targz, wantedFrom } from "./wanted.ts";

const quick: DownloadLimits = { ...downloadLimits, pauseMs: 1, idleMs: 2000 };
const good = await targz({ name: "LICENSE", content: "text" }, { name: "kustomize", content: kustomize });

/** A machine on which no tool and no Go is on PATH. */
function bareMachine(env: Record<string, string> = {}): Machine & { folder: string } {
  const machine = makeMachine(env);
  return { ...machine, env: { ...machine.env, PATH: "/nowhere", ...env } };
}

interface Outcome {
  tool?: Awaited<ReturnType<typeof ensureWanted>>;
  error?: ToolError;
  said: string[];
}

async function ensure(
  wanted: Wanted,
  machine: Machine,
  settings: Partial<ToolSettings> = {},
  limits = quick,
): Promise<Outcome> {
  const said: string[] = [];
  try {
    const tool = await ensureWanted(
      wanted,
      { allowBuild: false, ...settings },
      machine,
      (message) => said.push(message),
      { limits },
    );
    return { tool, said };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { error, said };
  }
}

/** Everything below the cache that could be taken for a tool. */
function stored(machine: Machine): string[] {
  const root = join(machine.cacheDir, "tools");
  if (!existsSync(root)) return [];
  return (readdirSync(root, { recursive: true }) as string[]).filter(
    (path) => path.endsWith("/kustomize") || path.includes(".new-"),
  );
}

describe("a release", () => {
  test("is downloaded, verified and kept; the second time it comes from the cache", async () => {
    const machine = bareMachine();
    const server = await serve((_, response) => response.end(good));
    const wanted = wantedFrom(server.url, good);
    const first = await ensure(wanted, machine);
    expect(first.tool).toMatchObject({
      name: "kustomize",
      version: "5.8.2",
      source: "release",
      sha256: sha256(kustomize),
    });
    expect(readFileSync(first.tool?.path ?? "", "utf8")).toBe(kustomize);
    expect(statSync(first.tool?.path ?? "").mode & 0o777).toBe(0o755);
    expect(first.said).toEqual([`Downloading kustomize 5.8.2 from ${new URL(server.url).host}...`]);
    const second = await ensure(wanted, machine);
    expect(second).toEqual({ tool: { ...first.tool, source: "cache" }, said: [] });
    expect(server.requests).toEqual(["/v5.8.2/kustomize_v5.8.2.tar.gz"]);
    expect(stored(machine)).toHaveLength(1);
  });

  test("comes from the mirror instead when there is one, with the same checksum", async () => {
    const machine = bareMachine();
    const server = await serve((_, response) => response.end(good));
    const wanted = wantedFrom("http://127.0.0.1:9", good);
    const mirror = `${server.url.replace("//", "//user:secret@")}/m/{tool}/{version}/{os}/{arch}/{asset}?key=secret`;
    const { tool } = await ensure(wanted, machine, { mirror });
    expect(tool?.source).toBe("mirror");
    expect(server.requests).toEqual([
      `/m/kustomize/5.8.2/${wanted.platform}/kustomize_v5.8.2.tar.gz?key=secret`,
    ]);
    const entry = readFileSync(join(dirname(tool?.path ?? ""), "entry.json"), "utf8");
    expect(entry).toContain("/m/kustomize/5.8.2/");
    expect(entry).not.toContain("secret");
  });

  test("a mirror's password and key are in no message", async () => {
    const server = await serve((request, response) =>
      response.end(request.url?.startsWith("/evil") ? "evil" : good),
    );
    for (const path of ["/evil", "/none"]) {
      const base =
        path === "/none" ? "http://user:secret@127.0.0.1:9" : server.url.replace("//", "//user:secret@");
      const mirror = `${base}${path}?key=secret#{asset}`;
      const { error, said } = await ensure(wantedFrom(server.url, good), bareMachine(), { mirror });
      expect(error?.code).toBe(path === "/none" ? "download" : "checksum");
      expect(`${error?.message}${said}`).not.toContain("secret");
    }
  });

  test("a mirror that is only a folder gets the asset's name", async () => {
    const server = await serve((_, response) => response.end(good));
    await ensure(wantedFrom("http://127.0.0.1:9", good), bareMachine(), { mirror: `${server.url}/tools/` });
    expect(server.requests).toEqual(["/tools/kustomize_v5.8.2.tar.gz"]);
  });

  test.each([
    ["https://mirror.example/{nmae}/{asset}", /\{nmae\} is not known.*\{tool\}/],
    ["ftp://mirror.example/{asset}", /not an http\(s\) address/],
    ["mirror.example", /not an http\(s\) address/],
    ["file:///srv/{asset}", /not an http\(s\) address/],
  ])("the mirror %s is refused", async (mirror, message) => {
    const wanted = wantedFrom("http://127.0.0.1:9", good);
    await expect(ensure(wanted, bareMachine(), { mirror })).rejects.toThrow(message);
    await expect(ensure(wanted, bareMachine(), { mirror })).rejects.toThrow(UsageError);
  });

  test("a wrong checksum stops with both sums, the file and the address, and nothing else is tried", async () => {
    const machine = bareMachine();
    const evil = await targz({ name: "kustomize", content: program("v5.8.2 evil") });
    const server = await serve((_, response) => response.end(evil));
    const { error, said } = await ensure(wantedFrom(server.url, good), machine, { allowBuild: true });
    expect(error?.code).toBe("checksum");
    for (const part of [
      sha256(good),
      sha256(evil),
      `${server.url}/v5.8.2/kustomize_v5.8.2.tar.gz`,
      machine.cacheDir,
    ]) {
      expect(error?.message).toContain(part);
    }
    expect(server.requests).toHaveLength(1);
    expect(said.join()).not.toContain("Building");
    expect(stored(machine)).toEqual([]);
  });

  test("a download that breaks off is tried again", async () => {
    const server = await serve((_, response, count) =>
      count === 1 ? breakOff(response) : response.end(good),
    );
    const { tool } = await ensure(wantedFrom(server.url, good), bareMachine());
    expect(tool?.source).toBe("release");
    expect(server.requests).toHaveLength(2);
  });

  test("a download that always breaks off is an error of the network, not of the checksum", async () => {
    const machine = bareMachine();
    const server = await serve((_, response) => breakOff(response));
    const { error } = await ensure(wantedFrom(server.url, good), machine);
    expect(error).toMatchObject({
      code: "download",
      message: expect.stringMatching(/could not be downloaded: aborted/),
    });
    expect(server.requests).toHaveLength(3);
    expect(stored(machine)).toEqual([]);
  });

  test("a shorter file that claims to be whole has the wrong checksum", async () => {
    const server = await serve((_, response) => response.end(good.subarray(0, 50)));
    const { error } = await ensure(wantedFrom(server.url, good), bareMachine());
    expect(error?.code).toBe("checksum");
  });

  test("404 is not asked twice, and the error says what to do", async () => {
    const server = await serve((_, response) => response.writeHead(404).end("no"));
    const { error } = await ensure(wantedFrom(server.url, good), bareMachine());
    expect(error?.code).toBe("download");
    expect(error?.message).toMatch(
      /answered 404 Not Found\nPut kustomize >=5\.8\.1 <5\.9\.0 on PATH, name a mirror \(tools-mirror\), or .*tools-from: go/,
    );
    expect(server.requests).toHaveLength(1);
  });

  test("500 is asked three times; then the Go module is next, if that is allowed", async () => {
    const server = await serve((_, response) => response.writeHead(500).end());
    const forbidden = await ensure(wantedFrom(server.url, good), bareMachine());
    expect(forbidden.error?.code).toBe("download");
    expect(server.requests).toHaveLength(3);
    const allowed = await ensure(wantedFrom(server.url, good), bareMachine(), { allowBuild: true });
    expect(allowed.error).toMatchObject({
      code: "go",
      message: expect.stringMatching(/there is no Go on PATH\. Install Go/),
    });
    expect(allowed.said.join("\n")).toMatch(/answered 500/);
  });

  test("a server that falls silent, or never comes to an end, is given up", async () => {
    const silent = await serve((_, response) => response.writeHead(200).write("x"));
    const one = await ensure(
      wantedFrom(silent.url, good),
      bareMachine(),
      {},
      { ...quick, attempts: 1, idleMs: 200 },
    );
    expect(one.error?.message).toMatch(/silent for 0 s/);
    const endless = await serve((_, response) => {
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    const two = await ensure(
      wantedFrom(endless.url, good),
      bareMachine(),
      {},
      { ...quick, attempts: 1, totalMs: 400 },
    );
    expect(two.error?.message).toMatch(/took longer than 0 s/);
  });

  test("a file larger than the cap is given up at the cap", async () => {
    const server = await serve((_, response) => response.end(Buffer.alloc(1024 * 1024)));
    const { error } = await ensure(
      wantedFrom(server.url, good),
      bareMachine(),
      {},
      { ...quick, maxBytes: 100_000 },
    );
    expect(error?.message).toMatch(/larger than 100000 bytes/);
    expect(server.requests).toHaveLength(1);
  });

  test("redirects are followed, but not in circles and not out of http", async () => {
    const server = await serve((request, response) => {
      if (request.url === "/target") return response.end(good);
      const location = {
        "/v5.8.2/kustomize_v5.8.2.tar.gz": "/target",
        "/circle": "/circle",
        "/file": "file:///etc/passwd",
      }[request.url ?? ""];
      return response.writeHead(302, { location }).end();
    });
    expect((await ensure(wantedFrom(server.url, good), bareMachine())).tool?.source).toBe("release");
    const circle = await ensure(wantedFrom(server.url, good), bareMachine(), {
      mirror: `${server.url}/circle#{asset}`,
    });
    expect(circle.error?.message).toMatch(/redirects more than 5 times/);
    expect(server.requests.filter((path) => path === "/circle")).toHaveLength(6);
    const file = await ensure(wantedFrom(server.url, good), bareMachine(), {
      mirror: `${server.url}/file#{asset}`,
    });
    expect(file.error?.message).toMatch(/file: is not a protocol for downloads/);
  });

  test("goes through the proxy that the environment names", async () => {
    const proxy = await serve((_, response) => response.end(good));
    const { tool } = await ensure(
      wantedFrom("http://releases.invalid", good),
      bareMachine({ http_proxy: proxy.url }),
    );
    expect(tool?.source).toBe("release");
    expect(proxy.requests).toEqual(["http://releases.invalid/v5.8.2/kustomize_v5.8.2.tar.gz"]);
  });

  test("a program that says another version than was wanted is not kept", async () => {
    const machine = bareMachine();
    const other = await targz({ name: "kustomize", content: program("v5.8.1") });
    const server = await serve((_, response) => response.end(other));
    const { error } = await ensure(wantedFrom(server.url, other), machine);
    expect(error).toMatchObject({
      code: "version",
      message: expect.stringMatching(/5\.8\.2 was wanted.*says it is 5\.8\.1/),
    });
    expect(stored(machine)).toEqual([]);
  });

  test("is cancelled by the signal", async () => {
    const server = await serve((_, response) => response.writeHead(200).write("x"));
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 100);
    const ensuring = ensureWanted(
      wantedFrom(server.url, good),
      { allowBuild: true },
      bareMachine(),
      () => {},
      { signal: cancel.signal, limits: quick },
    );
    await expect(ensuring).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("an archive", () => {
  test.each([
    ["../../evil", {}],
    ["/tmp/evil", {}],
    ["a/../../evil", {}],
    ["link", { type: "symlink" as const, linkname: "../../../etc/passwd" }],
    ["hard", { type: "link" as const, linkname: "/etc/passwd" }],
  ])("with the entry %s is refused", async (name, header) => {
    const machine = bareMachine();
    const slip = await targz(
      { name, content: "type" in header ? "" : "evil", ...header },
      { name: "kustomize", content: kustomize },
    );
    const server = await serve((_, response) => response.end(slip));
    const { error } = await ensure(wantedFrom(server.url, slip), machine);
    expect(error).toMatchObject({
      code: "archive",
      message: expect.stringContaining("points outside the archive"),
    });
    expect(stored(machine)).toEqual([]);
    expect(
      (readdirSync(machine.folder, { recursive: true }) as string[]).filter((path) => path.includes("evil")),
    ).toEqual([]);
  });

  test("that lacks the program, is not one, or breaks off is refused", async () => {
    const { folder } = bareMachine();
    const lacks = await targz(
      { name: "other/kustomize", content: "x" },
      { name: "kustomize", type: "directory" },
    );
    write(folder, {
      "lacks.tgz": lacks,
      "none.tgz": "not an archive",
      "half.tgz": good.subarray(0, good.length - 20),
    });
    const unpack = (name: string): Promise<void> =>
      unpackMember(join(folder, name), "kustomize", join(folder, "out"));
    await expect(unpack("lacks.tgz")).rejects.toThrow(/holds no file kustomize/);
    await expect(unpack("none.tgz")).rejects.toMatchObject({
      code: "archive",
      message: expect.stringMatching(/cannot be unpacked/),
    });
    await expect(unpack("half.tgz")).rejects.toMatchObject({ code: "archive" });
  });

  test("that unpacks to more than the cap is given up at the cap", async () => {
    const { folder } = bareMachine();
    write(folder, {
      "bomb.tgz": await targz({ name: "zeros", content: "0".repeat(5_000_000) }, { name: "kustomize" }),
    });
    const unpacking = unpackMember(join(folder, "bomb.tgz"), "kustomize", join(folder, "out"), 1_000_000);
    await expect(unpacking).rejects.toThrow(/unpacks to more than 1000000 bytes/);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});

describe("the cache", () => {
  test("a program that was changed is noticed, said and fetched again", async () => {
    const machine = bareMachine();
    const server = await serve((_, response) => response.end(good));
    const wanted = wantedFrom(server.url, good);
    const path = (await ensure(wanted, machine)).tool?.path ?? "";
    writeFileSync(path, program("v5.8.2 poisoned"));
    const { tool, said } = await ensure(wanted, machine);
    expect(tool).toMatchObject({ source: "release", sha256: sha256(kustomize) });
    expect(said[0]).toContain(
      `${path} is not the program that was stored there (sha256 ${sha256(program("v5.8.2 poisoned"))}, stored ${sha256(kustomize)})`,
    );
    expect(readFileSync(path, "utf8")).toBe(kustomize);
  });

  test("a program's sum is reckoned once, and again as soon as the file is another one or was touched", async () => {
    const machine = bareMachine();
    const server = await serve((_, response) => response.end(good));
    const wanted = wantedFrom(server.url, good);
    const path = (await ensure(wanted, machine)).tool?.path ?? "";
    const memo = join(dirname(path), "sum.json");
    const forge = () =>
      writeFileSync(
        memo,
        JSON.stringify({ ...JSON.parse(readFileSync(memo, "utf8")), sha256: "0".repeat(64) }),
      );
    const state = async () => (await readEntry(dirname(path), wanted)).state;
    // Noted too soon to be told from a file that is written in the same moment: reckoned again.
    expect(await state()).toBe("valid");
    forge();
    expect(await state()).toBe("valid");
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(await state()).toBe("valid");
    expect(JSON.parse(readFileSync(memo, "utf8")).sha256).toBe(sha256(kustomize));
    // What it says now is taken, or nothing would be saved.
    forge();
    expect(await state()).toBe("changed");
    writeFileSync(memo, "");
    expect(await state()).toBe("valid");
    // Of the same length, and with the same time of change as far as a program can set it.
    const { atimeMs, mtimeMs } = statSync(path);
    writeFileSync(path, kustomize.replace("5.8.2", "6.6.6"));
    utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
    expect(await readEntry(dirname(path), wanted)).toMatchObject({ state: "changed" });
    expect((await ensure(wanted, machine)).said[0]).toContain("is not the program that was stored there");
    expect(readFileSync(path, "utf8")).toBe(kustomize);
  });

  test("what a killed run left behind is neither used nor in the way", async () => {
    const machine = bareMachine();
    const server = await serve((_, response) => response.end(good));
    const wanted = wantedFrom(server.url, good);
    const folder = entryFolder(machine.cacheDir, wanted, "release");
    const parent = dirname(folder);
    write(parent, {
      ".new-abc/entry/kustomize": "half",
      ".new-old/entry/kustomize": "half",
      [`${folder.slice(parent.length)}/kustomize`]: "no entry.json",
    });
    mkdirSync(join(parent, ".lock"));
    const longAgo = new Date(Date.now() - 48 * 3600_000);
    for (const name of [".lock", ".new-old"]) utimesSync(join(parent, name), longAgo, longAgo);
    const { tool } = await ensure(wanted, machine);
    expect(tool).toMatchObject({ source: "release", path: join(folder, "kustomize") });
    expect(readdirSync(parent).sort()).toEqual([".new-abc", folder.slice(parent.length + 1)]);
  });

  test("a folder that cannot be written gives an error that says so", async () => {
    const server = await serve((_, response) => response.end(good));
    const machine = bareMachine();
    write(machine.folder, { cache: "a file" });
    const { error } = await ensure(wantedFrom(server.url, good), machine);
    expect(error).toMatchObject({
      code: "cache",
      message: expect.stringMatching(/cannot be written.*XDG_CACHE_HOME/),
    });
  });

  test("two processes that need a tool at once fetch it once", async () => {
    const machine = bareMachine();
    // The file is not sent before the other two have said that they wait.
    let waiting = 0;
    const bothWait = Promise.withResolvers<void>();
    const server = await serve((_, response) => bothWait.promise.then(() => response.end(good)));
    const wanted = wantedFrom(server.url, good);
    const source = `
      import { ensureWanted } from ${JSON.stringify(join(import.meta.dirname, "../../../packages/engine/src/tools/find.ts"))};
      const [wanted, machine] = JSON.parse(process.argv[1]);
      const tool = await ensureWanted(wanted, { allowBuild: false }, machine, (message) => console.error(message));
      console.log(JSON.stringify(tool));
    `;
    const run = (): Promise<{ stdout: string; stderr: string; code: number | null }> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [
          "--input-type=module-typescript",
          "-e",
          source,
          JSON.stringify([wanted, machine]),
        ]);
        let [stdout, stderr] = ["", ""];
        child.stdout.on("data", (chunk) => (stdout += chunk));
        child.stderr.on("data", (chunk: Buffer) => {
          stderr += chunk;
          if (chunk.includes("Waiting for another process that is getting kustomize") && ++waiting === 2)
            bothWait.resolve();
        });
        child.on("close", (code) => resolve({ stdout, stderr, code }));
      });
    const runs = await Promise.all([run(), run(), run()]);
    expect(runs.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0]);
    const tools = runs.map(
      ({ stdout }) => JSON.parse(stdout) as { source: string; sha256: string; path: string },
    );
    expect(tools.map(({ source: from }) => from).sort()).toEqual(["cache", "cache", "release"]);
    expect(new Set(tools.map(({ sha256: sum, path }) => sum + path)).size).toBe(1);
    expect(server.requests).toHaveLength(1);
    expect(waiting).toBe(2);
  });
});

describe("PATH and given paths", () => {
  /** A machine with these programs in folders that are on PATH in this order. */
  function withPrograms(...versions: string[]): Machine & { folder: string; programs: string[] } {
    const machine = bareMachine();
    const programs = versions.map((version, index) =>
      script(join(machine.folder, `bin${index}`, "kustomize"), version),
    );
    return {
      ...machine,
      programs,
      env: { ...machine.env, PATH: [...programs.map(dirname), "/usr/bin", "/bin"].join(":") },
    };
  }

  test("the first version in range is taken, and its sum is reported", async () => {
    const machine = withPrograms("v5.7.1", "rubbish", "v5.8.1", "v5.8.2");
    const { tool } = await ensure(wantedFrom("http://127.0.0.1:9", good), machine, { from: "path" });
    expect(tool).toEqual({
      name: "kustomize",
      version: "5.8.1",
      path: machine.programs[2],
      source: "path",
      sha256: sha256(`${program("v5.8.1")}`),
    });
  });

  test("a version out of range is passed over, and the error says which and why", async () => {
    const machine = withPrograms("v5.7.1", "rubbish");
    const { error } = await ensure(wantedFrom("http://127.0.0.1:9", good), machine, { from: "path" });
    expect(error?.code).toBe("not-found");
    expect(error?.message).toContain(`${machine.programs[0]} is 5.7.1`);
    expect(error?.message).toContain(`${machine.programs[1]} does not tell its version as kustomize does`);
  });

  test("a version out of range on PATH does not keep the release from being fetched", async () => {
    const server = await serve((_, response) => response.end(good));
    const { tool } = await ensure(wantedFrom(server.url, good), withPrograms("v5.9.0"));
    expect(tool?.source).toBe("release");
  });

  test("tools-from: release does not look at PATH", async () => {
    const server = await serve((_, response) => response.end(good));
    const { tool } = await ensure(wantedFrom(server.url, good), withPrograms("v5.8.2"), { from: "release" });
    expect(tool?.source).toBe("release");
  });

  test("a relative entry of PATH is never searched", async () => {
    const machine = withPrograms("v5.8.2");
    const PATH = [relative(process.cwd(), join(machine.folder, "bin0")), ".", "", "/usr/bin", "/bin"].join(
      ":",
    );
    const inside = { ...machine, env: { ...machine.env, PATH } };
    const { error } = await ensure(wantedFrom("http://127.0.0.1:9", good), inside, { from: "path" });
    expect(error?.code).toBe("not-found");
  });

  test("a given path is used as it is, whatever its version", async () => {
    const machine = withPrograms("v5.4.3");
    const { tool } = await ensure(wantedFrom("http://127.0.0.1:9", good), machine, {
      paths: { kustomize: "bin0/kustomize" },
    });
    expect(tool).toMatchObject({ source: "given", version: "5.4.3", path: machine.programs[0] });
  });

  test("a given path that is no program, or another one, is refused", async () => {
    const machine = withPrograms("v5.8.2", "helm v3");
    const wanted = wantedFrom("http://127.0.0.1:9", good);
    await expect(ensure(wanted, machine, { paths: { kustomize: "nowhere/kustomize" } })).rejects.toThrow(
      UsageError,
    );
    await expect(ensure(wanted, machine, { paths: { kustomize: "bin0" } })).rejects.toThrow(
      /bin0 is not a program/,
    );
    chmodSync(machine.programs[0] ?? "", 0o644);
    await expect(ensure(wanted, machine, { paths: { kustomize: "bin0/kustomize" } })).rejects.toThrow(
      /not a program/,
    );
    const other = await ensure(wanted, machine, { paths: { kustomize: "bin1/kustomize" } });
    expect(other.error).toMatchObject({ code: "version", message: expect.stringContaining("helm v3") });
  });

  test("a version nobody pinned is refused with the ones there are", async () => {
    const asked = ensureTool(
      "kustomize",
      { versions: { kustomize: "5.0.0" }, allowBuild: false },
      bareMachine(),
      () => {},
    );
    await expect(asked).rejects.toThrow(/kustomize 5\.0\.0: no checksum is known.*5\.8\.2, 5\.8\.1, 5\.7\.1/);
    await expect(asked).rejects.toThrow(UsageError);
  });

  test("a chosen version is the only one that PATH may offer", async () => {
    const machine = withPrograms("v5.8.2", "v5.8.1");
    const tool = await ensureTool(
      "kustomize",
      { versions: { kustomize: "v5.8.1" }, from: "path", allowBuild: false },
      machine,
      () => {},
    );
    expect(tool).toMatchObject({ version: "5.8.1", path: machine.programs[1] });
  });

  test("for kustomize a kubectl may be given", async () => {
    const machine = withPrograms();
    script(join(machine.folder, "kc"), '{ "clientVersion": { "gitVersion": "v1.32.4-dispatcher" } }');
    const { tool } = await ensure(wantedFrom("http://127.0.0.1:9", good), machine, {
      paths: { kustomize: "kc" },
    });
    expect(tool).toMatchObject({ name: "kubectl", version: "1.32.4", source: "given" });
  });

  test("kubectl on PATH stands in for a kustomize that cannot be had, unless a version was chosen", async () => {
    const machine = withPrograms("v5.7.1");
    const kubectl = script(
      join(machine.folder, "bin0/kubectl"),
      '{ "clientVersion": { "gitVersion": "v1.32.4" } }',
    );
    const said: string[] = [];
    const tool = await ensureTool("kustomize", { from: "path", allowBuild: false }, machine, (message) =>
      said.push(message),
    );
    expect(tool).toMatchObject({ name: "kubectl", version: "1.32.4", path: kubectl, source: "path" });
    expect(said.join()).toMatch(
      /is 5\.7\.1.*\nkubectl 1\.32\.4 on PATH stands in for kustomize; its output may differ\./s,
    );
    const chosen = { versions: { kustomize: "5.8.2" }, from: "path" as const, allowBuild: false };
    await expect(ensureTool("kustomize", chosen, machine, () => {})).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("the program is asked with a private environment", async () => {
    const machine = withPrograms();
    const path = join(machine.folder, "spy");
    write(machine.folder, { spy: `#!/bin/sh\nenv >> ${machine.folder}/seen\necho v5.8.2\n` });
    chmodSync(path, 0o755);
    const spied = { ...machine, env: { ...machine.env, GITHUB_TOKEN: "canary", INPUT_X: "canary" } };
    await ensure(wantedFrom("http://127.0.0.1:9", good), spied, { paths: { kustomize: path } });
    expect(readFileSync(join(machine.folder, "seen"), "utf8")).not.toContain("canary");
  });
});

describe("listTools", () => {
  test("says of each tool what is wanted, found, where and how verified, and fetches nothing", async () => {
    const machine = bareMachine();
    const helm = script(join(machine.folder, "bin", "helm"), "v4.3.0");
    const odd = { ...machine, env: { ...machine.env, PATH: `${dirname(helm)}:/usr/bin:/bin` } };
    write(machine.folder, { k: "not a program" });
    const statuses = await listTools({ allowBuild: true, paths: { kustomize: "k" } }, odd);
    expect(statuses.map(({ name }) => name)).toEqual(toolNames);
    const byName = Object.fromEntries(statuses.map((status) => [status.name, status]));
    expect(byName.helm).toMatchObject({
      wanted: "4.3.0",
      found: { source: "path", path: helm },
      verified: expect.stringContaining("not verified: from PATH"),
    });
    expect(byName.kustomize).toMatchObject({ verified: expect.stringMatching(/k is not a program/) });
    expect(byName.kustomize?.found).toBeUndefined();
    expect(byName.kubeconform?.verified).toMatch(/would come from its release/);
    expect(byName.act).toMatchObject({
      development: true,
      verified: expect.stringMatching(/would come from its Go module/),
    });
    expect(existsSync(machine.cacheDir)).toBe(false);
  });

  test("says what in the cache was verified how, and what was changed there, which it leaves alone", async () => {
    const machine = bareMachine();
    const stock = (name: "helm" | "kustomize", kind: "release" | "go", version: string): string => {
      const folder = entryFolder(machine.cacheDir, wantedTool(name, currentPlatform()), kind);
      const source = program(version);
      const entry = {
        name,
        version: version.slice(1),
        origin: kind,
        from: "somewhere",
        sha256: sha256(source),
      };
      write(folder, { [name]: source, "entry.json": JSON.stringify(entry) });
      return join(folder, name);
    };
    stock("helm", "release", "v4.3.0");
    const path = stock("kustomize", "go", "v5.8.2");
    const find = async (name: string) =>
      (await listTools({ allowBuild: false }, machine)).find((one) => one.name === name);
    expect(await find("helm")).toMatchObject({
      found: { source: "cache" },
      verified: "sha256 of the release pinned: somewhere",
    });
    expect((await find("kustomize"))?.verified).toMatch(/^built from somewhere: its hash is pinned/);
    writeFileSync(path, "evil");
    const changed = await find("kustomize");
    expect(changed?.found).toBeUndefined();
    expect(changed?.verified).toMatch(
      /would come from its release; .*kustomize was changed since it was stored/,
    );
    expect(readFileSync(path, "utf8")).toBe("evil");
  });
});

function breakOff(response: ServerResponse): void {
  response.writeHead(200, { "content-length": good.length });
  response.write(good.subarray(0, 20), () => response.destroy());
}
