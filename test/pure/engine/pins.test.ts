import { type Platform, pins, type ToolName, toolNames } from "@gitops-actions/engine";
import { UsageError } from "@gitops-actions/report";
import { satisfies, valid, validRange } from "semver";
import { describe, expect, test } from "vitest";
import { entryFolder } from "../../../packages/engine/src/tools/cache.ts";
import { mirrorUrl } from "../../../packages/engine/src/tools/obtain.ts";
import {
  currentPlatform,
  fill,
  type Pin,
  placeholders,
  wantedTool,
} from "../../../packages/engine/src/tools/pin.ts";

const platforms: Platform[] = ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"];

/** Tools whose releases have no checksums, or are packed in a way we do not unpack, for some platforms. */
const partly: Partial<Record<ToolName, Platform[]>> = {
  "kubectl-validate": [],
  gojq: ["linux/amd64", "linux/arm64"],
};

describe.each(toolNames)("%s", (name) => {
  const pin: Pin = pins[name];

  test("the default version is pinned and in its own range", () => {
    expect(Object.keys(pin.versions)).toContain(pin.version);
    expect(validRange(pin.range)).not.toBeNull();
    expect(satisfies(pin.version, pin.range)).toBe(true);
  });

  test("every version has a module hash, and sums of SHA-256 for assets of its own", () => {
    const sums: string[] = [];
    for (const [version, { sum, assets }] of Object.entries(pin.versions)) {
      expect(valid(version)).toBe(version);
      expect(sum).toMatch(/^h1:[A-Za-z0-9+/]{43}=$/);
      for (const platform of platforms) {
        const asset = assets[platform];
        if (asset) expect(asset.sha256).toMatch(/^[0-9a-f]{64}$/);
        if (asset) sums.push(asset.sha256);
      }
      sums.push(sum);
    }
    expect(new Set(sums).size).toBe(sums.length);
  });

  test("the default version has a release for every platform, unless it is for tests only", () => {
    const assets = Object.keys(pin.versions[pin.version]?.assets ?? {});
    expect(assets).toEqual(pin.development ? [] : (partly[name] ?? platforms));
  });

  test("no template names a place that nothing fills", () => {
    for (const version of Object.keys(pin.versions)) {
      for (const platform of platforms) {
        const wanted = wantedTool(name, platform, version);
        const templates = [pin.release?.url, pin.release?.member, pin.build.ldflags, pin.build.package];
        for (const template of templates)
          expect(fill(template ?? "", placeholders(wanted))).not.toMatch(/[{}]/);
      }
    }
  });
});

test("the addresses are those under which the sums were published", () => {
  const url = (name: "kustomize" | "helm" | "kubectl", platform: Platform, version?: string): string => {
    const wanted = wantedTool(name, platform, version);
    return fill((wanted.pin as Pin).release?.url ?? "", placeholders(wanted));
  };
  expect(url("kustomize", "linux/arm64")).toBe(
    "https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize/v5.8.2/kustomize_v5.8.2_linux_arm64.tar.gz",
  );
  expect(url("helm", "darwin/amd64", "v3.22.0")).toBe("https://get.helm.sh/helm-v3.22.0-darwin-amd64.tar.gz");
  expect(url("kubectl", "linux/amd64", "1.36.3")).toBe(
    "https://dl.k8s.io/release/v1.36.3/bin/linux/amd64/kubectl",
  );
});

test("a version without a pin is refused, also one that every object has", () => {
  for (const version of ["9.9.9", "constructor", "__proto__", "", "latest"]) {
    expect(() => wantedTool("helm", "linux/amd64", version), version).toThrow(UsageError);
  }
});

test("platforms are named as Go names them; others are refused in words", () => {
  expect(currentPlatform("linux", "x64")).toBe("linux/amd64");
  expect(currentPlatform("darwin", "arm64")).toBe("darwin/arm64");
  expect(() => currentPlatform("win32", "x64")).toThrow(/win32\/amd64.*Linux and macOS/);
  expect(() => currentPlatform("linux", "s390x")).toThrow(/linux\/s390x/);
});

test("entries of other versions, platforms, sums and recipes never share a folder", () => {
  const wanted = wantedTool("kustomize", "linux/amd64");
  const others = [
    wantedTool("kustomize", "linux/arm64"),
    wantedTool("kustomize", "linux/amd64", "5.8.1"),
    { ...wanted, assets: { "linux/amd64": { name: "x", sha256: "f".repeat(64) } } },
  ];
  const folders = [wanted, ...others].map((one) => entryFolder("/cache", one, "release"));
  expect(new Set(folders).size).toBe(4);
  const built = [
    wanted,
    { ...wanted, sum: "h1:x" },
    { ...wanted, pin: { ...wanted.pin, build: { ...wanted.pin.build, ldflags: "-X a=b" } } },
  ];
  expect(new Set(built.map((one) => entryFolder("/cache", one, "go"))).size).toBe(3);
});

test.each([
  [
    "https://m.example/{tool}/{version}/{asset}",
    "https://m.example/kustomize/5.8.2/kustomize_v5.8.2_linux_amd64.tar.gz",
  ],
  ["https://m.example/tools", "https://m.example/tools/kustomize_v5.8.2_linux_amd64.tar.gz"],
  [
    "https://m.example/{tool}/v{version}/",
    "https://m.example/kustomize/v5.8.2/kustomize_v5.8.2_linux_amd64.tar.gz",
  ],
  ["https://m.example/{tool}-{version}-{os}-{arch}.tgz", "https://m.example/kustomize-5.8.2-linux-amd64.tgz"],
])("the mirror %s", (template, url) => {
  expect(mirrorUrl(template, wantedTool("kustomize", "linux/amd64"))).toBe(url);
});
