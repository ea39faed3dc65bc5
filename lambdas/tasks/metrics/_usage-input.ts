import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { LabelName, LabelPatterns, Pattern } from './_promql.ts';

const GIBIBYTE = 1_073_741_824;

/** Which machines are looked at, over which period, and the limits of what they use. */
export const UsageInput = z
  .strictObject({
    diskAbove: Percent.prefault('85%').describe(
      'Warn when more of the space, or of the inodes, of a volume is not available',
    ),
    diskFailAbove: Percent.prefault('95%').describe('Fail when more of the space, or of the inodes, is not available'),
    fullWithin: DurationSeconds.prefault('7d').describe('Warn when a volume is full sooner than this at its pace'),
    fullFailWithin: DurationSeconds.prefault('24h').describe('Fail when a volume is full sooner than this at its pace'),
    memoryAbove: Percent.prefault('85%').describe('Warn when more of the memory is not available'),
    memoryFailAbove: Percent.prefault('95%').describe('Fail when more of the memory is not available'),
    cpuAbove: Percent.prefault('80%').describe('Warn when the CPUs are busy for more of the period'),
    ioWaitAbove: Percent.prefault('30%').describe('Warn when CPUs wait for disks for more of the period'),
    stealAbove: Percent.prefault('10%').describe('Warn when the hypervisor takes more of the CPU time'),
    loadPerCoreAbove: z.number().positive().default(4).describe('Warn when the load of 15 minutes per core is above'),
    pressureAbove: Percent.prefault('10%').describe(
      'Warn when all tasks wait for memory, or for disks, for more of the period (PSI, where the kernel has it)',
    ),
    swapInAbove: z.number().positive().default(1_000).describe('Warn when more pages are read from swap each second'),
    oomKillsAbove: z
      .int()
      .min(0)
      .default(0)
      .describe('Warn when more processes were killed for lack of memory in a day'),
    fileDescriptorsAbove: Percent.prefault('80%').describe('Warn when more of the file descriptors are in use'),
    freeStorageBelow: z
      .number()
      .min(0)
      .default(10)
      .transform((gibibytes) => gibibytes * GIBIBYTE)
      .describe('CloudWatch: warn when an RDS instance has less free storage, in GiB'),
    freeMemoryBelow: z
      .number()
      .min(0)
      .default(0.25)
      .transform((gibibytes) => gibibytes * GIBIBYTE)
      .describe('CloudWatch: warn when an RDS instance has less freeable memory, in GiB'),
    within: DurationSeconds.prefault('15m')
      .refine((seconds) => seconds >= 300 && seconds <= 86_400, 'must be from 5m to 24h')
      .describe('The period over which CPU, memory and pressure are taken; it ends now'),
    by: z
      .array(LabelName)
      .min(1)
      .max(4)
      .default(['instance'])
      .describe('The labels that name a machine, such as [cluster, instance]'),
    only: LabelPatterns.default({}).describe(
      'Label to a pattern (RE2) that its whole value must match: only these machines are looked at',
    ),
    except: LabelPatterns.default({}).describe('Label to a pattern (RE2): machines that match one are left out'),
    exceptFilesystems: LabelPatterns.default({}).describe(
      'Label (mountpoint, device, fstype) to a pattern (RE2): filesystems that match one are left out',
    ),
    containers: z
      .boolean()
      .default(true)
      .describe('Judge containers by their own limits, too, where cAdvisor and kube-state-metrics are scraped'),
    throttledAbove: Percent.prefault('25%').describe('Warn when a container is throttled in more of its periods'),
    exceptNamespaces: Pattern.optional().describe('Pattern (RE2): containers of these namespaces are left out'),
    expectedHosts: z.int().positive().optional().describe('How many machines there must be, at the least'),
    forgetAfter: DurationSeconds.prefault('24h')
      .refine((seconds) => seconds >= 600 && seconds <= 14 * 86_400, 'must be from 10m to 14d')
      .describe('A machine without samples is unknown for so long, and then taken for one that was meant to go'),
  })
  .refine(({ diskAbove, diskFailAbove }) => diskAbove <= diskFailAbove, {
    message: 'diskFailAbove must not be below diskAbove',
    path: ['diskFailAbove'],
  })
  .refine(({ memoryAbove, memoryFailAbove }) => memoryAbove <= memoryFailAbove, {
    message: 'memoryFailAbove must not be below memoryAbove',
    path: ['memoryFailAbove'],
  })
  .refine(({ fullWithin, fullFailWithin }) => fullFailWithin <= fullWithin, {
    message: 'fullFailWithin must not be above fullWithin',
    path: ['fullFailWithin'],
  });
export type UsageInput = z.output<typeof UsageInput>;
