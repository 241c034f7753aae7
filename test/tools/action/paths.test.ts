import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPath, readPaths } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let root: string;
let workspace: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "paths-")));
  workspace = join(root, "work");
  mkdirSync(join(workspace, "apps/web"), { recursive: true });
  mkdirSync(join(root, "outside"));
  mkdirSync(join(root, "work-evil"));
  writeFileSync(join(workspace, "file"), "");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (path: string, env: Record<string, string> = { GITHUB_WORKSPACE: workspace }) =>
  readPath({ env: { ...env, INPUT_PATH: path }, cwd: workspace }, "path");

describe("a path inside the workspace", () => {
  test.each([
    ["", "."],
    [".", "."],
    ["apps/web", "apps/web"],
    ["./apps//web/", "apps/web"],
    ["apps/../apps/web", "apps/web"],
    ["new/folder/that/is/not/there", "new/folder/that/is/not/there"],
    ["..hidden", "..hidden"],
    ["apps/-x", "apps/-x"],
    ["päth with space", "päth with space"],
  ])("%j is %j", (given, path) => {
    expect(read(given)).toBe(path);
  });

  test("may be given as an absolute path, also when the workspace is reached through a link", () => {
    symlinkSync(workspace, join(root, "link"));
    expect(read(join(workspace, "apps"))).toBe("apps");
    expect(read(join(root, "link/apps"))).toBe("apps");
    expect(
      readPath({ env: { INPUT_PATH: "apps", GITHUB_WORKSPACE: join(root, "link") }, cwd: root }, "path"),
    ).toBe("apps");
    expect(read(workspace)).toBe(".");
  });

  test("may go through a link that stays inside", () => {
    symlinkSync("apps/web", join(workspace, "current"));
    expect(read("current/values.yaml")).toBe("apps/web/values.yaml");
  });

  test("is relative to the current folder outside a job", () => {
    expect(readPath({ env: { INPUT_PATH: "apps" }, cwd: workspace }, "path")).toBe("apps");
  });
});

describe("a path that is refused", () => {
  test.each([
    ["../outside"],
    [".."],
    ["apps/../../outside"],
    ["/etc"],
    ["../work-evil"],
    ["/"],
    ["a\nb"],
    ["a\0b"],
    ["-rf"],
    ["--output=x"],
  ])("%j", (given) => {
    expect(() => read(given)).toThrow(UsageError);
    expect(() => read(given)).toThrow(/^input 'path' is '/);
  });

  test("because a link leads outside: as the path, in the middle of it, in a chain, or broken", () => {
    symlinkSync(join(root, "outside"), join(workspace, "out"));
    symlinkSync("out", join(workspace, "chain"));
    symlinkSync(join(root, "not-there-yet"), join(workspace, "broken"));
    symlinkSync("loop", join(workspace, "loop"));
    for (const path of [
      "out",
      "out/x",
      "out/../../work/../outside/y",
      "chain/x",
      "broken",
      "broken/x",
      "loop",
    ]) {
      expect(() => read(path), path).toThrow(/leads out of it|cannot be followed/);
    }
  });

  test("one by one in a list", () => {
    const host = {
      env: { GITHUB_WORKSPACE: workspace, INPUT_PATHS: "apps\n\n ../outside \n" },
      cwd: workspace,
    };
    expect(() => readPaths(host, "paths")).toThrow(
      "input 'paths' is '../outside'; expected a path inside the workspace",
    );
    expect(readPaths({ ...host, env: { ...host.env, INPUT_PATHS: "apps\nfile" } }, "paths")).toEqual([
      "apps",
      "file",
    ]);
  });
});
