# The role of the ledger's pods and the bucket that they read.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

variable "cluster_arn" {
  type    = string
  default = "arn:aws:eks:us-west-2:111122223333:cluster/production"
}

variable "bucket" {
  type    = string
  default = "example-payments-ledger"
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "PodsOfTheLedger"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/eks-cluster-arn"
      values   = [var.cluster_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-namespace"
      values   = ["payments"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-service-account"
      values   = ["ledger"]
    }
  }
}

resource "aws_iam_role" "ledger" {
  name               = "ledger"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "read" {
  name = "read"
  role = aws_iam_role.ledger.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "OwnNamespace"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "arn:aws:s3:::${var.bucket}/$${aws:PrincipalTag/kubernetes-namespace}/*"
    }]
  })
}

module "bucket" {
  source = "./bucket"
  name   = var.bucket
}
