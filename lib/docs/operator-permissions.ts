const READERS = ['status', 'runs', 'report', 'verify-run', 'verify-runs', 'doctor', 'logs', 'start'] as const;
const ALL = [...READERS, 'run', 'plan'] as const;

/** What the commands ask of AWS with the credentials of the person, where a platform is deployed. */
export const OPERATOR_PERMISSIONS: readonly {
  readonly commands: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly because: string;
}[] = [
  {
    commands: ALL,
    actions: ['sts:GetCallerIdentity'],
    resources: ['*'],
    because: 'Says whose credentials these are; no policy can refuse it, and it knows no resources.',
  },
  {
    commands: ALL,
    actions: ['cloudformation:DescribeStacks'],
    resources: ['<stack>'],
    because: 'Its outputs name the bucket and the state machines.',
  },
  {
    commands: ALL,
    actions: ['s3:GetObject', 's3:ListBucket'],
    resources: ['<bucket>/*', '<bucket>'],
    because: 'Reports, evidence and state; the names of runs are made when they begin.',
  },
  {
    commands: ['run'],
    actions: ['s3:PutObject', 's3:DeleteObject'],
    resources: ['<bucket>/*', '<bucket>/state/open/*'],
    because: 'A run from a laptop keeps its leases and records where those of the platform are.',
  },
  {
    commands: ['start', 'status'],
    actions: ['states:DescribeExecution', 'states:ListExecutions'],
    resources: ['<execution of state machine fettle-*>', '<state machine fettle-*>'],
    because: 'Follows what runs now.',
  },
  {
    commands: ['start'],
    actions: ['states:StartExecution'],
    resources: ['<state machine fettle-*>'],
    because: 'Starts a run; leave it out for those who may only look.',
  },
  {
    commands: ['status', 'doctor'],
    actions: ['cloudformation:ListStackResources', 'cloudwatch:DescribeAlarms', 'scheduler:GetSchedule'],
    resources: ['<stack>', '<alarms fettle-*>', '<schedules fettle-*>'],
    because: 'Which alarms ring, and which schedules are switched on.',
  },
  {
    commands: ['logs'],
    actions: ['logs:FilterLogEvents'],
    resources: ['<log group>:*'],
    because: 'Reads what the functions logged; its streams are named by Lambda.',
  },
  {
    commands: ['doctor'],
    actions: [
      'cloudformation:GetTemplate',
      'lambda:GetFunction',
      'states:DescribeStateMachine',
      'events:DescribeRule',
      'events:ListTargetsByRule',
      'sns:ListSubscriptionsByTopic',
      'logs:DescribeLogGroups',
    ],
    resources: ['<stack>', '<functions fettle-*>', '<state machines>', '<rules>', '<topic>', '<log group>'],
    because: 'Looks at each resource of the stack, whether it is there, switched on and as it was deployed.',
  },
  {
    commands: ['doctor'],
    actions: ['cloudwatch:GetMetricStatistics'],
    resources: ['*'],
    because: 'The heartbeat; metrics have no ARNs.',
  },
];
