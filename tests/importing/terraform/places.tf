# One name in two regions, each with its provider.

provider "aws" {
  alias  = "east"
  region = "us-east-1"
}

resource "aws_lambda_function" "west" {
  function_name = "edge"
  role          = "arn:aws:iam::123456789012:role/lambda"
  handler       = "app.handle"
  runtime       = "python3.13"
  filename      = "code.zip"
  publish       = true
}

resource "aws_lambda_function" "east" {
  provider      = aws.east
  function_name = "edge"
  role          = "arn:aws:iam::123456789012:role/lambda"
  handler       = "app.handle"
  runtime       = "python3.13"
  filename      = "code.zip"
  description   = "east"
}

resource "aws_lambda_alias" "west" {
  name             = "live"
  function_name    = aws_lambda_function.west.function_name
  function_version = aws_lambda_function.west.version
}

resource "aws_lambda_permission" "east" {
  provider      = aws.east
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.east.function_name
  principal     = "apigateway.amazonaws.com"
}
