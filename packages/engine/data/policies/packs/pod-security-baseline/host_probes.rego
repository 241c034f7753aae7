package gitops.pod_security_baseline

import data.gitops.workload

handlers := [["livenessProbe", "httpGet"], ["livenessProbe", "tcpSocket"], ["readinessProbe", "httpGet"], ["readinessProbe", "tcpSocket"], ["startupProbe", "httpGet"], ["startupProbe", "tcpSocket"], ["lifecycle", "postStart", "httpGet"], ["lifecycle", "postStart", "tcpSocket"], ["lifecycle", "preStop", "httpGet"], ["lifecycle", "preStop", "tcpSocket"]]

# METADATA
# title: No host in probes and hooks
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/host-probes.md
deny_host_probes contains {"msg": msg, "field": field, "id": "host-probes"} if {
	some entry in workload.containers
	some path in handlers
	host := object.get(entry.value, array.concat(path, ["host"]), "")
	not host in {"", "127.0.0.1", "::1"}
	field := sprintf("%s.%s.host", [entry.path, concat(".", path)])
	msg := sprintf("container %s: %s names a host", [entry.value.name, path[0]])
}
