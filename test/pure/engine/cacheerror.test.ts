import { ToolError } from "@gitops-actions/report";
import { expect, test } from "vitest";
import { cacheError } from "../../../packages/engine/src/tools/cache.ts";

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: something`), { code });
}

test.each([
  ["ENOSPC", "disk", /^The disk is full: no tool can be stored in \/cache\. Free some space/],
  ["EDQUOT", "disk", /disk is full/],
  ["EROFS", "cache", /^The cache folder \/cache cannot be written \(EROFS\)\. .*XDG_CACHE_HOME/],
  ["EACCES", "cache", /cannot be written \(EACCES\)/],
])("%s says what to do", (code, kind, message) => {
  const error = cacheError(failure(code), "/cache");
  expect(error).toBeInstanceOf(ToolError);
  expect(error).toMatchObject({ code: kind, message: expect.stringMatching(message) });
});

test("other errors stay what they are", () => {
  const checksum = new ToolError("checksum", "wrong");
  expect(cacheError(checksum, "/cache")).toBe(checksum);
  const unknown = failure("EIO");
  expect(cacheError(unknown, "/cache")).toBe(unknown);
});
