variable "name" {}
variable "has_queue" { default = true }
variable "log_format" { default = "Text" }

resource "aws_cloudwatch_log_group" "this" {
  name              = "/shop/${var.name}"
  retention_in_days = 30
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  role          = "arn:aws:iam::123456789012:role/lambda"
  handler       = "app.handle"
  runtime       = "python3.13"
  filename      = "code.zip"
  logging_config {
    log_format = var.log_format
    log_group  = aws_cloudwatch_log_group.this.name
  }
}

resource "aws_sqs_queue" "this" {
  count = var.has_queue ? 1 : 0
  name  = var.name
}

resource "aws_lambda_event_source_mapping" "this" {
  count            = var.has_queue ? 1 : 0
  event_source_arn = aws_sqs_queue.this[0].arn
  function_name    = aws_lambda_function.this.function_name
  enabled          = false
}
