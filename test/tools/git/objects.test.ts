import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeName, encodeName, isPortableName, quoteName } from "../../../packages/engine/src/git/name.ts";
import { batchParser } from "../../../packages/engine/src/git/objects.ts";

test("the answers of cat-file are the same however its output is cut into chunks", () => {
  const object = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(object), fc.array(fc.integer({ min: 1, max: 30 })), (objects, cuts) => {
      const id = "a".repeat(40);
      const output = Buffer.concat(
        objects.map((bytes) =>
          bytes
            ? Buffer.concat([Buffer.from(`${id} blob ${bytes.length}\n`), bytes, Buffer.from("\n")])
            : Buffer.from(`${id} missing\n`),
        ),
      );
      const answers: unknown[] = [];
      const parse = batchParser(30, (answer) => {
        if (answer instanceof Error) answers.push("too large");
        else answers.push(answer && { type: answer.type, bytes: [...answer.bytes] });
      });
      for (let at = 0, turn = 0; at < output.length; turn++) {
        const size = cuts.length === 0 ? 7 : cuts[turn % cuts.length]!;
        parse(output.subarray(at, at + size));
        at += size;
      }
      const expected = objects.map((bytes) => {
        if (bytes && bytes.length > 30) return "too large";
        return bytes && { type: "blob", bytes: [...bytes] };
      });
      expect(answers).toEqual(expected);
    }),
  );
});

test("every name is kept apart and comes back as the bytes it was", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.string({ unit: "binary" }).map((text) => new Uint8Array(Buffer.from(text))),
  );
  fc.assert(
    fc.property(bytes, (name) => {
      const decoded = decodeName(name);
      expect([...encodeName(decoded)]).toEqual([...name]);
      const valid = Buffer.from(Buffer.from(name).toString("utf8")).equals(name);
      expect(isPortableName(decoded)).toBe(valid);
      expect(quoteName(decoded)).toMatch(/^"[ -~]*"$/);
    }),
    { numRuns: 1000 },
  );
});
