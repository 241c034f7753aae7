import { type FieldChange, isObject, type Json, splitPointer } from "@gitops-actions/manifest";

interface Step {
  /** Where it was; undefined for what was added. */
  from?: string[];
  /** Where it is; undefined for what was removed. */
  to?: string[];
  order?: { base: Json[]; head: Json[] };
  head?: Json;
}

/** What the base becomes when the changes are carried out: the other half of the diff, written from its documentation. */
export function applyChanges(base: Json, changes: readonly FieldChange[]): Json {
  return rebuild(
    base,
    changes.map((change) => {
      const step: Step = {};
      if (change.base !== undefined) step.from = splitPointer(change.basePointer ?? change.pointer);
      if (change.head !== undefined) step.to = splitPointer(change.pointer);
      if (change.order) step.order = { base: change.base as Json[], head: change.head as Json[] };
      else if (change.head !== undefined) step.head = change.head;
      return step;
    }),
  );
}

function rebuild(value: Json, steps: Step[]): Json {
  const whole = steps.find((step) => step.to?.length === 0 && !step.order);
  if (whole) return whole.head as Json;
  if (steps.length === 0) return value;
  return Array.isArray(value) ? rebuildList(value, steps) : rebuildObject(value, steps);
}

function inner(step: Step): Step {
  return {
    ...step,
    ...(step.from ? { from: step.from.slice(1) } : {}),
    ...(step.to ? { to: step.to.slice(1) } : {}),
  };
}

const isRemoval = (step: Step) => step.to === undefined && step.from?.length === 1;
const isAddition = (step: Step) => step.from === undefined && step.to?.length === 1;

function rebuildObject(value: Json, steps: Step[]): Json {
  if (!isObject(value)) throw new Error("a change lies inside a scalar");
  const fields = new Map(Object.entries(value));
  for (const [key, own] of Map.groupBy(steps, (step) => (step.from ?? step.to)?.[0] as string)) {
    if (own.some(isRemoval)) fields.delete(key);
    else if (own.some(isAddition)) fields.set(key, own[0]?.head as Json);
    else fields.set(key, rebuild(fields.get(key) as Json, own.map(inner)));
  }
  return Object.fromEntries(fields);
}

function rebuildList(value: Json[], steps: Step[]): Json {
  const removed = new Set(steps.filter(isRemoval).map((step) => Number(step.from?.[0])));
  let items = value.map((item, from) => ({ item, from })).filter(({ from }) => !removed.has(from));
  const order = steps.find((step) => step.order && step.to?.length === 0)?.order;
  if (order) items = order.head.map((key) => items[order.base.indexOf(key)] as (typeof items)[number]);
  const added = steps.filter(isAddition).sort((a, b) => Number(a.to?.[0]) - Number(b.to?.[0]));
  for (const step of added) items.splice(Number(step.to?.[0]), 0, { item: step.head as Json, from: -1 });
  return items.map(({ item, from }, to) => {
    const own = steps.filter((step) => {
      if (isRemoval(step) || isAddition(step) || step.to?.length === 0) return false;
      return step.from ? step.from[0] === String(from) : step.to?.[0] === String(to);
    });
    return rebuild(item, own.map(inner));
  });
}
