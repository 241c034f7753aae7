/**
 * Splits what one process is to check into groups in which each place means one content: a schema file or a kind of
 * resource has one definition there. Order is kept; most often there is one group.
 */
export function layersOf<Unit>(
  units: Iterable<Unit>,
  placeOf: (unit: Unit) => string,
  contentOf: (unit: Unit) => string,
): Unit[][] {
  const variants = new Map<string, string[]>();
  const layers: Unit[][] = [];
  for (const unit of units) {
    const place = placeOf(unit);
    const known = variants.get(place) ?? [];
    variants.set(place, known);
    const content = contentOf(unit);
    if (!known.includes(content)) known.push(content);
    const layer = known.indexOf(content);
    layers[layer] ??= [];
    layers[layer].push(unit);
  }
  return layers;
}
