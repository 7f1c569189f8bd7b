"""Functions as people deploy them today, from other tools' examples: each applies, and the plan after it is empty."""

from __future__ import annotations

import zipfile
from typing import Any

import pytest

from tests.conftest import ACCOUNT, REGION, ROLE, House

ALL = f"Role: {ROLE}"
CODE = "code: {S3Bucket: artifacts, S3Key: code.zip}\n"
PUBLISHED = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
VPC = "VpcConfig: {SubnetIds: [subnet-4e5f6a7b, subnet-0a1b2c3d], SecurityGroupIds: [sg-0a1b2c3d]}"

SPECS: dict[str, str] = {
    "a file system, every logging setting, and a URL for an organisation": f"""
function: hello
configuration:
  {ALL}
  Runtime: nodejs22.x
  Handler: index.js
  Architectures: [x86_64]
  EphemeralStorage: {{Size: 1024}}
  Environment: {{Variables: {{JSON: '{{"a": "b \\"c\\""}}'}}}}
  FileSystemConfigs: [{{Arn: "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-04fc0858274e7dd9a", LocalMountPath: /mnt/lambda}}]
  LoggingConfig: {{ApplicationLogLevel: DEBUG, LogFormat: JSON, LogGroup: /aws/lambda/hello/json, SystemLogLevel: INFO}}
  TracingConfig: {{Mode: PassThrough}}
  {VPC}
{CODE}log_group: {{}}
urls: {{$LATEST: {{AuthType: AWS_IAM, Cors: {{AllowOrigins: ["*"], AllowMethods: [GET, POST], AllowHeaders: [Content-Type]}}}}}}
permissions:
  $LATEST:
    caller: {{Action: "lambda:InvokeFunctionUrl", Principal: "{ACCOUNT}", FunctionUrlAuthType: AWS_IAM, PrincipalOrgID: o-1234567890}}
    through: {{Action: "lambda:InvokeFunction", Principal: "{ACCOUNT}", InvokedViaFunctionUrl: true, PrincipalOrgID: o-1234567890}}
""",
    "a .jar of its own tree with SnapStart": f"""
function: orders
configuration: {{Runtime: java21, Handler: "com.example.Orders::handle", MemorySize: 2048, {ALL}, SnapStart: {{ApplyOn: PublishedVersions}}}}
code: {{path: build/orders.jar}}
{PUBLISHED}""",
    "a stream, a network and a secret": f"""
function: processor
configuration:
  {ALL}
  Runtime: nodejs22.x
  Handler: index.handler
  TracingConfig: {{Mode: Active}}
  Layers: ["arn:aws:lambda:us-west-2:123456789012:layer:lib:1"]
  Environment: {{Variables: {{table: list, password: "{{{{ secret('password') }}}}"}}}}
  {VPC}
{CODE}{PUBLISHED}
event_source_mappings:
  stream: {{alias: live, EventSourceArn: "arn:aws:kinesis:us-west-2:123456789012:stream/list", BatchSize: 100, StartingPosition: LATEST}}
""",
    "a layer of another account in front of a web server, behind an API": f"""
function: pets
configuration:
  {ALL}
  Runtime: java17
  Handler: run.sh
  Architectures: [arm64]
  Environment: {{Variables: {{READINESS_CHECK_PATH: /healthz, AWS_LAMBDA_EXEC_WRAPPER: /opt/bootstrap}}}}
  Layers: ["arn:aws:lambda:us-west-2:753240598075:layer:LambdaAdapterLayerArm64:20"]
{CODE}{PUBLISHED}
permissions: {{live: {{api: {{Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com, SourceArn: "arn:aws:execute-api:us-west-2:{ACCOUNT}:a1b2c3/*/*/v1/*"}}}}}}
""",
    "a queue's workers, ten at the most, of a custom runtime": f"""
function: worker
configuration: {{Runtime: provided.al2023, Handler: artisan, Timeout: 120, {ALL}, Layers: ["arn:aws:lambda:us-west-2:873528684822:layer:php-83:20"]}}
{CODE}
concurrency: {{ReservedConcurrentExecutions: 10}}
event_source_mappings: {{queue: {{EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:jobs", BatchSize: 10, MaximumBatchingWindowInSeconds: 5}}}}
""",
    "a task that a schedule starts, on a custom runtime": f"""
function: scheduler
configuration: {{Runtime: provided.al2023, Handler: artisan, {ALL}, Layers: ["arn:aws:lambda:us-west-2:873528684822:layer:php-83:20"]}}
{CODE}
permissions: {{$LATEST: {{schedule: {{Action: "lambda:InvokeFunction", Principal: events.amazonaws.com, SourceArn: "arn:aws:events:us-west-2:{ACCOUNT}:rule/every-minute"}}}}}}
""",
    "images that a bucket hands over": f"""
function: images
configuration: {{Runtime: provided.al2023, Handler: app/Handlers/ImageProcessor.php, {ALL}, MemorySize: 1024, Timeout: 60, Layers: ["arn:aws:lambda:us-west-2:873528684822:layer:php-83:20"]}}
{CODE}
permissions: {{$LATEST: {{uploads: {{Action: "lambda:InvokeFunction", Principal: s3.amazonaws.com, SourceArn: "arn:aws:s3:::uploads", SourceAccount: "{ACCOUNT}"}}}}}}
""",
    "a public URL, and an address that is composed of several parameters": f"""
function: app
configuration:
  {ALL}
  Runtime: nodejs22.x
  Handler: dist/handler.main
  MemorySize: 1769
  Environment: {{Variables: {{TZ: Asia/Tokyo, DATABASE_URL: "postgresql://{{{{ ssm('/db/user') }}}}:{{{{ ssm('/db/password') }}}}@{{{{ ssm('/db/host') }}}}/app"}}}}
{CODE}
urls: {{$LATEST: {{AuthType: NONE}}}}
permissions:
  $LATEST:
    FunctionURLAllowPublicAccess: {{Action: "lambda:InvokeFunctionUrl", Principal: "*", FunctionUrlAuthType: NONE}}
    FunctionURLAllowInvokeAction: {{Action: "lambda:InvokeFunction", Principal: "*", InvokedViaFunctionUrl: true}}
""",
    "a dead letter queue, tags, and how long events wait": f"""
function: sync
configuration: {{Runtime: python3.13, Handler: sync.handler, {ALL}, DeadLetterConfig: {{TargetArn: "arn:aws:sqs:us-west-2:123456789012:dead"}}}}
{CODE}tags: {{environment: prod}}
concurrency: {{ReservedConcurrentExecutions: 5}}
event_invoke: {{$LATEST: {{MaximumEventAgeInSeconds: 1800, MaximumRetryAttempts: 2}}}}
""",
    "a compiled bootstrap": f"""
function: ingest
configuration: {{Runtime: provided.al2023, Handler: bootstrap, Architectures: [arm64], {ALL}}}
{CODE}""",
    "a first-in-first-out queue with partial failures, logs that are kept for two weeks": f"""
function: submissions
configuration: {{Runtime: nodejs22.x, Handler: index.handler, Timeout: 600, {ALL}, TracingConfig: {{Mode: Active}}}}
{CODE}tags: {{Environment: staging, Backup: daily}}
log_group: {{retention_days: 14, kms_key: "arn:aws:kms:us-west-2:{ACCOUNT}:key/logs"}}
concurrency: {{ReservedConcurrentExecutions: 10}}
event_source_mappings:
  fifo: {{EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:submissions.fifo", BatchSize: 1, FunctionResponseTypes: [ReportBatchItemFailures], ScalingConfig: {{MaximumConcurrency: 2}}}}
""",
    "an image of the account's own registry": f"""
function: render
configuration: {{PackageType: Image, {ALL}, ImageConfig: {{Command: [app.handler]}}}}
code: {{ImageUri: 123456789012.dkr.ecr.us-west-2.amazonaws.com/render:v1}}
{PUBLISHED}""",
}  # fmt: skip


def client(house: House, api: str) -> Any:
    return house.sandbox.clients.get(api, ACCOUNT, REGION)


@pytest.mark.parametrize("name", SPECS)
def test_a_function_as_people_deploy_it_applies_and_leaves_nothing_to_do(house: House, name: str) -> None:
    for parameter in ("/db/user", "/db/password", "/db/host"):
        client(house, "ssm").put_parameter(Name=parameter, Value=f"value of {parameter}", Type="SecureString")
    client(house, "secretsmanager").create_secret(Name="password", SecretString="s3cret")
    (house.root / "specs" / "build").mkdir()
    with zipfile.ZipFile(house.root / "specs" / "build" / "orders.jar", "w") as jar:
        jar.writestr("com/example/Orders.class", "class")
    house.write("function.yaml", SPECS[name])
    assert house.run("validate").exit_code == 0
    report = house.apply()
    assert report["outcome"]["status"] == "succeeded"
    second = house.run("plan", "--detailed-exitcode")
    assert (second.exit_code, "No changes." in second.out) == (0, True), second.out
