import { compareText } from "@gitops-actions/manifest";
import { type Cell, type CellSlot, describeVersion, type PlacedSlot } from "./cells.ts";
import { type Edit, editsOf, rawOf } from "./edit.ts";
import type { Role, Version } from "./slot.ts";

/** One thing of an app that gets another version, and what has to be written for it. */
export interface Move {
  id: string;
  kind: CellSlot["kind"];
  subject: string;
  from: Version;
  to: Version;
  edits: Edit[];
  /** Files copied whole: the path, and the object id of the contents it gets. */
  copies: { path: string; blob: string }[];
}

/** Why something does not move, or not as a whole. An obstacle stops the promotion; a notice is only said. */
export interface PlanNote {
  kind: "obstacle" | "notice";
  code: "no-counterpart" | "no-field" | "stale-digest" | "disagree" | "not-promoted";
  subject: string;
  message: string;
}

export interface Plan {
  app: string;
  environment: string;
  moves: Move[];
  notes: PlanNote[];
}

/** What has to be written so that an app runs in one environment what it ran in another. */
export function planPromotion(source: Cell, target: Cell): Plan {
  const plan: Plan = { app: target.app, environment: target.environment, moves: [], notes: [] };
  const pairs = pairSlots(source.slots, target.slots);
  for (const { from, to } of pairs) {
    if (!to) {
      note(plan, "notice", "no-counterpart", from!, `${target.environment} has no place for it`);
    } else if (!from) {
      note(plan, "notice", "not-promoted", to, `${source.environment} does not have it`);
    } else if (from.mixed) {
      note(
        plan,
        "obstacle",
        "disagree",
        from,
        `${source.environment} runs several versions of it: ${versionsOf(from)}`,
      );
    } else addMove(plan, to, from.version);
  }
  return plan;
}

/** What has to be written to give an app back the bytes of a state it once had in this environment. */
export function planRollback(wanted: Cell, current: Cell): Plan {
  const plan: Plan = { app: current.app, environment: current.environment, moves: [], notes: [] };
  for (const { from, to } of pairSlots(wanted.slots, current.slots)) {
    if (!to) {
      note(plan, "obstacle", "no-counterpart", from!, `${current.environment} has no place for it any more`);
    } else if (!from) {
      note(plan, "notice", "not-promoted", to, "it was not there then");
    } else addRestore(plan, from, to);
  }
  return plan;
}

/** What has to be written to set parts of a version. `subject`, where several could be meant, is an image, chart or part of its name. */
export function planSet(cell: Cell, version: Version, subject?: string): Plan {
  const plan: Plan = { app: cell.app, environment: cell.environment, moves: [], notes: [] };
  const roles = Object.keys(version) as Role[];
  const fits = (slot: CellSlot) =>
    subject === undefined ||
    slot.subject === subject ||
    slot.subject.split("/").at(-1) === subject ||
    slot.id.includes(subject);
  const able = cell.slots.filter((slot) => fits(slot) && roles.some((role) => canHold(slot, role)));
  for (const slot of able) addMove(plan, slot, { ...keptName(slot, version), ...version });
  return plan;
}

/** Whether a slot's places have a field for a part of a version. */
export function canHold(slot: CellSlot, role: Role): boolean {
  return slot.places.every(
    (place) =>
      place.parts[role] !== undefined ||
      (place.reference !== undefined && role !== "version" && role !== "value"),
  );
}

function keptName(slot: CellSlot, version: Version): Version {
  return slot.version.name === undefined || version.name !== undefined ? {} : { name: slot.version.name };
}

/** Two slots that hold a version of the same thing, or one that is alone. */
export interface Pair {
  from?: CellSlot;
  to?: CellSlot;
}

/** Pairs slots by id; those left over by kind and subject, where that is no guess. */
export function pairSlots(from: readonly CellSlot[], to: readonly CellSlot[]): Pair[] {
  const pairs: Pair[] = [];
  const left = { from: [] as CellSlot[], to: [...to] };
  for (const slot of from) {
    const at = left.to.findIndex((each) => each.id === slot.id);
    if (at < 0) left.from.push(slot);
    else pairs.push({ from: slot, to: left.to.splice(at, 1)[0]! });
  }
  const alike = (a: CellSlot) => (b: CellSlot) => likeness(a) === likeness(b);
  for (const slot of left.from) {
    const others = left.to.filter(alike(slot));
    const only = others.length === 1 && left.from.filter(alike(slot)).length === 1 ? others[0] : undefined;
    if (only) left.to.splice(left.to.indexOf(only), 1);
    pairs.push({ from: slot, ...(only ? { to: only } : {}) });
  }
  for (const slot of left.to) pairs.push({ to: slot });
  return pairs.sort((a, b) => compareText(idOf(a), idOf(b)));
}

const images = new Set<CellSlot["kind"]>(["kustomize-image", "image", "image-values"]);
const charts = new Set<CellSlot["kind"]>([
  "kustomize-chart",
  "helm-release",
  "argo-source",
  "chart-dependency",
]);

/** What a version is of, however it is written: Flux may deploy a chart in one environment and Argo CD in the next. */
function likeness({ kind, subject }: CellSlot): string {
  const family = images.has(kind) ? "image" : charts.has(kind) ? "chart" : kind;
  return `${family} ${family === "chart" ? subject.split(/[\s/]/).at(-1) : subject}`;
}

function idOf({ from, to }: Pair): string {
  return (to ?? from)?.id ?? "";
}

function addMove(plan: Plan, target: CellSlot, version: Version): void {
  const move: Move = { ...headOf(target), to: version, edits: [], copies: [] };
  for (const place of target.places) {
    if (place.kind === "declared-file") {
      if (place.version.value !== version.value)
        move.copies.push({ path: place.path, blob: version.value ?? "" });
      continue;
    }
    const { edits, missing, stale } = editsOf(place, version);
    move.edits.push(...edits);
    if (stale.length > 0)
      note(
        plan,
        "obstacle",
        "stale-digest",
        target,
        `${place.path} pins a ${stale.join(" and a ")} and what comes has none: it would go on running what it pins`,
      );
    if (missing.length > 0)
      note(plan, "notice", "no-field", target, `${place.path} has no field for its ${missing.join(" and ")}`);
  }
  if (move.edits.length + move.copies.length > 0) plan.moves.push(move);
}

function addRestore(plan: Plan, wanted: CellSlot, target: CellSlot): void {
  const move: Move = { ...headOf(target), to: wanted.version, edits: [], copies: [] };
  for (const place of target.places) {
    const old = sameplace(wanted, place) ?? wanted.places[0]!;
    if (place.kind === "declared-file") {
      if (place.version.value !== old.version.value)
        move.copies.push({ path: place.path, blob: old.version.value ?? "" });
      continue;
    }
    const { edits, stale, missing } = editsOf(place, old.version, rawOf(old));
    move.edits.push(...edits);
    const lost = [...stale, ...missing];
    if (lost.length > 0)
      note(
        plan,
        "obstacle",
        "no-field",
        target,
        `${place.path} has changed its form: ${lost.join(" and ")} had another place then`,
      );
  }
  if (move.edits.length + move.copies.length > 0) plan.moves.push(move);
}

/** The place a slot had then: the same file, or the only one in the same cluster. */
function sameplace(wanted: CellSlot, place: PlacedSlot): PlacedSlot | undefined {
  return (
    wanted.places.find((each) => each.path === place.path && each.document === place.document) ??
    wanted.places.find((each) => each.cluster === place.cluster)
  );
}

function headOf(slot: CellSlot): Pick<Move, "id" | "kind" | "subject" | "from"> {
  return { id: slot.id, kind: slot.kind, subject: slot.subject, from: slot.version };
}

function versionsOf(slot: CellSlot): string {
  return [...new Set(slot.places.map((place) => describeVersion(place.moves)))].sort().join("; ");
}

function note(
  plan: Plan,
  kind: PlanNote["kind"],
  code: PlanNote["code"],
  slot: CellSlot,
  message: string,
): void {
  plan.notes.push({ kind, code, subject: slot.subject, message: `${slot.subject}: ${message}` });
}
