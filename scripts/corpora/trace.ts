import { readFileSync, realpathSync, rmSync } from "node:fs";
import { join, posix } from "node:path";
import { type Ended, run } from "./tools.ts";

/** Every name below a folder that a program and its children gave to the kernel. Relative to the folder; "" is itself. */
export interface Trace {
  ended: Ended;
  /** Opened, looked at, read as a link or looked for in vain. */
  names: Set<string>;
  /** Folders whose contents were listed. */
  listed: Set<string>;
}

/** Runs a program under strace and collects the names below `folder` that its system calls name. */
export async function trace(
  command: string,
  args: string[],
  folder: string,
  scratch: string,
  label: string,
): Promise<Trace> {
  const file = join(scratch, `${label}.strace`);
  const flags = [
    "-f",
    "-qq",
    "-y",
    "-s",
    "8192",
    "-e",
    "trace=%file,getdents64,clone,clone3,fork,vfork",
    "-e",
    "signal=none",
    "-o",
    file,
  ];
  const ended = await run("strace", [...flags, command, ...args], folder, join(scratch, `${label}.home`));
  const names = readTrace(readFileSync(file, "latin1"), realpathSync(folder));
  for (const made of [file, join(scratch, `${label}.home`)]) rmSync(made, { recursive: true, force: true });
  return { ended, ...names };
}

// 17 openat(AT_FDCWD</x>, "name", ...   17 newfstatat(5</x/y>, "name", ...   17 open("name", ...
const named = /^(\d+) +(\w+)\((?:(?:AT_FDCWD|\d+)(?:<((?:[^>\\]|\\.)*)>)?, )?"((?:[^"\\]|\\.)*)"/;
const listing = /^\d+ +getdents64\(\d+<((?:[^>\\]|\\.)*)>/;
const started = /^(\d+) +(?:<\.\.\. )?(?:clone3?|v?fork)\b.* = (\d+)$/;

/** Reads what strace -f -y wrote. Whether a call succeeded is not asked: a name that was looked for counts. */
export function readTrace(text: string, folder: string): Pick<Trace, "names" | "listed"> {
  const names = new Set<string>();
  const listed = new Set<string>();
  // Where each process stands: kustomize starts Git elsewhere.
  const places = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, parent, child] = started.exec(line) ?? [];
    if (parent !== undefined && child !== undefined && !places.has(child)) {
      places.set(child, places.get(parent) ?? folder);
    }
    const list = listing.exec(line);
    if (list) {
      const inside = below(folder, unquote(list[1] ?? ""));
      if (inside !== undefined) listed.add(inside);
      continue;
    }
    const [, process = "", call = "", at, name = ""] = named.exec(line) ?? [];
    if (call === "" || call === "execve" || call.startsWith("symlink")) continue;
    const from = at === undefined ? (places.get(process) ?? folder) : unquote(at);
    const path = posix.resolve(from, unquote(name));
    if (call === "chdir" && line.endsWith(" = 0")) places.set(process, path);
    const inside = below(folder, path);
    if (inside !== undefined) names.add(inside);
  }
  return { names, listed };
}

function below(folder: string, path: string): string | undefined {
  if (path === folder) return "";
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}

/** strace writes bytes that are not printable ASCII as octal. */
function unquote(text: string): string {
  const bytes: number[] = [];
  const short: Record<string, number> = { n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, "\\": 92 };
  for (const [token] of text.matchAll(/\\[0-7]{1,3}|\\.|[^\\]/gs)) {
    if (token.length === 1) bytes.push(token.charCodeAt(0));
    else if (/^\\[0-7]/.test(token)) bytes.push(Number.parseInt(token.slice(1), 8));
    else bytes.push(short[token[1] ?? ""] ?? token.charCodeAt(1));
  }
  return Buffer.from(bytes).toString("utf8");
}
