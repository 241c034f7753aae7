package gitops.secrets

import data.gitops.workload

# Shapes that are tokens and nothing else; of private keys, the line they begin with.
credential := `-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{36,}|\bgithub_pat_[0-9A-Za-z_]{50,}|\bglpat-[0-9A-Za-z_-]{20,}|\bxox[abprs]-[0-9A-Za-z-]{10,}|\bsk_live_[0-9A-Za-z]{16,}|\bAIza[0-9A-Za-z_-]{35}\b|://[^/\s:@$]+:[^/\s:@$]{3,}@`

# METADATA
# title: No credentials in ConfigMaps and environments
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/credential-in-config.md
deny_credential_in_config contains {"msg": msg, "field": field, "id": "credential-in-config"} if {
	input.kind == "ConfigMap"
	some key, value in input.data
	is_string(value)
	regex.match(credential, value)
	field := sprintf("data[%q]", [key])
	msg := sprintf("%s looks like a credential", [key])
}

deny_credential_in_config contains {"msg": msg, "field": field, "id": "credential-in-config"} if {
	some entry in workload.containers
	some i, variable in entry.value.env
	is_string(variable.value)
	regex.match(credential, variable.value)
	field := sprintf("%s.env[%d].value", [entry.path, i])
	msg := sprintf("the variable %s of container %s looks like a credential", [variable.name, entry.value.name])
}
