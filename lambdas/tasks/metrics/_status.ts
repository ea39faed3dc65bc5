import { wholeMatcher } from './_promql.ts';

const GRPC = ['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'].concat(
  ['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
);
const CLASSES = [1, 2, 3, 4, 5];

/** Ways to write how a request ended. A value tells which of them is spoken. */
const VOCABULARIES: readonly (readonly string[])[] = [
  Array.from({ length: 500 }, (_, i) => String(100 + i)),
  CLASSES.map((digit) => `${digit}xx`),
  CLASSES.map((digit) => `${digit}XX`),
  CLASSES.map(String),
  GRPC,
  GRPC.map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()),
  ['INFORMATIONAL', 'SUCCESS', 'REDIRECTION', 'CLIENT_ERROR', 'SERVER_ERROR'],
  ['success', 'ok', 'error', 'failure', 'failed', 'fail', 'timeout'],
  ['true', 'false'],
];

/**
 * Says of the values of a status label whether a pattern for errors could ever match one of their kind.
 *
 * Where it has matched none yet, `5..` may mean that there was no error among 200 and 404, or that the label says
 * `success` and `error` and no error will ever be seen.
 */
export function speaksOfErrors(pattern: string): (statuses: readonly string[]) => boolean {
  const matches = wholeMatcher(pattern);
  const fitting = VOCABULARIES.filter((words) => words.some(matches));
  return (statuses) => statuses.some((status) => matches(status) || fitting.some((words) => words.includes(status)));
}
