package gitops.rbac

# METADATA
# title: Nobody is bound to cluster-admin
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/rbac-cluster-admin.md
deny_rbac_cluster_admin contains {"msg": msg, "field": field, "id": "rbac-cluster-admin"} if {
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	input.kind in {"RoleBinding", "ClusterRoleBinding"}
	input.roleRef.name == "cluster-admin"
	field := "roleRef.name"
	msg := "cluster-admin is given away"
}
