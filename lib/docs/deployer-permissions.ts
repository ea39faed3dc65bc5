/** The roles of the CDK's own stack, which `cdk bootstrap` makes. */
export const DEPLOYER_ROLES = [
  {
    role: 'cdk-hnb659fds-deploy-role-<account>-<region>',
    by: 'whoever deploys',
    purpose: 'starts the deployment at CloudFormation and hands it the execution role',
  },
  {
    role: 'cdk-hnb659fds-file-publishing-role-<account>-<region>',
    by: 'whoever deploys',
    purpose: 'uploads the code of the functions and the template to the bucket of the CDK',
  },
  {
    role: 'cdk-hnb659fds-cfn-exec-role-<account>-<region>',
    by: 'CloudFormation alone',
    purpose: 'makes, changes and removes the resources of the stack',
  },
] as const;

/** What CloudFormation must be allowed for the resources of a stack: by type, the actions to make, change and remove it. */
export const EXECUTION_ACTIONS: readonly {
  readonly types: readonly string[];
  readonly actions: readonly string[];
  readonly on: readonly string[];
}[] = [
  {
    types: ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'],
    actions: [
      's3:CreateBucket',
      's3:PutBucketPolicy',
      's3:GetBucketPolicy',
      's3:PutBucketVersioning',
      's3:PutEncryptionConfiguration',
      's3:PutBucketPublicAccessBlock',
      's3:PutBucketOwnershipControls',
      's3:PutLifecycleConfiguration',
      's3:PutBucketTagging',
    ],
    on: ['arn:aws:s3:::fettle-<platform>-<environment>-*'],
  },
  {
    types: ['AWS::Lambda::Function', 'AWS::Lambda::Permission'],
    actions: [
      'lambda:CreateFunction',
      'lambda:GetFunction',
      'lambda:UpdateFunctionCode',
      'lambda:UpdateFunctionConfiguration',
      'lambda:DeleteFunction',
      'lambda:AddPermission',
      'lambda:RemovePermission',
      'lambda:TagResource',
      'lambda:UntagResource',
    ],
    on: ['arn:aws:lambda:<region>:<account>:function:fettle-*'],
  },
  {
    types: ['AWS::Lambda::Function'],
    actions: ['s3:GetObject'],
    on: ['arn:aws:s3:::cdk-hnb659fds-assets-<account>-<region>/*'],
  },
  {
    types: ['AWS::Lambda::Function'],
    actions: ['ec2:DescribeSubnets', 'ec2:DescribeSecurityGroups', 'ec2:DescribeVpcs'],
    on: ['* (EC2 knows no resources for reading; only for an environment with a network)'],
  },
  {
    types: ['AWS::IAM::Role'],
    actions: [
      'iam:CreateRole',
      'iam:GetRole',
      'iam:UpdateRole',
      'iam:UpdateAssumeRolePolicy',
      'iam:DeleteRole',
      'iam:PutRolePolicy',
      'iam:GetRolePolicy',
      'iam:DeleteRolePolicy',
      'iam:TagRole',
      'iam:UntagRole',
      'iam:PassRole',
    ],
    on: ['arn:aws:iam::<account>:role/fettle-*'],
  },
  {
    types: ['AWS::StepFunctions::StateMachine'],
    actions: [
      'states:CreateStateMachine',
      'states:DescribeStateMachine',
      'states:UpdateStateMachine',
      'states:DeleteStateMachine',
      'states:TagResource',
      'states:UntagResource',
      'states:ListTagsForResource',
    ],
    on: ['arn:aws:states:<region>:<account>:stateMachine:fettle-*'],
  },
  {
    types: ['AWS::Scheduler::Schedule'],
    actions: [
      'scheduler:CreateSchedule',
      'scheduler:GetSchedule',
      'scheduler:UpdateSchedule',
      'scheduler:DeleteSchedule',
    ],
    on: ['arn:aws:scheduler:<region>:<account>:schedule/default/fettle-*'],
  },
  {
    types: ['AWS::Events::Rule'],
    actions: [
      'events:PutRule',
      'events:DescribeRule',
      'events:DeleteRule',
      'events:PutTargets',
      'events:RemoveTargets',
      'events:TagResource',
      'events:UntagResource',
    ],
    on: ['arn:aws:events:<region>:<account>:rule/fettle-*'],
  },
  {
    types: ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy'],
    actions: [
      'sns:CreateTopic',
      'sns:GetTopicAttributes',
      'sns:SetTopicAttributes',
      'sns:DeleteTopic',
      'sns:TagResource',
      'sns:UntagResource',
    ],
    on: ['arn:aws:sns:<region>:<account>:fettle-*'],
  },
  {
    types: ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy'],
    actions: [
      'sqs:CreateQueue',
      'sqs:GetQueueAttributes',
      'sqs:SetQueueAttributes',
      'sqs:DeleteQueue',
      'sqs:TagQueue',
      'sqs:UntagQueue',
    ],
    on: ['arn:aws:sqs:<region>:<account>:fettle-*'],
  },
  {
    types: ['AWS::Logs::LogGroup'],
    actions: [
      'logs:CreateLogGroup',
      'logs:PutRetentionPolicy',
      'logs:DeleteLogGroup',
      'logs:TagResource',
      'logs:UntagResource',
      'logs:ListTagsForResource',
    ],
    on: ['arn:aws:logs:<region>:<account>:log-group:/aws/vendedlogs/states/fettle-*'],
  },
  {
    types: ['AWS::Logs::LogGroup'],
    actions: ['logs:DescribeLogGroups'],
    on: ['arn:aws:logs:<region>:<account>:log-group:* (a list is asked of all groups)'],
  },
  {
    types: ['AWS::CloudWatch::Alarm'],
    actions: [
      'cloudwatch:PutMetricAlarm',
      'cloudwatch:DescribeAlarms',
      'cloudwatch:DeleteAlarms',
      'cloudwatch:TagResource',
      'cloudwatch:UntagResource',
    ],
    on: ['arn:aws:cloudwatch:<region>:<account>:alarm:fettle-*'],
  },
  {
    types: ['AWS::CloudWatch::Dashboard'],
    actions: ['cloudwatch:PutDashboard', 'cloudwatch:GetDashboard', 'cloudwatch:DeleteDashboards'],
    on: ['arn:aws:cloudwatch::<account>:dashboard/fettle-*'],
  },
];
