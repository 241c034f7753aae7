package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: No Windows HostProcess
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/host-process.md
deny_host_process contains {"msg": msg, "field": field, "id": "host-process"} if {
	workload.pod.spec.securityContext.windowsOptions.hostProcess == true
	field := sprintf("%s.securityContext.windowsOptions.hostProcess", [workload.pod.path])
	msg := "the pod runs on the host itself"
}

deny_host_process contains {"msg": msg, "field": field, "id": "host-process"} if {
	some entry in workload.containers
	entry.value.securityContext.windowsOptions.hostProcess == true
	field := sprintf("%s.securityContext.windowsOptions.hostProcess", [entry.path])
	msg := sprintf("container %s runs on the host itself", [entry.value.name])
}
