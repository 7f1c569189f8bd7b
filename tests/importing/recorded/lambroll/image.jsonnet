local env = std.native('env');
local must_env = std.native('must_env');
local caller = std.native('caller_identity')();
local resolver(name, memory) = {
  FunctionName: 'resolver-%s' % name,
  PackageType: 'Image',
  Role: 'arn:aws:iam::%s:role/resolver' % caller.Account,
  Code: {
    ImageUri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/resolver:2024-11-05',
  },
  MemorySize: memory,
  Timeout: 300,
  Layers: [],
  KMSKeyArn: must_env('KEY'),
  Environment: {
    Variables: {
      SECRET_ID: std.native('ssm')('/resolver/secret'),
      LEVEL: env('LEVEL', 'hunter2'),
    },
  },
};
resolver('assets', 512)
