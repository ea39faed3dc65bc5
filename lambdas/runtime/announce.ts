import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { messageOf } from '../../core/errors.ts';
import type { RunReport } from '../../core/report.ts';
import { shortened } from '../../core/shortened.ts';
import { visible } from '../report/markup.ts';
import { awsClientSettings } from './aws-client.ts';
import { anchorText, type ChainPlace } from './evidence.ts';
import type { StepRuntime } from './handler.ts';
import { platformDimensions, putMetrics } from './metrics.ts';

let sns: SNSClient | undefined;

/**
 * Tells the world outside: the metrics of the run in one call, a message to the topic.
 *
 * Only a deployed function has somewhere to tell it (`FETTLE_METRICS`, `FETTLE_TOPIC_ARN`). A message that cannot be
 * sent never changes what the run found: it is logged, and the alarm on a missing metric says the rest.
 */
export async function announce(
  report: RunReport,
  link: ChainPlace,
  { log }: Pick<StepRuntime, 'log'>,
  tasksLost = 0,
): Promise<void> {
  const topicArn = process.env['FETTLE_TOPIC_ARN'];
  const told = await Promise.allSettled([
    putMetrics(runMetrics(report, tasksLost)),
    topicArn ? publish(report, link, topicArn) : undefined,
  ]);
  for (const result of told) {
    if (result.status === 'rejected') log.error('announcement failed', { error: messageOf(result.reason) });
  }
}

/** What is counted of an ended run; `tasksLost` are those whose functions failed, died or were not let in. */
export function runMetrics(report: RunReport, tasksLost: number): readonly MetricDatum[] {
  // A run that never began has not ended either: its record must not quieten the alarm on silence. Tick counts it.
  if (report.ended === 'missed') return [];
  const Dimensions = platformDimensions(report, { Procedure: report.procedure });
  const Timestamp = new Date(report.end_time);
  const count = (MetricName: string, Value: number) =>
    ({ MetricName, Value, Unit: 'Count', Dimensions, Timestamp }) as const;
  return [
    count('RunsEnded', 1),
    count('TasksLost', tasksLost),
    count('TargetsPassed', report.counts.pass ?? 0),
    count('TargetsWarned', report.counts.warn ?? 0),
    count('TargetsUnknown', report.counts.unknown ?? 0),
    count('TargetsFailed', report.counts.fail ?? 0),
    { MetricName: 'Duration', Value: report.duration_minutes * 60, Unit: 'Seconds', Dimensions, Timestamp },
  ];
}

/** A subject of SNS is one line of ASCII of at most 100 characters. */
const SUBJECT_LENGTH = 100;
/** Whoever names a table may name it at length; the report has it all. */
const LONGEST_LINE = 500;

/**
 * What is told of a run, as SNS takes it: what comes from targets is on one line each, bounded, and steers nothing.
 */
export function announcementOf(
  report: RunReport,
  link: ChainPlace,
): { readonly Subject: string; readonly Message: string } {
  const { platform, environment, procedure, verdict, counts, runId } = report;
  const worst = report.findings
    .slice(0, 10)
    .map(({ severity, task, target, summary }) => `${severity} ${task} ${target}: ${summary}`);
  const Subject = `${platform} ${environment}: ${procedure} ${verdict}`
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, SUBJECT_LENGTH);
  const tally = `${counts.pass ?? 0} pass, ${counts.warn ?? 0} warn, ${counts.unknown ?? 0} unknown, ${counts.fail ?? 0} fail`;
  const because = report.endedBecause === undefined ? '' : ` (${report.endedBecause})`;
  const lines = [
    `${procedure} of ${platform} ${environment} (${report.mode}, ${report.ended}): ${verdict}${because}`,
    tally,
    '',
    ...worst,
    '',
    runId,
    `evidence: ${anchorText(link)}`,
  ];
  return { Subject, Message: lines.map((line) => shortened(visible(line), LONGEST_LINE)).join('\n') };
}

async function publish(report: RunReport, link: ChainPlace, TopicArn: string): Promise<void> {
  sns ??= new SNSClient(awsClientSettings());
  await sns.send(new PublishCommand({ TopicArn, ...announcementOf(report, link) }));
}
