variable "name" {
  type = string
}

resource "aws_s3_bucket" "ledger" {
  bucket = var.name
}

# The bucket's ARN, and so this policy, is only known once the bucket exists.
data "aws_iam_policy_document" "only_payments" {
  statement {
    sid       = "OnlyPayments"
    effect    = "Deny"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.ledger.arn}/*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalTag/kubernetes-namespace"
      values   = ["payments"]
    }
  }
}

resource "aws_s3_bucket_policy" "ledger" {
  bucket = aws_s3_bucket.ledger.id
  policy = data.aws_iam_policy_document.only_payments.json
}
