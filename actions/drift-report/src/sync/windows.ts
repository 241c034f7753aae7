import { isObject, type Json, type JsonObject, valueAt } from "@gitops-actions/manifest";
import { Cron } from "croner";
import { parseGoDuration } from "../duration.ts";
import type { SyncStatus } from "../sync.ts";

/** One sync window of a project, as far as it matters here. Times are milliseconds. */
interface Window {
  kind: "allow" | "deny";
  isOpen: boolean;
  /** When it opens next; undefined: never again, or it cannot be told. */
  opens: number | undefined;
  /** When it closes, while it is open. */
  closes: number | undefined;
}

/**
 * Says of Applications that wait for a sync window of their project that they wait, and until when. As in Argo CD: an
 * open deny window stops syncs; where there are allow windows, one must be open (argo-cd, pkg/apis/application, SyncWindows.CanSync).
 */
export function explainWindows(
  statuses: readonly SyncStatus[],
  objects: readonly JsonObject[],
  now: Date,
): void {
  const projects = new Map(
    objects.filter(({ kind }) => kind === "AppProject").map((each) => [String(nameOf(each)), each]),
  );
  const applications = new Map(
    objects
      .filter(({ kind }) => kind === "Application")
      .map((each) => [`${String(valueAt(each, "/metadata/namespace") ?? "")}/${nameOf(each)}`, each]),
  );
  for (const status of statuses) {
    if (status.kind !== "Application" || status.state !== "out-of-sync") continue;
    const application = applications.get(`${status.namespace}/${status.name}`);
    const project = projects.get(String(application && valueAt(application, "/spec/project")));
    if (!application || !project) continue;
    const blocked = blockedBy(windowsOf(project, application, now.getTime()));
    if (blocked === undefined) continue;
    status.waiting = true;
    status.message += `; ${blocked}`;
  }
}

function blockedBy(windows: readonly Window[]): string | undefined {
  const deny = windows.filter(({ kind, isOpen }) => kind === "deny" && isOpen);
  if (deny.length > 0)
    return `a sync window of its project forbids syncs${until(Math.max(...deny.map(({ closes }) => closes ?? Number.NaN)))}`;
  const allow = windows.filter(({ kind }) => kind === "allow");
  if (allow.length === 0 || allow.some(({ isOpen }) => isOpen)) return undefined;
  const next = allow.flatMap(({ opens }) => opens ?? []);
  return `no sync window of its project is open${until(next.length > 0 ? Math.min(...next) : Number.NaN)}`;
}

function until(time: number): string {
  return Number.isNaN(time)
    ? ""
    : ` until ${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function windowsOf(project: JsonObject, application: JsonObject, now: number): Window[] {
  const windows = valueAt(project, "/spec/syncWindows");
  return (Array.isArray(windows) ? windows : []).filter(isObject).flatMap((window) => {
    if (!concerns(window, application)) return [];
    const lasts = durationOf(window.duration);
    const kind = window.kind === "deny" ? "deny" : "allow";
    const pattern = compile(String(window.schedule ?? ""), String(window.timeZone ?? "") || "UTC");
    // A window that cannot be read is closed: what waits for it waits, and a deny window does not deny.
    if (!pattern || lasts === undefined)
      return [{ kind, isOpen: false, opens: undefined, closes: undefined } as const];
    const last = pattern.nextRun(new Date(now - lasts))?.getTime();
    const isOpen = last !== undefined && last <= now;
    return [
      {
        kind,
        isOpen,
        opens: pattern.nextRun(new Date(now))?.getTime(),
        closes: isOpen ? last + lasts : undefined,
      },
    ];
  });
}

function concerns(window: JsonObject, application: JsonObject): boolean {
  const destination = valueAt(application, "/spec/destination");
  const of = (name: string): string => {
    const value = isObject(destination) ? destination[name] : undefined;
    return typeof value === "string" ? value : "";
  };
  const named = [
    [window.applications, [String(nameOf(application))]],
    [window.namespaces, [of("namespace")]],
    [window.clusters, [of("server"), of("name")].filter(Boolean)],
  ] as const;
  const given = named.filter(([patterns]) => Array.isArray(patterns) && patterns.length > 0);
  const hits = given.map(([patterns, texts]) => matchesAny(patterns, texts));
  if (hits.length === 0) return false;
  return window.andOperator === true ? hits.every(Boolean) : hits.some(Boolean);
}

function matchesAny(patterns: Json | undefined, texts: readonly string[]): boolean {
  return (Array.isArray(patterns) ? patterns : []).some((pattern) => {
    const parts = String(pattern)
      .split(/[*?]/)
      .map((part) => part.replace(/[.+^${}()|[\]\\]/g, "\\$&"));
    const marks = [...String(pattern).matchAll(/[*?]/g)].map(([mark]) => (mark === "*" ? ".*" : "."));
    const text = parts.map((part, index) => part + (marks[index] ?? "")).join("");
    return texts.some((each) => new RegExp(`^${text}$`).test(each));
  });
}

function durationOf(text: Json | undefined): number | undefined {
  const amount = typeof text === "string" ? parseGoDuration(text) : undefined;
  return amount === undefined ? undefined : Number(amount / 1_000_000n);
}

function compile(schedule: string, timezone: string): Cron | undefined {
  try {
    const pattern = new Cron(schedule, { timezone, paused: true });
    pattern.nextRun(new Date(0));
    return pattern;
  } catch {
    return undefined;
  }
}

function nameOf(object: JsonObject): Json | undefined {
  return valueAt(object, "/metadata/name");
}
