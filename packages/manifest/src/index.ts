export * from "./diff.ts";
export { EditError, type EditErrorCode, replaceValue } from "./edit.ts";
export { diffValues, type FieldChange } from "./fields.ts";
export * from "./format.ts";
export * from "./group.ts";
export * from "./identity.ts";
export * from "./parse.ts";
export { fieldPath, mergeKey } from "./path.ts";
export * from "./pointer.ts";
export { formatProblem, type Problem, type ProblemCode } from "./problem.ts";
export { createRedactor, type Redactor, type RedactorInput } from "./redact.ts";
export { type RepeatedKey, repeatedKeys } from "./repeated.ts";
export * from "./resource.ts";
export type { Scalar } from "./scalars.ts";
export {
  decodeData,
  isEncrypted,
  isGuessedSecret,
  isSecret,
  isSecretData,
  isSecretKind,
} from "./secrets.ts";
export { type FieldSpan, parseSource, type Source, type SourceDocument, type Span } from "./source.ts";
export { equalJson, isObject, writeJson } from "./values.ts";
