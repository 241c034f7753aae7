package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: No host ports
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/host-ports.md
deny_host_ports contains {"msg": msg, "field": field, "id": "host-ports"} if {
	some entry in workload.containers
	some i, port in entry.value.ports
	port.hostPort != 0
	field := sprintf("%s.ports[%d].hostPort", [entry.path, i])
	msg := sprintf("container %s takes port %d of the node", [entry.value.name, port.hostPort])
}
