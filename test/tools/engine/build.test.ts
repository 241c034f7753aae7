import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { currentPlatform, type Machine, type ToolSettings } from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";
import { ensureWanted } from "../../../packages/engine/src/tools/find.ts";
import type { Wanted } from "../../../packages/engine/src/tools/pin.ts";
import { pins } from "../../../packages/engine/src/tools/pins.ts";
import { goEnvironment, goModHash, publish } from "./goproxy.ts";
import { makeMachine } from "./machine.ts";
import { serve } from "./server.ts";

const main =
  'package main\n\nimport "os"\n\nvar version = "dev"\n\nfunc main() { os.Stdout.WriteString(version + "\\n") }\n';

interface Bench {
  machine: Machine & { folder: string };
  proxy: string;
  said: string[];
  wanted(sum: string): Wanted;
  ensure(
    wanted: Wanted,
    settings?: Partial<ToolSettings>,
    signal?: AbortSignal,
  ): ReturnType<typeof ensureWanted>;
}

/** A machine whose Go knows only modules that the test publishes, and a tool that is built from one of them. */
function bench(): Bench {
  const made = makeMachine();
  const proxy = join(made.folder, "proxy");
  const machine = { ...made, env: { ...made.env, ...goEnvironment(proxy, made.folder) } };
  const said: string[] = [];
  const build = { package: "/cmd/tool", ldflags: "-X main.version=v{version}", takes: "a moment" };
  return {
    machine,
    proxy,
    said,
    wanted: (sum) => ({
      name: "kustomize",
      version: "5.8.2",
      platform: currentPlatform(),
      range: "5.8.2",
      module: "example.test/tool/v5",
      sum,
      assets: {},
      pin: { ...pins.kustomize, build },
    }),
    ensure: (wanted, settings = {}, signal) =>
      ensureWanted(
        wanted,
        { from: "go", allowBuild: false, ...settings },
        machine,
        (message) => said.push(message),
        signal ? { signal } : {},
      ),
  };
}

const simple = { "go.mod": "module example.test/tool/v5\n\ngo 1.24\n", "cmd/tool/main.go": main };

describe("a Go module", () => {
  test("is built with the version set, and kept; the second time it comes from the cache", async () => {
    const { proxy, said, wanted, ensure } = bench();
    const tool = wanted(publish(proxy, "example.test/tool/v5", "v5.8.2", simple));
    const built = await ensure(tool);
    expect(built).toMatchObject({ version: "5.8.2", source: "go" });
    expect(said[0]).toBe("Building kustomize 5.8.2 from its Go module (a moment)...");
    expect(said[1]).toMatch(/^Built kustomize 5\.8\.2 in \d+ s\.$/);
    expect(await ensure(tool)).toEqual({ ...built, source: "cache" });
    expect(said).toHaveLength(2);
  });

  test("is built with what its own go.mod replaces, excludes and sums", async () => {
    const { proxy, wanted, ensure } = bench();
    const library = (text: string): string => `package dep\n\nfunc Text() string { return "${text}" }\n`;
    const mod = (module: string): string => `module ${module}\n\ngo 1.24\n`;
    const forkSum = publish(proxy, "example.test/fork", "v1.1.0", {
      "go.mod": mod("example.test/fork"),
      "dep.go": library("v5.8.2"),
    });
    publish(proxy, "example.test/dep", "v1.0.0", {
      "go.mod": mod("example.test/dep"),
      "dep.go": library("the replaced one"),
    });
    const uses = main
      .replace('import "os"', 'import (\n\t"os"\n\t"example.test/dep"\n)')
      .replace("version +", "dep.Text() +");
    const program = {
      "go.mod": `${mod("example.test/tool/v5")}\nrequire example.test/dep v1.0.0\nreplace example.test/dep => example.test/fork v1.1.0\nreplace example.test/gone => ./gone\n`,
      "go.sum": `example.test/fork v1.1.0 ${forkSum}\nexample.test/fork v1.1.0/go.mod ${goModHash(mod("example.test/fork"))}\n`,
      "cmd/tool/main.go": uses,
    };
    const tool = wanted(publish(proxy, "example.test/tool/v5", "v5.8.2", program));
    expect(await ensure(tool)).toMatchObject({ source: "go", version: "5.8.2" });
  });

  test("with another hash than the pinned one is not built", async () => {
    const { proxy, said, wanted, ensure, machine } = bench();
    const sum = publish(proxy, "example.test/tool/v5", "v5.8.2", simple);
    const building = ensure(wanted("h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    await expect(building).rejects.toMatchObject({
      code: "checksum",
      message: expect.stringMatching(
        /example\.test\/tool\/v5@v5\.8\.2\n {2}expected h1:AAAA.*\n {2}received h1:/,
      ),
    });
    await expect(building).rejects.toThrow(sum);
    expect(said).toHaveLength(1);
    expect(readdirSync(join(machine.cacheDir, "tools/kustomize"))).toEqual([]);
  });

  test("whose dependency is not what its go.sum says is not built", async () => {
    const { proxy, wanted, ensure } = bench();
    const dep = { "go.mod": "module example.test/dep\n\ngo 1.24\n", "dep.go": "package dep\n" };
    publish(proxy, "example.test/dep", "v1.0.0", dep);
    const program = {
      "go.mod": `${simple["go.mod"]}\nrequire example.test/dep v1.0.0\n`,
      "go.sum": `example.test/dep v1.0.0 h1:${"A".repeat(43)}=\nexample.test/dep v1.0.0/go.mod ${goModHash(dep["go.mod"])}\n`,
      "cmd/tool/main.go": main.replace('import "os"', 'import (\n\t"os"\n\t_ "example.test/dep"\n)'),
    };
    const tool = wanted(publish(proxy, "example.test/tool/v5", "v5.8.2", program));
    await expect(ensure(tool)).rejects.toMatchObject({
      code: "checksum",
      message: expect.stringContaining("example.test/dep"),
    });
  });

  test("that does not compile gives the compiler's own words", async () => {
    const { proxy, wanted, ensure } = bench();
    const broken = { ...simple, "cmd/tool/main.go": "package main\n\nfunc main() { nonsense }\n" };
    const tool = wanted(publish(proxy, "example.test/tool/v5", "v5.8.2", broken));
    await expect(ensure(tool)).rejects.toMatchObject({
      code: "go",
      message: expect.stringMatching(/main\.go:3:15: undefined: nonsense/),
    });
  });

  test("that the proxy does not have gives Go's own words", async () => {
    const { wanted, ensure } = bench();
    await expect(ensure(wanted("h1:x"))).rejects.toMatchObject({
      code: "go",
      message: expect.stringMatching(/example\.test\/tool\/v5@v5\.8\.2: .*no such file/s),
    });
  });

  test("that needs a newer Go says so", async () => {
    const { proxy, wanted, ensure } = bench();
    const newer = { ...simple, "go.mod": "module example.test/tool/v5\n\ngo 1.99\n" };
    const tool = wanted(publish(proxy, "example.test/tool/v5", "v5.8.2", newer));
    await expect(ensure(tool)).rejects.toThrow(/requires go >= 1\.99/);
  });

  test("stands in for a release that cannot be reached, where that is allowed", async () => {
    const { proxy, said, wanted, ensure } = bench();
    const server = await serve((_, response) => response.writeHead(404).end());
    const tool = wanted(publish(proxy, "example.test/tool/v5", "v5.8.2", simple));
    const released: Wanted = {
      ...tool,
      assets: { [tool.platform]: { name: "kustomize.tar.gz", sha256: "0".repeat(64) } },
      pin: { ...tool.pin, release: { url: `${server.url}/{asset}`, member: "kustomize" } },
      // Not a version that may be on this machine's PATH.
      range: "0.0.0",
    };
    await expect(ensure(released, { from: "auto" })).rejects.toMatchObject({ code: "download" });
    expect(await ensure(released, { from: "auto", allowBuild: true })).toMatchObject({ source: "go" });
    expect(said.join("\n")).toMatch(/answered 404 Not Found\nBuilding kustomize/);
  });

  test("is given up when the run is cancelled", async () => {
    const { proxy, wanted, ensure, machine } = bench();
    const cancel = new AbortController();
    const tool = wanted(publish(proxy, "example.test/tool/v5", "v5.8.2", simple));
    setTimeout(() => cancel.abort(), 50);
    await expect(ensure(tool, {}, cancel.signal)).rejects.toMatchObject({ code: "cancelled" });
    expect(existsSync(join(machine.cacheDir, "tools/kustomize/.lock"))).toBe(false);
  });
});
