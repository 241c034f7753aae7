package gitops.rbac

role if {
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	input.kind in {"Role", "ClusterRole"}
}

# METADATA
# title: No wildcards in roles
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/rbac-wildcards.md
deny_rbac_wildcards contains {"msg": msg, "field": field, "id": "rbac-wildcards"} if {
	role
	some i, rule in input.rules
	some name in ["verbs", "resources", "apiGroups", "nonResourceURLs"]
	some j, word in rule[name]
	word == "*"
	field := sprintf("rules[%d].%s[%d]", [i, name, j])
	msg := sprintf("all %s are allowed", [name])
}
