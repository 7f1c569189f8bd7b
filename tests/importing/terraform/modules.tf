# Functions by count and in modules; a `worker` is the folder beside.

module "worker" {
  source   = "./worker"
  for_each = toset(["mail", "sms"])
  name     = "notify-${each.key}"
}

module "nightly" {
  source     = "./worker"
  count      = 1
  name       = "nightly"
  has_queue  = false
  log_format = "JSON"
}

resource "aws_lambda_function" "shard" {
  count         = 2
  function_name = "shard-${count.index}"
  role          = "arn:aws:iam::123456789012:role/lambda"
  handler       = "app.handle"
  runtime       = "nodejs22.x"
  s3_bucket     = "artifacts"
  s3_key        = "stock.zip"
  tracing_config { mode = "Active" }
}

resource "aws_lambda_permission" "shard" {
  count         = 2
  statement_id  = "rule-${count.index}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.shard[count.index].function_name
  principal     = "events.amazonaws.com"
  source_arn    = "arn:aws:events:us-west-2:123456789012:rule/hourly"
}
