import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Color,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IWidget,
  Metric,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { entriesOf, type Procedure, type ResolvedPlatform } from '../../core/platform.ts';
import { stackName } from '../../state-machines/names.ts';
import { TICK_MINUTES } from './heartbeat.ts';

export interface PlatformDashboardProps {
  readonly platform: ResolvedPlatform;
  /** The physical names of all functions. */
  readonly functionNames: readonly string[];
  readonly undeliveredName: string;
  readonly alarms: readonly IAlarm[];
}

const WIDTH = 24;
const HOUR = Duration.hours(1);
const DAY_SECONDS = 86_400;
/** What an alarm widget shows at most. */
const MOST_ALARMS = 100;

const VERDICTS = [
  ['TargetsFailed', 'fail', Color.RED],
  ['TargetsUnknown', 'unknown', Color.PURPLE],
  ['TargetsWarned', 'warn', Color.ORANGE],
  ['TargetsPassed', 'pass', Color.GREEN],
] as const;

/** The dashboard of a platform: what its runs found, how long they took, what did not happen, and how to start something. */
export class PlatformDashboard extends Construct {
  private readonly platform: ResolvedPlatform;

  constructor(scope: Construct, id: string, props: PlatformDashboardProps) {
    super(scope, id);
    const { platform, alarms } = props;
    this.platform = platform;
    const procedures = Object.values(platform.procedures);
    new Dashboard(this, 'Resource', {
      dashboardName: stackName(platform.platform, platform.environment),
      defaultInterval: Duration.days(7),
      widgets: [
        [new TextWidget({ markdown: this.words(procedures), width: WIDTH / 2, height: 8 }), alarmStates(alarms)],
        ...procedures.map((procedure) => this.procedureRow(procedure)),
        [this.ages(procedures), this.heartbeat()],
        functionRow(props),
      ],
    });
  }

  private words(procedures: readonly Procedure[]): string {
    const { platform, environment } = this.platform;
    const where = `--platform ${platform} --env ${environment}`;
    const [first] = procedures;
    const name = first?.name ?? 'daily';
    return [
      `## ${platform} ${environment}`,
      `What needs a person now: \`npx fettle status ${where}\`; whether all of it stands and is alive: \`npx fettle doctor ${where}\`.`,
      `The latest report: \`npx fettle report ${name} ${where}\`; what the functions logged: \`npx fettle logs ${where}\`.`,
      `To plan a run, which changes nothing: \`npx fettle start ${name} ${where}\`. With \`--execute\` it runs, in its window; with \`--override window --reason "why"\` it runs at once.`,
      `Procedures: ${procedures.map((procedure) => `**${procedure.name}** (${startedBy(procedure)})`).join(', ')}.`,
    ].join('\n\n');
  }

  private procedureRow({ name }: Procedure): IWidget[] {
    const metric = (metricName: string, label: string, color?: string) =>
      this.metric(metricName, { Procedure: name }, { label, ...(color !== undefined && { color }) });
    return [
      new GraphWidget({
        title: `${name}: targets by verdict`,
        width: WIDTH / 3,
        stacked: true,
        left: VERDICTS.map(([metricName, label, color]) => metric(metricName, label, color)),
      }),
      new GraphWidget({
        title: `${name}: duration`,
        width: WIDTH / 3,
        left: [metric('Duration', 'longest of the hour')],
        leftYAxis: { label: 'seconds', showUnits: false, min: 0 },
      }),
      new GraphWidget({
        title: `${name}: runs and what was lost`,
        width: WIDTH / 3,
        left: [
          metric('RunsEnded', 'runs ended', Color.GREEN).with({ statistic: 'Sum' }),
          metric('RunsMissed', 'runs missed', Color.RED).with({ statistic: 'Sum' }),
          metric('TasksLost', 'tasks lost', Color.PURPLE).with({ statistic: 'Sum' }),
        ],
      }),
    ];
  }

  /** A line for each check: it falls with each pass and rises until the next. */
  private ages(procedures: readonly Procedure[]): IWidget {
    const scheduled = procedures.filter(({ schedule }) => schedule !== undefined);
    const tasks = [...new Set(scheduled.flatMap(entriesOf).map(({ task }) => task))].sort();
    return new GraphWidget({
      title: 'Age of the newest pass of each check',
      width: (WIDTH / 3) * 2,
      height: 8,
      left: tasks.map((task) => this.metric('SecondsSincePass', { Task: task }, { label: task })),
      leftYAxis: { label: 'seconds', showUnits: false, min: 0 },
      leftAnnotations: [
        { value: DAY_SECONDS, label: 'a day' },
        { value: 7 * DAY_SECONDS, label: 'a week' },
      ],
    });
  }

  private heartbeat(): IWidget {
    const period = Duration.minutes(TICK_MINUTES);
    return new GraphWidget({
      title: `Heartbeat, every ${TICK_MINUTES} minutes`,
      width: WIDTH / 3,
      height: 8,
      left: [this.metric('Heartbeat', {}, { label: 'beats' }).with({ statistic: 'Sum', period })],
      leftYAxis: { min: 0 },
    });
  }

  private metric(
    metricName: string,
    own: Readonly<Record<string, string>>,
    shown: { readonly label: string; readonly color?: string },
  ): Metric {
    const { platform, environment } = this.platform;
    const dimensionsMap = { Platform: platform, Environment: environment, ...own };
    return new Metric({ namespace: 'Fettle', metricName, dimensionsMap, period: HOUR, statistic: 'Maximum', ...shown });
  }
}

function alarmStates(alarms: readonly IAlarm[]): IWidget {
  return new AlarmStatusWidget({
    title: 'Alarms',
    alarms: alarms.slice(0, MOST_ALARMS),
    width: WIDTH / 2,
    height: 8,
  });
}

function functionRow({ functionNames, undeliveredName }: PlatformDashboardProps): IWidget[] {
  const ofFunctions = (metricName: string) =>
    new GraphWidget({
      title: `${metricName} of functions`,
      width: WIDTH / 3,
      left: functionNames.map(
        (FunctionName) =>
          new Metric({
            ...{ namespace: 'AWS/Lambda', metricName, dimensionsMap: { FunctionName } },
            ...{ label: FunctionName, period: HOUR, statistic: 'Sum' },
          }),
      ),
    });
  const undelivered = new Metric({
    namespace: 'AWS/SQS',
    metricName: 'ApproximateNumberOfMessagesVisible',
    dimensionsMap: { QueueName: undeliveredName },
    label: 'messages',
    period: HOUR,
    statistic: 'Maximum',
  });
  return [
    ofFunctions('Errors'),
    ofFunctions('Throttles'),
    new GraphWidget({ title: 'Starts and endings that were not delivered', width: WIDTH / 3, left: [undelivered] }),
  ];
}

function startedBy({ schedule, timezone, alarms = [] }: Procedure): string {
  const starts = [
    ...(schedule === undefined ? [] : [`\`${schedule}\` ${timezone}`]),
    ...(alarms.length === 0 ? [] : [`alarms: ${alarms.join(', ')}`]),
  ];
  return starts.join('; ') || 'started by persons';
}
