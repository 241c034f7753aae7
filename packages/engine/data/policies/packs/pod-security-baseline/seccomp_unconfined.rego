package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: Seccomp stays on
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/seccomp-unconfined.md
deny_seccomp_unconfined contains {"msg": msg, "field": field, "id": "seccomp-unconfined"} if {
	workload.pod.spec.securityContext.seccompProfile.type == "Unconfined"
	field := sprintf("%s.securityContext.seccompProfile.type", [workload.pod.path])
	msg := "seccomp is switched off"
}

deny_seccomp_unconfined contains {"msg": msg, "field": field, "id": "seccomp-unconfined"} if {
	some entry in workload.containers
	entry.value.securityContext.seccompProfile.type == "Unconfined"
	field := sprintf("%s.securityContext.seccompProfile.type", [entry.path])
	msg := sprintf("container %s: seccomp is switched off", [entry.value.name])
}
