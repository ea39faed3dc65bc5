import type { FindingKind } from '../../../core/finding.ts';
import { READING_FINDINGS } from './_reading.ts';
import { TRAFFIC_FINDINGS } from './_traffic-findings.ts';

/** What the error rate of requests can be found to be. */
export const ERROR_FINDINGS = {
  ...READING_FINDINGS,
  'error-rate-critical': {
    severity: 'fail',
    means: 'The share of requests that ended in an error is above the limit at which the service counts as failing.',
    matters: 'Users are turned away now, and the error budget of a month goes within hours.',
    remedy:
      'Undo the last release if the errors began with it; else run the query of the finding and read the log of that instance.',
    prevention: 'Release to a small share first and let the release stop by itself when its error rate rises.',
  },
  'error-rate-high': {
    severity: 'warn',
    means: 'The share of requests that ended in an error is above the limit.',
    matters: 'Some users meet errors; retries of their clients add load until the rest fails, too.',
    remedy: 'Run the query of the finding to see which instance and status it is, then read the log of that instance.',
    prevention:
      'Set an objective for errors with an alert on its burn rate, and compare it before and after each release.',
  },
  'status-missing': {
    severity: 'unknown',
    means: 'Requests of a group carry no status label, so nobody can tell which of them failed.',
    matters: 'Every error would count as a success, and the error rate would be zero whatever happens.',
    remedy: 'Write the label that the series have into statusLabel: mostly it is status, code or status_code.',
    prevention: 'Keep the label names of the services alike, and check them after an upgrade of the client library.',
  },
  'status-not-understood': {
    severity: 'unknown',
    means: 'The status label has values of another kind than those that errorStatus matches.',
    matters: 'No error would ever match, and the error rate would be zero whatever happens.',
    remedy: 'Write a pattern into errorStatus that matches the values that the service gives to its errors.',
    prevention: 'Check the pattern with a request that is known to fail.',
  },
  'errors-not-known': {
    severity: 'unknown',
    means: 'The metric that counts the errors has no sample for what the requests are counted of.',
    matters: 'Errors that are not counted look like none.',
    remedy: 'Correct errorMetric, or let the services expose the counter with 0 from their start on.',
    prevention: 'Initialise every counter of errors at the start of the process, with the labels of the requests.',
  },
  'unmatched-errors': {
    severity: 'unknown',
    means: 'Errors were counted under labels that no request has.',
    matters: 'These errors belong to no group, so the error rate of their service looks better than it is.',
    remedy: 'Choose labels for `by` that requests and errors both have, or correct those of the error counter.',
    prevention: 'Count errors and requests in one metric with a status label.',
  },
  ...TRAFFIC_FINDINGS,
} as const satisfies Record<string, FindingKind>;

export type ErrorKind = keyof typeof ERROR_FINDINGS;
