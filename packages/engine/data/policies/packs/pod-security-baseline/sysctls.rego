package gitops.pod_security_baseline

import data.gitops.workload

safe := {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}

# METADATA
# title: Only safe sysctls
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/sysctls.md
deny_sysctls contains {"msg": msg, "field": field, "id": "sysctls"} if {
	some i, sysctl in workload.pod.spec.securityContext.sysctls
	not sysctl.name in safe
	field := sprintf("%s.securityContext.sysctls[%d].name", [workload.pod.path, i])
	msg := sprintf("the sysctl %s is not safe", [sysctl.name])
}
