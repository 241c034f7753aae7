package gitops.pod_security_restricted

import data.gitops.workload

confined(entry) if workload.security(entry, "seccompProfile").type in {"RuntimeDefault", "Localhost"}

# METADATA
# title: Seccomp is set
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/seccomp.md
deny_seccomp contains {"msg": msg, "field": field, "id": "seccomp"} if {
	not workload.on_windows
	some entry in workload.containers
	not confined(entry)
	field := sprintf("%s.securityContext.seccompProfile.type", [entry.path])
	msg := sprintf("container %s has no seccomp profile", [entry.value.name])
}
