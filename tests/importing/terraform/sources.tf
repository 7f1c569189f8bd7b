# Functions by for_each, with all that hangs on them by name, by ARN, by alias and by what Terraform itself made.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-west-2"
  default_tags { tags = { team = "shop" } }
}

variable "region" {}

locals {
  jobs = {
    orders  = { memory = 256, batch = 5 }
    refunds = { memory = 512, batch = 10 }
  }
}

data "aws_caller_identity" "here" {}

resource "aws_iam_role" "job" {
  name = "job"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_sqs_queue" "inbox" {
  for_each                   = local.jobs
  name                       = "inbox-${each.key}"
  visibility_timeout_seconds = 120
}

resource "aws_cloudwatch_log_group" "job" {
  for_each          = local.jobs
  name              = "/aws/lambda/shop-${each.key}"
  retention_in_days = 14
}

resource "aws_lambda_layer_version" "shared" {
  layer_name          = "shared"
  filename            = "code.zip"
  compatible_runtimes = ["python3.13"]
}

resource "aws_lambda_function" "job" {
  for_each      = local.jobs
  function_name = "shop-${each.key}"
  role          = aws_iam_role.job.arn
  handler       = "app.handle"
  runtime       = "python3.13"
  architectures = ["arm64"]
  filename      = "code.zip"
  publish       = true
  memory_size   = each.value.memory
  timeout       = 60
  layers        = [aws_lambda_layer_version.shared.arn]
  environment { variables = { TOKEN = "hunter2", JOB = each.key } }
  dead_letter_config { target_arn = aws_sqs_queue.inbox["refunds"].arn }
  ephemeral_storage { size = 1024 }
  depends_on = [aws_cloudwatch_log_group.job]
}

resource "aws_lambda_alias" "live" {
  for_each         = aws_lambda_function.job
  name             = "live"
  function_name    = each.value.arn
  function_version = each.value.version
}

resource "aws_lambda_event_source_mapping" "inbox" {
  for_each                = local.jobs
  event_source_arn        = aws_sqs_queue.inbox[each.key].arn
  function_name           = aws_lambda_alias.live[each.key].arn
  batch_size              = each.value.batch
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config { maximum_concurrency = 5 }
}

resource "aws_lambda_function_url" "open" {
  function_name      = aws_lambda_function.job["orders"].function_name
  qualifier          = aws_lambda_alias.live["orders"].name
  authorization_type = "AWS_IAM"
  cors { allow_origins = ["https://shop.example"] }
}

resource "aws_lambda_permission" "topic" {
  for_each      = local.jobs
  statement_id  = "topic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.job[each.key].function_name
  qualifier     = aws_lambda_alias.live[each.key].name
  principal     = "sns.amazonaws.com"
  source_arn    = "arn:aws:sns:us-west-2:${data.aws_caller_identity.here.account_id}:orders"
}

resource "aws_lambda_permission" "bucket" {
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.job["refunds"].arn
  principal      = "s3.amazonaws.com"
  source_account = data.aws_caller_identity.here.account_id
}

resource "aws_lambda_function_event_invoke_config" "live" {
  function_name          = aws_lambda_function.job["orders"].function_name
  qualifier              = aws_lambda_alias.live["orders"].name
  maximum_retry_attempts = 0
  destination_config {
    on_failure { destination = aws_sqs_queue.inbox["refunds"].arn }
  }
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  function_name                     = aws_lambda_function.job["orders"].function_name
  qualifier                         = aws_lambda_alias.live["orders"].name
  provisioned_concurrent_executions = 2
}
