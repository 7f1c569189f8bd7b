{
  Architectures: [
    'arm64',
  ],
  Description: '',
  EphemeralStorage: {
    Size: 512,
  },
  Environment: {
    Variables: {
      LOG_LEVEL: 'INFO',
      CALENDAR_ID: '{{ env `CALENDAR_ID` }}',
      TOKEN: 'hunter2',
    },
  },
  FunctionName: 'reminder',
  Handler: 'main.handle',
  MemorySize: 128,
  Role: '{{ tfstate `aws_iam_role.reminder.arn` }}',
  Runtime: 'python3.13',
  SnapStart: {
    ApplyOn: 'None',
  },
  Tags: {},
  Timeout: 15,
  TracingConfig: {
    Mode: 'PassThrough',
  },
}
