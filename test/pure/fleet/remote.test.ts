import { describe, expect, test } from "vitest";
import {
  hostOf,
  isPinned,
  isRemoteFile,
  parseRepoSpec,
  withoutCredentials,
} from "../../../packages/fleet/src/closure/remote.ts";
import recorded from "./recorded/repospec.json" with { type: "json" };

describe("what kustomize clones", () => {
  test.each(recorded.cases)("$name: $input", ({ input, spec }) => {
    expect(parseRepoSpec(input) ?? null).toEqual(spec);
  });

  // Found by comparing 300,000 generated paths with NewRepoSpecFromURL itself.
  test.each([
    ["ssh://host/org/repo?ref=a;b", ""],
    ["https://host/org/repo?ref=a%zz", ""],
    ["https://host/org/repo??ref=a", ""],
    ["https://host/org/repo?version=v1&ref=", "v1"],
    ["https://host/org/repo?version=v1&ref=v2", "v2"],
    ["https://host/org/repo?ref=a+b%20c", "a b c"],
  ])("the ref of %s", (path, ref) => {
    expect(parseRepoSpec(path)?.ref).toBe(ref);
  });

  test("a path above the root of the machine stays at it", () => {
    expect(parseRepoSpec("github.com/org////..")?.folder).toBe("/..");
    expect(parseRepoSpec("github.com/org/repo//../x")).toBeUndefined();
  });
});

test("http and https are read, whatever their case", () => {
  expect(["http://x", "HTTPS://x", "https:x"].map(isRemoteFile)).toEqual([true, true, true]);
  expect(["git::https://x", "ssh://x", "a/https://x", "oci://x"].map(isRemoteFile)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test.each([
  ["https://user:secret@Example.com:8443/org/repo", "example.com"],
  ["git@example.com:org/repo", "example.com"],
  ["github.com/org/repo", "github.com"],
  ["git::ssh://git@host:22/org/repo", "host"],
  ["https://example.com", "example.com"],
  ["https://example.com?ref=x", "example.com"],
  ["file:///srv/repo", ""],
  ["../base", ""],
])("the host of %s", (address, host) => {
  expect(hostOf(address)).toBe(host);
});

const commit = "0123456789abcdef0123456789abcdef01234567";

test.each([
  [`github.com/org/repo?ref=${commit}`, true],
  [`github.com/org/repo?ref=${commit.slice(0, 12)}`, false],
  [`github.com/org/repo?ref=v1&x=${commit}`, false],
  ["github.com/org/repo", false],
  [`https://raw.example.com/org/repo/${commit}/a.yaml`, true],
  [`https://github.com/${commit}/repo?ref=main`, false],
  ["https://raw.example.com/org/repo/main/a.yaml", false],
])("%s is pinned: %s", (address, pinned) => {
  expect(isPinned(address)).toBe(pinned);
});

test("credentials are left out of what is printed", () => {
  expect(withoutCredentials("https://user:secret@example.com/org/repo")).toBe("https://example.com/org/repo");
  expect(withoutCredentials("git::https://token@example.com/x")).toBe("git::https://example.com/x");
  expect(withoutCredentials("git@example.com:org/repo")).toBe("git@example.com:org/repo");
});
