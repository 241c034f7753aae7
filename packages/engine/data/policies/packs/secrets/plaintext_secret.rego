package gitops.secrets

encrypted if {
	input.sops.mac
	every _, value in object.get(input, "data", {}) { startswith(value, "ENC[") }
	every _, value in object.get(input, "stringData", {}) { startswith(value, "ENC[") }
}

# METADATA
# title: No plaintext Secret in Git
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/plaintext-secret.md
deny_plaintext_secret contains {"msg": msg, "field": field, "id": "plaintext-secret"} if {
	input.kind == "Secret"
	input.apiVersion == "v1"
	not encrypted
	some part in ["data", "stringData"]
	some key, value in input[part]
	not value in {"", null}
	field := sprintf("%s[%q]", [part, key])
	msg := sprintf("the value of %s is in Git, unencrypted", [key])
}
