package gitops.rbac

grants if {
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	input.kind in {"Role", "ClusterRole"}
}

# METADATA
# title: No way to more rights
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/rbac-escalation.md
deny_rbac_escalation contains {"msg": msg, "field": field, "id": "rbac-escalation"} if {
	grants
	some i, rule in input.rules
	some j, verb in rule.verbs
	verb in {"escalate", "bind", "impersonate"}
	count(object.get(rule, "resourceNames", [])) == 0
	field := sprintf("rules[%d].verbs[%d]", [i, j])
	msg := sprintf("the verb %s leads to every right", [verb])
}

deny_rbac_escalation contains {"msg": msg, "field": field, "id": "rbac-escalation"} if {
	grants
	some i, rule in input.rules
	some j, resource in rule.resources
	resource in {"serviceaccounts/token", "certificatesigningrequests/approval", "nodes/proxy"}
	some verb in rule.verbs
	verb in {"create", "update", "patch", "*"}
	field := sprintf("rules[%d].resources[%d]", [i, j])
	msg := sprintf("%s of %s leads to every right", [verb, resource])
}
