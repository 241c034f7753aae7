import { compareText, parseSource, splitPointer } from "@gitops-actions/manifest";

import { compilePattern, type PathPattern } from "../pattern.ts";
import type { Entry } from "../tree.ts";
import { addSlot, type Collector } from "./collector.ts";
import type { Owner, Placement } from "./placement.ts";
import { mayHoldVersions, readVersions } from "./read.ts";
import type { PromotionSettings } from "./settings.ts";
import type { Slot, Version } from "./slot.ts";

/** A version of one thing in one environment, and every place that says it. */
export interface CellSlot {
  /** The same in every environment: path and name with environment and cluster left open. */
  id: string;
  kind: Slot["kind"];
  subject: string;
  version: Version;
  /** The places disagree, as in the middle of a roll-out by cluster: `version` is that of the first. */
  mixed: boolean;
  places: PlacedSlot[];
}

/** A slot where it stands. `moves` is its version without the parts that settings keep. */
export type PlacedSlot = Slot & { cluster?: string; moves: Version };

/** What one app runs in one environment. Slots are sorted by id. */
export interface Cell {
  app: string;
  environment: string;
  slots: CellSlot[];
}

/** A slot with the cell it belongs to. */
export interface OwnedSlot {
  app: string;
  environment: string;
  id: string;
  slot: PlacedSlot;
}

/** Reads the versions of one file that has an owner. Empty for files that cannot hold any. */
export type ReadOwned = (path: string, id: string, text: string, owner: Owner) => OwnedSlot[];

/** Makes a reader for what settings declare; it remembers what it has read by path and object id. */
export function ownedReader(
  settings: PromotionSettings,
): ReadOwned & { wants(path: string): boolean; knows(path: string, id: string): boolean } {
  const files = settings.files.map(compilePattern);
  const fields = settings.fields.map(({ file, pointer }): [PathPattern, string] => [
    compilePattern(file),
    pointer,
  ]);
  const known = new Map<string, Slot[]>();
  // What an environment has for itself is no version that comes from another.
  const own = settings.strategy === "merge" ? settings.own.map(compilePattern) : [];
  const isOwn = (path: string) => own.some((pattern) => pattern.match(path) !== undefined);
  const whole = (path: string) => files.some((pattern) => pattern.match(path));
  const slotsOf = (path: string, id: string, text: string): Slot[] => {
    if (whole(path)) return [fileSlot(path, id)];
    const slots = mayHoldVersions(path) && mayName(text) ? readVersions(path, text).slots : [];
    for (const [pattern, pointer] of fields)
      if (pattern.match(path) !== undefined) slots.push(...fieldSlots(path, text, pointer, slots));
    return slots;
  };
  const read: ReadOwned = (path, id, text, owner) => {
    const key = `${id} ${path}`;
    const slots = known.get(key) ?? slotsOf(path, id, text);
    known.set(key, slots);
    return slots.map((slot) => placeSlot(slot, owner, settings));
  };
  return Object.assign(read, {
    knows: (path: string, id: string) => known.has(`${id} ${path}`),
    wants: (path: string) =>
      !isOwn(path) &&
      (mayHoldVersions(path) || whole(path) || fields.some(([pattern]) => pattern.match(path))),
  });
}

/** Puts slots together to cells, sorted by app and environment. */
export function groupCells(owned: Iterable<OwnedSlot>): Cell[] {
  const cells = new Map<string, Cell>();
  for (const { app, environment, id, slot } of owned) {
    const key = `${app}\0${environment}`;
    const cell = cells.get(key) ?? { app, environment, slots: [] };
    cells.set(key, cell);
    const known = cell.slots.find((each) => each.id === id);
    if (known) known.places.push(slot);
    else
      cell.slots.push({
        id,
        kind: slot.kind,
        subject: slot.subject,
        version: slot.moves,
        mixed: false,
        places: [slot],
      });
  }
  for (const cell of cells.values()) {
    cell.slots.sort((a, b) => compareText(a.id, b.id));
    for (const slot of cell.slots) {
      slot.places.sort((a, b) => compareText(a.path, b.path) || a.document - b.document);
      slot.version = slot.places[0]!.moves;
      slot.mixed = slot.places.some(
        (place) => describeVersion(place.moves) !== describeVersion(slot.version),
      );
    }
  }
  return [...cells.values()].sort(
    (a, b) => compareText(a.app, b.app) || compareText(a.environment, b.environment),
  );
}

/** The entries of a tree that a reader wants and that have an owner. */
export function ownedEntries(
  entries: Iterable<Entry>,
  placement: Placement,
  wants: (path: string) => boolean,
): [Entry, Owner][] {
  const found: [Entry, Owner][] = [];
  for (const entry of entries) {
    if (entry.kind !== "file" || !wants(entry.path)) continue;
    const owner = placement.ownerOf(entry.path);
    if (owner) found.push([entry, owner]);
  }
  return found;
}

/** A version as one text, the same for the same version. */
export function describeVersion(version: Version): string {
  return Object.entries(version)
    .sort(([a], [b]) => compareText(a, b))
    .map(([role, value]) => `${role}=${value}`)
    .join(" ");
}

// Most files of a fleet name no version: the parser is spared them.
function mayName(text: string): boolean {
  return /image|tag|version|digest|ref=|revision|newName/i.test(text);
}

/** The app that an owner's versions are of: what `{app}` stood for, else the object's name, else the folder's. */
export function appOf({ app, environment, cluster, folder }: Owner, object?: string): string {
  return app ?? leaveOut(object ?? lastFolder(folder), [environment, cluster]);
}

function placeSlot(slot: Slot, owner: Owner, { keep }: PromotionSettings): OwnedSlot {
  const { environment, cluster } = owner;
  const open = (text: string) =>
    leaveOpen(leaveOpen(text, environment, "{environment}"), cluster, "{cluster}");
  const named = /^[A-Za-z]+\/(\S+) /.exec(slot.item)?.[1];
  const app = appOf(owner, named);
  const moves = Object.fromEntries(
    Object.entries(slot.version).filter(([role]) => !keep.some((each) => each === role)),
  );
  const placed: PlacedSlot = { ...slot, moves, ...(cluster === undefined ? {} : { cluster }) };
  return { app, environment, id: `${open(slot.path)} ${open(slot.item)}`, slot: placed };
}

/** Replaces a name where it stands as a word of its own in a path. */
function leaveOpen(text: string, name: string | undefined, placeholder: string): string {
  if (name === undefined || name === "") return text;
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.replace(new RegExp(`(^|[/_.\\s-])${escaped}(?=$|[/_.\\s-])`, "g"), `$1${placeholder}`);
}

function leaveOut(name: string, words: readonly (string | undefined)[]): string {
  const parts = words.reduce<string>((text, word) => leaveOpen(text, word, ""), name);
  return parts.replace(/[-_.]{2,}/g, "-").replace(/^[-_.]+|[-_.]+$/g, "") || name;
}

function lastFolder(folder: string): string {
  return folder.slice(folder.lastIndexOf("/") + 1);
}

function fileSlot(path: string, id: string): Slot {
  return {
    path,
    document: 0,
    kind: "declared-file",
    subject: path.slice(path.lastIndexOf("/") + 1),
    item: "",
    version: { value: id },
    parts: {},
  };
}

function fieldSlots(path: string, text: string, pointer: string, known: readonly Slot[]): Slot[] {
  const source = parseSource(text, path);
  const found = { slots: [] as Slot[], immovable: [] };
  const taken = new Set(known.flatMap((slot) => Object.values(slot.parts).map((part) => part.pointer)));
  for (const [document, { value }] of source.documents.entries()) {
    if (value === undefined) continue;
    const collector: Collector = { path, document, root: value, source, found, taken, owner: "" };
    const tokens = splitPointer(pointer);
    const name = tokens.pop() ?? "";
    addSlot(collector, { kind: "declared-field", subject: pointer, at: tokens, roles: { value: name } });
  }
  return found.slots;
}
