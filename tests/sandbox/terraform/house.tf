# Everything of Lambda that Terraform's AWS provider has a resource for. `has_all` false takes away what a change can take away.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region            = var.region
  s3_use_path_style = true
}

variable "region" {}
variable "zip" { default = "v1.zip" }
variable "memory" { default = 128 }
variable "batch" { default = 5 }
variable "weights" {
  type    = map(number)
  default = {}
}
variable "has_all" { default = true }

locals {
  role  = "arn:aws:iam::123456789012:role/lambda"
  some  = var.has_all ? [1] : []
  count = var.has_all ? 1 : 0
}

resource "aws_s3_object" "code" {
  bucket = "artifacts"
  key    = "house.zip"
  source = var.zip
  etag   = filemd5(var.zip)
}

resource "aws_lambda_function" "local" {
  function_name                  = "local"
  role                           = local.role
  handler                        = "app.handle"
  runtime                        = "python3.13"
  filename                       = var.zip
  source_code_hash               = filebase64sha256(var.zip)
  memory_size                    = var.memory
  publish                        = true
  reserved_concurrent_executions = var.has_all ? 5 : -1
  layers                         = aws_lambda_layer_version.shared[*].arn
  code_signing_config_arn        = var.has_all ? aws_lambda_code_signing_config.signed.arn : null
  tags                           = var.has_all ? { team = "payments" } : {}

  dynamic "environment" {
    for_each = local.some
    content { variables = { STAGE = "test" } }
  }
  dynamic "dead_letter_config" {
    for_each = local.some
    content { target_arn = "arn:aws:sqs:${var.region}:123456789012:orders" }
  }
  dynamic "vpc_config" {
    for_each = local.some
    content {
      subnet_ids         = ["subnet-0123456789abcdef0"]
      security_group_ids = ["sg-0123456789abcdef0"]
    }
  }
  logging_config { # stays: the provider itself never finds an end when it is taken away, or is written in part
    log_format            = "JSON"
    application_log_level = "DEBUG"
    system_log_level      = "INFO"
  }
  dynamic "snap_start" {
    for_each = local.some
    content { apply_on = "PublishedVersions" }
  }
  dynamic "tracing_config" {
    for_each = local.some
    content { mode = "Active" }
  }
}

resource "aws_lambda_function" "from_s3" {
  function_name    = "from-s3"
  role             = local.role
  handler          = "app.handle"
  runtime          = "python3.13"
  s3_bucket        = "artifacts"
  s3_key           = aws_s3_object.code.key
  source_code_hash = filebase64sha256(var.zip)
  memory_size      = var.memory
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.local.function_name
  function_version = "1"
  dynamic "routing_config" {
    for_each = length(var.weights) > 0 ? [1] : []
    content { additional_version_weights = var.weights }
  }
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = "arn:aws:sqs:${var.region}:123456789012:orders"
  function_name    = aws_lambda_alias.live.arn
  batch_size       = var.batch
  dynamic "filter_criteria" {
    for_each = local.some
    content {
      filter { pattern = jsonencode({ body = { kind = ["order"] } }) }
    }
  }
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn       = "arn:aws:kinesis:${var.region}:123456789012:stream/clicks"
  function_name          = aws_lambda_function.from_s3.arn
  starting_position      = "LATEST"
  batch_size             = var.batch
  maximum_retry_attempts = 3
}

resource "aws_lambda_code_signing_config" "signed" {
  allowed_publishers {
    signing_profile_version_arns = ["arn:aws:signer:${var.region}:123456789012:/signing-profiles/p/v"]
  }
}

resource "aws_lambda_layer_version" "shared" {
  count               = local.count
  layer_name          = "shared"
  filename            = "v1.zip"
  compatible_runtimes = ["python3.13"]
}

resource "aws_lambda_layer_version_permission" "everybody" {
  count          = local.count
  layer_name     = aws_lambda_layer_version.shared[0].layer_name
  version_number = aws_lambda_layer_version.shared[0].version
  principal      = "*"
  action         = "lambda:GetLayerVersion"
  statement_id   = "everybody"
}

resource "aws_lambda_function_event_invoke_config" "once" {
  count                  = local.count
  function_name          = aws_lambda_function.local.function_name
  maximum_retry_attempts = 1
}

resource "aws_lambda_provisioned_concurrency_config" "warm" {
  count                             = local.count
  function_name                     = aws_lambda_function.local.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = 1
}

resource "aws_appautoscaling_target" "warm" {
  count              = local.count
  service_namespace  = "lambda"
  resource_id        = "function:${aws_lambda_function.local.function_name}:${aws_lambda_alias.live.name}"
  scalable_dimension = "lambda:function:ProvisionedConcurrency"
  min_capacity       = 1
  max_capacity       = 2
  tags               = { team = "shop" }
  depends_on         = [aws_lambda_provisioned_concurrency_config.warm]
}

resource "aws_lambda_permission" "topic" {
  count         = local.count
  statement_id  = "topic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.local.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "sns.amazonaws.com"
  source_arn    = "arn:aws:sns:${var.region}:123456789012:topic"
}

resource "aws_lambda_function_url" "open" {
  count              = local.count
  function_name      = aws_lambda_function.local.function_name
  authorization_type = "NONE"
  cors {
    allow_origins = ["*"]
    allow_headers = ["content-type"]
    max_age       = var.batch * 100
  }
}

resource "aws_lambda_runtime_management_config" "mode" {
  count             = local.count
  function_name     = aws_lambda_function.from_s3.function_name
  update_runtime_on = "FunctionUpdate"
}

resource "aws_lambda_function_recursion_config" "loops" {
  count          = local.count
  function_name  = aws_lambda_function.from_s3.function_name
  recursive_loop = "Allow"
}

data "aws_lambda_function" "read" { function_name = aws_lambda_function.local.function_name }
