# The production cluster. Terraform owns it; this repository only keeps it beside what runs inside.
terraform {
  required_version = ">= 1.9"
}

variable "node_count" {
  type    = number
  default = 6
}

resource "terraform_data" "node_pool" {
  input = {
    name  = "shop-prod"
    nodes = var.node_count
  }
}
