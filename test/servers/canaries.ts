/** Ways in which a secret value could leave a program. The last three are how it looks inside a longer base64 text. */
const encodings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  base64: (text) => Buffer.from(text).toString("base64"),
  "base64 without padding": (text) => Buffer.from(text).toString("base64").replace(/=+$/, ""),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64 twice": (text) => Buffer.from(Buffer.from(text).toString("base64")).toString("base64"),
  hex: (text) => Buffer.from(text).toString("hex"),
  percent: (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  reversed: (text) => [...text].reverse().join(""),
  "base64 inside, at 1": (text) => Buffer.from(`xx${text}`).toString("base64").slice(4, -4),
  "base64 inside, at 2": (text) => Buffer.from(`x${text}`).toString("base64").slice(4, -4),
  "base64 inside, at 0": (text) => Buffer.from(text).toString("base64").slice(0, -4),
};

/** Which values can be found in a text, and how they are written there; empty when none can. */
export function findCanaries(text: string, values: readonly string[]): string[] {
  const small = text.toLowerCase();
  return values.flatMap((value) =>
    Object.entries(encodings).flatMap(([name, encode]) => {
      const written = encode(value);
      const isThere = name === "hex" || name === "percent" ? small.includes(written) : text.includes(written);
      return isThere ? [`${value} as ${name}`] : [];
    }),
  );
}
