import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Machine } from "@gitops-actions/engine";
import { onTestFinished } from "vitest";

/** A machine with folders of its own below `folder` and an environment that holds only PATH and what is given. */
export function makeMachine(env: Record<string, string> = {}): Machine & { folder: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "gitops-engine-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [tempDir, cacheDir, home] = ["temp", "cache", "home"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [tempDir, home]) mkdirSync(made, { mode: 0o700 });
  return {
    folder,
    cwd: folder,
    tempDir,
    cacheDir,
    cores: 2,
    env: { PATH: process.env.PATH ?? "", HOME: home, ...env },
  };
}

/** Writes files (relative path to contents) below a folder. */
export function write(folder: string, files: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** A program that prints a fixed text and ends with a fixed status. */
export function script(path: string, prints: string, status = 0): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, program(prints, status));
  chmodSync(path, 0o755);
  return path;
}

/** Its source: built-in commands only, because it may run without a PATH. */
export function program(prints: string, status = 0): string {
  return `#!/bin/sh\nprintf '%s\\n' '${prints}'\nexit ${status}\n`;
}
