import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const firstLookMs = 200;
const intervalMs = 100;
/** How many cheap looks (the tree below the leader) come before one that also finds orphans of the group. */
const looksPerScan = 10;

/**
 * Calls `exceeded` when the process group led by `leader` holds more than `cap` bytes of resident memory.
 * Polled, because `ulimit -v` breaks Go programs and control groups need rights a job does not have; not at all in
 * the first 200 ms, in which most renders are over. Returns the function that stops watching.
 */
export function watchMemory(leader: number, cap: number, exceeded: () => void): () => void {
  let looks = 0;
  let timer = setTimeout(look, firstLookMs);
  timer.unref();
  let stopped = false;

  async function look(): Promise<void> {
    const held = await residentBytes(leader, ++looks % looksPerScan === 0);
    if (stopped) return;
    if (held > cap) return exceeded();
    timer = setTimeout(look, intervalMs);
    timer.unref();
  }
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Resident bytes of a process group. `wholeGroup` also counts members whose parent has gone. */
async function residentBytes(leader: number, wholeGroup: boolean): Promise<number> {
  if (process.platform !== "linux") return await residentBytesByPs(leader);
  const members = new Set(descendants(leader));
  if (wholeGroup) for (const pid of groupMembers(leader)) members.add(pid);
  let kibibytes = 0;
  for (const pid of members) kibibytes += parseResident(readProc(`${pid}/status`));
  return kibibytes * 1024;
}

/** `VmRSS` of /proc/PID/status in KiB; 0 for a process that is gone. Not statm: its unit, the page, varies. */
export function parseResident(status: string): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

/** Process group of /proc/PID/stat. The name in parentheses may itself hold parentheses and spaces. */
export function parseGroup(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2] ?? Number.NaN);
}

/** A process and its descendants. Every thread lists the children it started, and Go starts them from any thread. */
function descendants(pid: number): number[] {
  const threads = listProc(`${pid}/task`).map((thread) => readProc(`${pid}/task/${thread}/children`));
  return [
    pid,
    ...threads.flatMap((children) => children.split(" ").filter(Boolean).map(Number)).flatMap(descendants),
  ];
}

function groupMembers(leader: number): number[] {
  const pids = listProc("").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => parseGroup(readProc(`${pid}/stat`)) === leader);
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return ""; // the process has ended meanwhile
  }
}

function listProc(path: string): string[] {
  try {
    return readdirSync(`/proc/${path}`);
  } catch {
    return [];
  }
}

function residentBytesByPs(leader: number): Promise<number> {
  return new Promise((resolve) => {
    execFile("/bin/ps", ["-axo", "pgid=,rss="], { env: {} }, (_error, stdout) =>
      resolve(parsePs(stdout, leader)),
    );
  });
}

/** Bytes that `ps -axo pgid=,rss=` counts for one process group (`rss` is in KiB). */
export function parsePs(stdout: string, group: number): number {
  let kibibytes = 0;
  for (const line of stdout.split("\n")) {
    const [pgid, rss] = line.trim().split(/\s+/).map(Number);
    if (pgid === group) kibibytes += rss ?? 0;
  }
  return kibibytes * 1024;
}
