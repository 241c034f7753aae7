// Types of the API machinery whose decoders OpenAPI v2 cannot describe.

/** Types that keep the JSON they are given. */
export const openTypes: ReadonlySet<string> = new Set(["RawExtension", "FieldsV1", "Patch"]);

/** Types of apiextensions with an UnmarshalJSON of their own: the shapes they accept; none means any JSON. */
export const rawJson: Readonly<Record<string, string[]>> = {
  JSON: [],
  JSONSchemaPropsOrArray: ["object", "array"],
  JSONSchemaPropsOrBool: ["object", "boolean"],
  JSONSchemaPropsOrStringArray: ["object", "array"],
};
