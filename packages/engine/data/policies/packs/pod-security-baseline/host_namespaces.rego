package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: No host namespaces
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/host-namespaces.md
deny_host_namespaces contains {"msg": msg, "field": field, "id": "host-namespaces"} if {
	some name in ["hostNetwork", "hostPID", "hostIPC"]
	workload.pod.spec[name] == true
	field := sprintf("%s.%s", [workload.pod.path, name])
	msg := sprintf("%s shares a namespace of the node", [name])
}
