/** The part of the Amazon States Language that behaves alike on AWS, on the test cloud and in the embedded engine. */
export interface Definition {
  readonly Comment: string;
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: States;
}

export type States = Readonly<Record<string, State>>;
export type State = TaskState | ChoiceState | WaitState | ParallelState | SucceedState;

type Ending = { readonly Next: string; readonly End?: never } | { readonly End: true; readonly Next?: never };
type Template = Readonly<Record<string, unknown>>;

export type TaskState = Ending & {
  readonly Type: 'Task';
  readonly Comment: string;
  readonly Resource: 'arn:aws:states:::lambda:invoke';
  readonly Parameters: { readonly FunctionName: string; readonly Payload: Template };
  readonly ResultSelector?: Template;
  readonly ResultPath?: string;
  readonly OutputPath?: string;
  readonly TimeoutSeconds: number;
  readonly Retry: readonly Retrier[];
  readonly Catch?: readonly [
    { readonly ErrorEquals: readonly ['States.ALL']; readonly ResultPath: string; readonly Next: string },
  ];
};

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
}

export interface ChoiceState {
  readonly Type: 'Choice';
  readonly Choices: readonly (
    | { readonly Variable: string; readonly StringEquals: string; readonly Next: string }
    | { readonly Variable: string; readonly BooleanEquals: boolean; readonly Next: string }
  )[];
  readonly Default: string;
}

export interface WaitState {
  readonly Type: 'Wait';
  readonly SecondsPath: string;
  readonly Next: string;
}

export type ParallelState = Ending & {
  readonly Type: 'Parallel';
  readonly Parameters: Template;
  readonly Branches: readonly { readonly StartAt: string; readonly States: States }[];
  readonly ResultSelector: Template;
  readonly ResultPath: string;
};

export interface SucceedState {
  readonly Type: 'Succeed';
}

/** Errors of the Lambda service itself, after which nothing is known to have run or the handler goes on where it stood. */
const LAMBDA_SERVICE_ERRORS = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
] as const;

/** Written once: what every invocation of a function has in common. */
export function invocation(functionName: string, payload: Template, timeoutSeconds: number) {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: functionName, Payload: payload },
    TimeoutSeconds: timeoutSeconds,
    Retry: [{ ErrorEquals: LAMBDA_SERVICE_ERRORS, IntervalSeconds: 2, MaxAttempts: 4, BackoffRate: 2 }],
  } as const;
}
