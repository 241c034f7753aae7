package gitops.pod_security_restricted

import data.gitops.workload

# METADATA
# title: No privilege escalation
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/privilege-escalation.md
deny_privilege_escalation contains {"msg": msg, "field": field, "id": "privilege-escalation"} if {
	not workload.on_windows
	some entry in workload.containers
	object.get(entry.value, ["securityContext", "allowPrivilegeEscalation"], null) != false
	field := sprintf("%s.securityContext.allowPrivilegeEscalation", [entry.path])
	msg := sprintf("container %s does not forbid privilege escalation", [entry.value.name])
}
